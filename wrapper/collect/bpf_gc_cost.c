// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 213: page faults in collections, and outside of them in the processes that collect. What a
 * process has had by now is read from /proc; the programs tell it of those that have ended.
 */
#include "bpf/gc_cost.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rootfs.h"
#include "collect/bpf_collector.h"
#include "collect/bpf_stacks.h"

#define EXITS_UNTOLD 5 /* as the record "stacks" has it */

/* The end comes first: a beginning that is seen has its end seen. */
static const struct bpf_probe probes[] = {
	{ "gc__done", "gc_done", 1, 0, 0 },
	{ "gc__start", "gc_start", 1, 0, 0 },
	{ "loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

/* The page faults of each process as they were seen last, and outside of collections in all. */
struct seen_faults {
	struct cost_faults last[COST_PROCESSES + 1], outside;
};

/* The last collections of an interpreter call no gc.callbacks, from which the extension has its
 * own. */
static int configure(const struct plan *plan, struct config *config)
{
	return strcmp(plan->origin->provider, "teletap_python") != 0
		       ? stacks_configure(plan, config)
		       : EXITS_UNTOLD;
}

static void begin(void *tables)
{
	struct cost_tables *t = tables;

	t->loaded_ns = (uint64_t)clock_ns(CLOCK_MONOTONIC);
}

/* The page faults of a process; false: there is none of this number, or another one. */
static bool faults_read(const struct cost_process *p, struct cost_faults *out)
{
	static const struct look host = { .root = "" };
	uint64_t begun, tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
	char path[64], text[2048];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", p->pid);
	if (look_text(&host, path, text, sizeof(text)) || !(end = strrchr(text, ')')))
		return false;
	return sscanf(end + 1,
		      " %*c %*s %*s %*s %*s %*s %*s %" SCNd64 " %*s %" SCNd64
		      " %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
		      &out->minor, &out->major, &begun) == 3 &&
	       begun == p->birth / tick_ns;
}

/*
 * Adds what a process has had since its first collection began, as far as it is known: what a
 * collection under way has had would count as outside.
 */
static void process_add(const struct cost_process *p, struct cost_faults *last,
			struct cost_faults *sum)
{
	struct cost_faults now;

	if (!__atomic_load_n(&p->ready, __ATOMIC_ACQUIRE))
		return;
	if (__atomic_load_n(&p->ended, __ATOMIC_ACQUIRE))
		*last = p->last;
	else if (faults_read(p, &now) && !__atomic_load_n(&p->collecting, __ATOMIC_ACQUIRE))
		*last = now;
	if (last->minor > p->first.minor)
		sum->minor += last->minor - p->first.minor;
	if (last->major > p->first.major)
		sum->major += last->major - p->first.major;
}

static void cost_lines(FILE *f, const struct cost_tables *t, size_t who, struct cost_faults *sum)
{
	for (int g = 0; g < COST_GENERATIONS; g++) {
		const struct cost_sums *s = &t->sums[who][g];

		if (!__atomic_load_n(&s->runs, __ATOMIC_ACQUIRE))
			continue;
		sum->minor -= (int64_t)s->minor;
		sum->major -= (int64_t)s->major;
		fprintf(f,
			"cost\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t0\t%" PRIu64 "\t%" PRIu64
			"\t0\t%" PRIu64 "\t%" PRIu64 "\t%zu\n",
			g, s->runs, s->minor, s->major, s->forked_runs, s->forked_ns,
			s->ending_runs, s->ending_ns, who);
	}
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct cost_tables *t = l->tables;
	size_t n_whos = bpf_used(&t->totals.n_whos, WHOS);
	size_t n = bpf_used(&t->n_processes, COST_PROCESSES);
	struct seen_faults *seen = l->state;
	struct cost_faults sum = { 0 };

	/* Collections last: those that end meanwhile are taken from too little, not too much. */
	for (size_t i = 1; i <= n; i++)
		process_add(&t->processes[i], &seen->last[i], &sum);
	for (size_t who = 0; who <= n_whos; who++) {
		if (!who || t->totals.who_ready[who])
			cost_lines(f, t, who, &sum);
	}
	if (sum.minor > seen->outside.minor)
		seen->outside.minor = sum.minor;
	if (sum.major > seen->outside.major)
		seen->outside.major = sum.major;
	fprintf(f, "outside\t%" PRId64 "\t%" PRId64 "\t0\nuncopied\t1\nstacks\t%d\t0\t0\t0\t0\n",
		seen->outside.minor, seen->outside.major, settings->why);
}

const struct bpf_module bpf_gc_cost = { .name = "gc_cost",
					.size = sizeof(struct cost_tables),
					.probes = probes,
					.by_thread = "collections",
					.state_size = sizeof(struct seen_faults),
					.configure = configure,
					.begin = begin,
					.lines = lines };

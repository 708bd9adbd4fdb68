// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 220 with times: by the extension, calls that the program itself has added up, and by the
 * markers of CPython 3.9 and 3.15.
 */
#include <inttypes.h>
#include <stddef.h>

#include "bpf/call_sums.h"
#include "collect/bpf_functions.h"

static const struct bpf_probe probes[] = {
	{ "sums", "sums_take", 4, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

/* A batch is that of a process: its threads are not told apart. */
static int configure(const struct plan *plan, struct config *config)
{
	(void)plan;
	if (config->by == BY_THREAD)
		config->by = BY_PROCESS;
	return 0;
}

static void sums_line(FILE *f, size_t name, const struct call_sums *s, uint32_t who)
{
	fprintf(f, "call\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu32 "\n", name,
		s->calls, s->inclusive, s->exclusive, who);
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct sums_tables *t = l->tables;
	size_t n_names = bpf_used(&t->n_names, CALL_NAMES);
	size_t n_rows = bpf_used(&t->n_rows, CALL_ROWS);

	for (size_t i = 1; i <= n_names; i++) {
		if (t->sums[i].calls && bpf_name_wanted(&t->names[i], settings))
			sums_line(f, i, &t->sums[i], 0);
	}
	for (size_t i = 1; i <= n_rows; i++) {
		const struct sums_row *row = &t->rows[i];
		uint32_t name = __atomic_load_n(&row->name, __ATOMIC_ACQUIRE);

		if (name && name <= CALL_NAMES && row->who <= WHOS &&
		    t->totals.who_ready[row->who] && bpf_name_wanted(&t->names[name], settings))
			sums_line(f, name, &row->sums, row->who);
	}
	bpf_switches_line(f, t->switches, settings->jit);
}

static void timed_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	bpf_open_sweep(l, "open_calls");
	bpf_open_sweep(l, "open_names");
	lines(f, l, settings);
}

#define SUMS_MODULE                                                                                \
	.size = sizeof(struct sums_tables), .n_names = offsetof(struct sums_tables, n_names),      \
	.names = offsetof(struct sums_tables, names), .name_room = CALL_NAMES,                     \
	.by_thread = "by_thread"

const struct bpf_module bpf_sums = {
	.name = "sums", SUMS_MODULE, .probes = probes, .configure = configure, .lines = lines
};

const struct bpf_module bpf_calls_timed = { .name = "calls_timed",
					    SUMS_MODULE,
					    .probes = bpf_timed_probes,
					    .configure = bpf_frames_configure,
					    .lines = timed_lines };

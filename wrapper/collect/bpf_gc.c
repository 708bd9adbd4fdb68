// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages 210 and 212: what collections do and cost.
 */
#include "bpf/gc.h"

#include <inttypes.h>

#include "collect/bpf_collector.h"

static const struct bpf_probe probes[] = {
	{ "gc__done", "gc_done", 1, 0, 0 },
	{ "gc__start", "gc_start", 1, 0, 0 },
	{ "loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

static void sums_line(FILE *f, struct gc_sums *s, int generation, size_t who)
{
	if (s->runs)
		fprintf(f,
			"gc\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64
			"\t%zu\n",
			generation, s->runs, s->found, s->empty, s->pause_ns,
			__atomic_exchange_n(&s->most_ns, 0, __ATOMIC_SEQ_CST), who);
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	struct gc_tables *t = l->tables;
	size_t n_whos = bpf_used(&t->totals.n_whos, WHOS);
	size_t n_pauses = bpf_used(&t->n_pauses, GC_PAUSES);

	(void)settings;
	for (size_t who = 0; who <= n_whos; who++) {
		if (who && !t->totals.who_ready[who])
			continue; /* who it is comes with the next snapshot */
		for (int g = 0; g < GC_GENERATIONS; g++)
			sums_line(f, &t->sums[who][g], g, who);
	}
	for (size_t i = 1; i <= n_pauses; i++) {
		uint32_t key = __atomic_load_n(&t->pauses[i].key, __ATOMIC_ACQUIRE);

		if (!key)
			continue;
		key--;
		fprintf(f, "pause\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu32 "\n",
			key >> 10 & 3, key & 1023, t->pauses[i].count, key >> 12);
	}
}

const struct bpf_module bpf_gc = { .name = "gc",
				   .size = sizeof(struct gc_tables),
				   .probes = probes,
				   .by_thread = "by_thread",
				   .lines = lines };

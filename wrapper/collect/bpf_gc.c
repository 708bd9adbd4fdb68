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

static void pause_line(FILE *f, uint32_t key, uint64_t count)
{
	if (count)
		fprintf(f, "pause\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu32 "\n",
			key >> 10 & 3, key & 1023, count, key >> 12);
}

static void lines_together(FILE *f, struct gc_tables *t)
{
	for (uint32_t g = 0; g < GC_GENERATIONS; g++) {
		sums_line(f, &t->sums[g], (int)g, 0);
		for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
			pause_line(f, GC_PAUSE_KEY(0, g, bucket), t->pauses[g][bucket]);
	}
}

static void lines_apart(FILE *f, const struct gc_tables *t, struct gc_apart *a)
{
	size_t n_whos = bpf_used(&t->totals.n_whos, WHOS);
	size_t n_pauses = bpf_used(&a->n_pauses, GC_PAUSES);

	for (size_t who = 0; who <= n_whos; who++) {
		if (who && !t->totals.who_ready[who])
			continue; /* who it is comes with the next snapshot */
		for (int g = 0; g < GC_GENERATIONS; g++)
			sums_line(f, &a->sums[who][g], g, who);
	}
	for (size_t i = 1; i <= n_pauses; i++) {
		uint32_t key = __atomic_load_n(&a->pauses[i].key, __ATOMIC_ACQUIRE);

		if (key)
			pause_line(f, key - 1, a->pauses[i].count);
	}
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	(void)settings;
	if (l->apart)
		lines_apart(f, l->tables, l->apart);
	else
		lines_together(f, l->tables);
}

const struct bpf_module bpf_gc = { .name = "gc",
				   .size = sizeof(struct gc_tables),
				   .apart_size = sizeof(struct gc_apart),
				   .probes = probes,
				   .by_thread = "collections",
				   .lines = lines };

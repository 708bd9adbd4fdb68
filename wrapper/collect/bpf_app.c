// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages 241 and 246: what applications count, and what goes wrong in them. Page 261: what the
 * C library does, by the markers of the manual of glibc, "Internal Probes".
 */
#include "bpf/app.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/clock.h"
#include "collect/bpf_collector.h"

static const struct bpf_probe counters[] = {
	{ "teletap__counter", "app_counter", 2, 0, 0 },
	{ "teletap__gauge", "app_gauge", 2, 0, 0 },
	{ "teletap__tally", "app_tally", 3, 0, 0 },
	{ "teletap__loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

static const struct bpf_probe errors[] = {
	{ "teletap__error", "app_error", 3, 0, 0 },
	{ "teletap__loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

enum {
	LOCK = 1,
	ARENA_NEW,
	ARENA_REUSE,
	ARENA_FREE,
	ARENA_RETRY,
	HEAP_NEW,
	HEAP_FREE,
	SBRK_MORE,
	SBRK_LESS
};

static const char *const libc_events[] = {
	[LOCK] = "contended lock",
	[ARENA_NEW] = "arena made",
	[ARENA_REUSE] = "arena shared",
	[ARENA_FREE] = "arena taken over",
	[ARENA_RETRY] = "arena full, another tried",
	[HEAP_NEW] = "heap made",
	[HEAP_FREE] = "heap freed",
	[SBRK_MORE] = "main heap grown",
	[SBRK_LESS] = "main heap shrunk",
	[SBRK_LESS + 1] = NULL,
};

static const struct bpf_probe libc[] = {
	{ "lll_lock_wait", "glibc_event", 0, 0, LOCK },
	{ "lll_lock_wait_private", "glibc_event", 0, 0, LOCK },
	{ "memory_arena_new", "glibc_event", 0, 0, ARENA_NEW },
	{ "memory_arena_reuse", "glibc_event", 0, 0, ARENA_REUSE },
	{ "memory_arena_reuse_free_list", "glibc_event", 0, 0, ARENA_FREE },
	{ "memory_arena_retry", "glibc_event", 0, 0, ARENA_RETRY },
	{ "memory_heap_new", "glibc_memory", 2, 0, HEAP_NEW },
	{ "memory_heap_free", "glibc_memory", 2, 0, HEAP_FREE },
	{ "memory_sbrk_more", "glibc_memory", 2, 0, SBRK_MORE },
	{ "memory_sbrk_less", "glibc_memory", 2, 0, SBRK_LESS },
	{ NULL, NULL, 0, 0, 0 },
};

static void begin(void *tables)
{
	struct app_tables *t = tables;

	for (int kind = 0; kind < APP_KINDS; kind++) {
		for (int i = 0; i <= APP_NAMES; i++) {
			t->sums[kind][i].least = INT64_MAX;
			t->sums[kind][i].most = INT64_MIN;
		}
	}
}

/* The sums of a name; NULL: there are none, or the name comes with the next snapshot. */
static const struct app_sums *sums_of(const struct app_tables *t, int kind, size_t name)
{
	const struct app_sums *s = &t->sums[kind][name];

	return bpf_name_ready(&t->names[name]) && __atomic_load_n(&s->events, __ATOMIC_ACQUIRE)
		       ? s
		       : NULL;
}

static uint64_t sum(const struct app_sum *s)
{
	return s->over ? INT64_MAX : s->n;
}

static void counter_lines(FILE *f, const struct app_tables *t, size_t name)
{
	const struct app_sums *s = sums_of(t, APP_COUNTER, name);

	if (s)
		fprintf(f, "counter\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", name, s->events,
			sum(&s->up), sum(&s->down));
	s = sums_of(t, APP_GAUGE, name);
	if (s)
		fprintf(f, "gauge\t%zu\t%" PRIu64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", name,
			s->events, s->last, s->least, s->most);
	s = sums_of(t, APP_TALLY, name);
	if (s)
		fprintf(f, "tally\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", name,
			s->events, sum(&s->count), sum(&s->up), sum(&s->down));
}

static void counters_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct app_tables *t = l->tables;
	size_t n = bpf_used(&t->n_names, APP_NAMES);

	(void)settings;
	for (size_t i = 1; i <= n; i++)
		counter_lines(f, t, i);
}

/* The last one's time is known by the other clock. */
static void errors_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	int64_t ahead = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	const struct app_tables *t = l->tables;
	size_t n = bpf_used(&t->n_names, APP_NAMES);

	(void)settings;
	for (size_t i = 1; i <= n; i++) {
		const struct app_sums *handled = sums_of(t, APP_HANDLED, i);
		const struct app_sums *other = sums_of(t, APP_UNHANDLED, i);
		int64_t last = handled ? handled->most : 0;

		if (!handled && !other)
			continue;
		if (other && other->most > last)
			last = other->most;
		fprintf(f, "error\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 "\n", i,
			handled ? handled->events : 0, other ? other->events : 0, last + ahead);
	}
}

#define APP_MODULE                                                                                 \
	.size = sizeof(struct app_tables), .n_names = offsetof(struct app_tables, n_names),        \
	.names = offsetof(struct app_tables, names), .name_room = APP_NAMES, .begin = begin

const struct bpf_module bpf_counters = {
	.name = "counters", APP_MODULE, .probes = counters, .lines = counters_lines
};

const struct bpf_module bpf_errors = {
	.name = "errors", APP_MODULE, .probes = errors, .lines = errors_lines
};

const struct bpf_module bpf_glibc = {
	.name = "glibc", APP_MODULE, .given = libc_events, .probes = libc, .lines = counters_lines
};

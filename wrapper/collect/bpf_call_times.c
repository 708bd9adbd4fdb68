// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 221: how long calls of chosen functions take. CPython 3.11 has calls alone, its extension
 * the times, too.
 */
#include "bpf/call_times.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "collect/bpf_functions.h"

static void call_lines(FILE *f, const struct times_tables *t, const struct bpf_settings *s)
{
	size_t n = bpf_used(&t->n_names, CALL_NAMES);

	for (size_t i = 1; i <= n; i++) {
		if (t->calls[i] && bpf_name_wanted(&t->names[i], s))
			fprintf(f, "call\t%zu\t%" PRIu64 "\t0\t0\t0\n", i, t->calls[i]);
	}
}

static void counted_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *s)
{
	call_lines(f, l->tables, s);
	fprintf(f, "timed\t0\t%d\t0\t0\n", s->jit);
}

/* A name is new. */
static void event(const struct bpf_loaded *l, const void *data, size_t size)
{
	struct times_tables *t = l->tables;
	uint32_t name = 0;

	if (size >= sizeof(name))
		memcpy(&name, data, sizeof(name));
	if (name && name <= CALL_NAMES)
		bpf_name_judge(&t->names[name], l->settings, &t->wanted[name]);
}

static void timed_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *s)
{
	struct times_tables *t = l->tables;
	size_t n_names = bpf_used(&t->n_names, CALL_NAMES);
	size_t n_buckets = bpf_used(&t->n_buckets, TOOK_BUCKETS);

	bpf_open_sweep(l, "open_calls");
	bpf_open_sweep(l, "open_names");
	for (size_t i = 1; i <= n_names; i++) {
		if (!t->calls[i] || !bpf_name_judge(&t->names[i], s, &t->wanted[i]))
			continue;
		fprintf(f, "longest\t%zu\t%" PRIu64 "\t%" PRId64 "\n", i, t->times[i].total,
			__atomic_exchange_n(&t->times[i].most, 0, __ATOMIC_SEQ_CST));
	}
	for (size_t i = 1; i <= n_buckets; i++) {
		uint32_t key = __atomic_load_n(&t->buckets[i].key, __ATOMIC_ACQUIRE);
		uint32_t name = (key - 1) >> 10;

		if (key && name <= CALL_NAMES &&
		    bpf_name_judge(&t->names[name], s, &t->wanted[name]))
			fprintf(f, "took\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\n", name,
				(key - 1) & 1023, t->buckets[i].count);
	}
	call_lines(f, t, s);
	bpf_switches_line(f, t->switches, s->jit);
}

#define TIMES_MODULE                                                                               \
	.size = sizeof(struct times_tables), .n_names = offsetof(struct times_tables, n_names),    \
	.names = offsetof(struct times_tables, names), .name_room = CALL_NAMES

const struct bpf_module bpf_call_times_timed = { .name = "call_times_timed",
						 TIMES_MODULE,
						 .probes = bpf_timed_probes,
						 .by_thread = "by_thread",
						 .configure = bpf_frames_configure,
						 .event = event,
						 .lines = timed_lines };

const struct bpf_module bpf_call_times = { .name = "call_times",
					   TIMES_MODULE,
					   .probes = bpf_return_probes,
					   .configure = bpf_frames_configure,
					   .lines = counted_lines };

const struct bpf_module bpf_call_times_extension = { .name = "call_times_extension",
						     TIMES_MODULE,
						     .probes = bpf_extension_probes,
						     .by_thread = "by_thread",
						     .event = event,
						     .lines = timed_lines };

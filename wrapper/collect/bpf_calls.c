// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 220 of a CPython 3.11, or with --counts: calls are counted when they return. Patterns choose
 * among names when they are told.
 */
#include "bpf/calls.h"

#include <inttypes.h>
#include <stddef.h>

#include "collect/bpf_functions.h"

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *s)
{
	const struct call_tables *t = l->tables;
	size_t n_names = bpf_used(&t->n_names, CALL_NAMES);
	size_t n_rows = bpf_used(&t->n_rows, CALL_ROWS);

	for (size_t i = 1; i <= n_names; i++) {
		if (t->calls[i] && bpf_name_wanted(&t->names[i], s))
			fprintf(f, "call\t%zu\t%" PRIu64 "\t0\t0\t0\n", i, t->calls[i]);
	}
	for (size_t i = 1; i <= n_rows; i++) {
		const struct call_row *row = &t->rows[i];
		uint32_t name = __atomic_load_n(&row->name, __ATOMIC_ACQUIRE);

		if (name && name <= CALL_NAMES && row->who <= WHOS &&
		    t->totals.who_ready[row->who] && bpf_name_wanted(&t->names[name], s))
			fprintf(f, "call\t%" PRIu32 "\t%" PRIu64 "\t0\t0\t%" PRIu32 "\n", name,
				row->calls, row->who);
	}
	/* Not timed, for want of markers. */
	fprintf(f, "timed\t0\t%d\t%d\t0\n", s->jit, s->counts);
}

const struct bpf_module bpf_calls = { .name = "calls",
				      .size = sizeof(struct call_tables),
				      .n_names = offsetof(struct call_tables, n_names),
				      .names = offsetof(struct call_tables, names),
				      .name_room = CALL_NAMES,
				      .probes = bpf_return_probes,
				      .configure = bpf_frames_configure,
				      .lines = lines };

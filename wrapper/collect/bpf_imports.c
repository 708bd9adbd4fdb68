// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 230: the tree of imports.
 */
#include "bpf/imports.h"

#include <inttypes.h>
#include <stddef.h>

#include "collect/bpf_functions.h"
#include "cpython/binary.h"

/* The end comes first: a beginning that is seen has its end seen. */
static const struct bpf_probe probes[] = {
	{ "import__find__load__done", "import_done", 2, 1, 0 },
	{ "import__find__load__start", "import_start", 1, 1, 0 },
	{ "loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

/* A version that is not known is refused before. */
static int configure(const struct plan *plan, struct config *config)
{
	const struct python_layout *layout;
	struct python_place place;

	python_place_read(plan->file->fd, &place);
	layout = python_layout(place.version);
	if (layout)
		config->python = *layout;
	return 0;
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct import_tables *t = l->tables;
	size_t n = bpf_used(&t->n_imports, IMPORTS);

	(void)settings;
	bpf_open_sweep(l, "under_way");
	for (size_t i = 1; i <= n; i++) {
		const struct import *m = &t->imports[i];

		if (!__atomic_load_n(&m->ready, __ATOMIC_ACQUIRE) || m->who > WHOS ||
		    (m->who && !t->totals.who_ready[m->who]))
			continue;
		fprintf(f,
			"import\t%zu\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
			"\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu32 "\n",
			i, m->parent, m->word, m->begun, m->ended, m->failed, m->total_ns,
			m->self_ns, m->who);
	}
	fprintf(f, "unpaired\t%" PRIu64 "\n", t->unpaired);
}

const struct bpf_module bpf_imports = { .name = "imports",
					.size = sizeof(struct import_tables),
					.n_names = offsetof(struct import_tables, n_words),
					.words = offsetof(struct import_tables, words),
					.name_room = IMPORTS,
					.probes = probes,
					.by_thread = "by_thread",
					.configure = configure,
					.lines = lines };

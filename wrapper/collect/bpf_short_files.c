// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 252: files that were deleted within a second. The last ones, in a ring: a row is taken
 * again when so many others have been deleted since.
 */
#include "bpf/short_files.h"

#include <inttypes.h>
#include <string.h>

#include "collect/bpf_collector.h"
#include "collect/bpf_words.h"
#include "model/escape.h"

#define FILES 1024
#define PATH 224 /* bytes that are told of a path: its end */

struct gone {
	uint64_t number; /* of all that were seen, from 1 */
	bool changed;
	struct short_event file;
};

struct files {
	uint64_t number;
	struct gone rows[FILES];
};

static void event(const struct bpf_loaded *l, const void *data, size_t size)
{
	struct short_tables *t = l->tables;
	struct files *s = l->state;
	uint64_t room = l->room && l->room < FILES ? l->room : FILES;
	struct gone *row = &s->rows[s->number % room];

	if (size < sizeof(row->file))
		return;
	if (row->changed) /* nobody has seen it */
		__atomic_fetch_add(&t->totals.full, 1, __ATOMIC_SEQ_CST);
	row->number = ++s->number;
	row->changed = true;
	memcpy(&row->file, data, sizeof(row->file));
}

/* The end of a path says more than its beginning. */
static void path_field(FILE *f, const struct short_event *e)
{
	char text[4 + SHORT_ROOM + 1];
	char *path = text;
	size_t len;

	memcpy(text, ".../", 4);
	memcpy(text + 4, e->path, SHORT_ROOM);
	text[4 + SHORT_ROOM] = '\0';
	if (!e->cut)
		path += 4;
	len = strlen(path);
	if (len > PATH) {
		path = memcpy(path + len - PATH, "...", 3);
		len = PATH;
	}
	escape_field_part(f, path, len);
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct short_tables *t = l->tables;
	struct files *s = l->state;

	(void)settings;
	for (size_t i = 0; i < FILES; i++) {
		struct gone *row = &s->rows[i];
		const struct short_event *e = &row->file;

		if (!row->changed)
			continue;
		row->changed = false;
		fprintf(f, "short\t%zu\t%" PRIu64 "\t%" PRIu32, i + 1, row->number, e->pid);
		bpf_text_field(f, e->name, SHORT_COMM, false);
		fprintf(f, "\t%" PRIu32, e->by);
		bpf_text_field(f, e->by_name, SHORT_COMM, false);
		path_field(f, e);
		fprintf(f, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%d\n", e->born_ns, e->lived_ns,
			e->size, e->replaced);
	}
	fprintf(f, "shorts\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", t->created, t->deleted,
		t->bytes);
}

const struct bpf_module bpf_short_files = { .name = "short_files",
					    .size = sizeof(struct short_tables),
					    .state_size = sizeof(struct files),
					    .event = event,
					    .lines = lines };

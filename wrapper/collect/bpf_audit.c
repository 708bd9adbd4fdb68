// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 231: audit events by name, and the arguments of some of them, which the programs keep in
 * pieces.
 */
#include "bpf/audit.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "collect/bpf_collector.h"
#include "collect/bpf_stacks.h"
#include "collect/bpf_words.h"

#define TEXT_MAX (2 * BPF_UTF8_MAX) /* the pieces' own text, and what stands between them */

/* Which rows' arguments have been sent. */
struct sent {
	bool row[AUDIT_ROWS + 1];
};

static const struct bpf_probe probes[] = {
	{ "audit", "audit_event", 2, 2, 0 },
	{ "loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

static int configure(const struct plan *plan, struct config *config)
{
	return stacks_configure(plan, config);
}

static const char *between(int kind)
{
	return kind == AUDIT_RUN ? " " : kind == AUDIT_ADDRESS ? ":" : ", ";
}

/* The text of a number: of flags how they open a file. */
static int number_text(char *out, size_t room, int kind, const char *data)
{
	static const char *const modes[] = { "r", "w", "r+", "r+" };
	int64_t value;

	memcpy(&value, data, sizeof(value));
	return kind == AUDIT_OPEN ? snprintf(out, room, "%s", modes[value & 3])
				  : snprintf(out, room, "%" PRId64, value);
}

/* Writes the text of a piece whose bytes are at data; returns how long it is. */
static size_t piece_text(char out[BPF_UTF8_MAX], const struct audit_piece *p, const char *data,
			 int kind)
{
	char name[BPF_TEXT_MAX + 1] = "";

	switch (p->kind) {
	case PIECE_TEXT:
		return bpf_utf8(data, p->size, p->width, out);
	case PIECE_NUMBER:
		return p->size == sizeof(int64_t)
			       ? (size_t)number_text(out, BPF_UTF8_MAX, kind, data)
			       : 0;
	case PIECE_TYPE:
		memcpy(name, data, p->size <= BPF_TEXT_MAX ? p->size : 0);
		return (size_t)snprintf(out, BPF_UTF8_MAX, "<%s>", name);
	default:
		return 0;
	}
}

/* Writes the arguments as text; returns how long it is. */
static size_t arguments_text(char out[TEXT_MAX], const struct audit_key *key)
{
	size_t used = key->used < AUDIT_DATA ? key->used : AUDIT_DATA, at = 0, len = 0;
	bool first = true;

	while (at + sizeof(struct audit_piece) <= used) {
		char text[BPF_UTF8_MAX];
		struct audit_piece piece;
		/* The first of a file's two is its path, which may be a number. */
		int kind = first && key->kind == AUDIT_OPEN ? AUDIT_FIRST : key->kind;
		size_t n;

		memcpy(&piece, key->data + at, sizeof(piece));
		at += sizeof(piece);
		if (piece.size > used - at)
			break;
		n = piece_text(text, &piece, key->data + at, kind);
		if (len + n + 2 > TEXT_MAX)
			break;
		if (!first)
			len += (size_t)sprintf(out + len, "%s", between(key->kind));
		memcpy(out + len, text, n);
		len += n;
		at += (piece.size + AUDIT_ALIGN - 1) / AUDIT_ALIGN * AUDIT_ALIGN;
		first = false;
	}
	return len;
}

static bool told(const struct audit_tables *t, uint32_t who, uint32_t name)
{
	return who <= WHOS && (!who || t->totals.who_ready[who]) && name <= WALK_NAMES &&
	       (!name || bpf_name_ready(&t->names[name]));
}

static void row_lines(FILE *f, const struct audit_tables *t, struct sent *sent, size_t i)
{
	const struct audit_row *row = &t->rows[i];
	const struct audit_key *key = &row->key;
	char text[TEXT_MAX];

	if (!__atomic_load_n(&row->ready, __ATOMIC_ACQUIRE) || !told(t, key->who, key->event) ||
	    !told(t, 0, key->function))
		return;
	if (!sent->row[i]) {
		fprintf(f, "argument\t%zu\t%" PRIu32 "\t%" PRIu32, i, key->event, key->function);
		bpf_text_field(f, text, arguments_text(text, key), key->cut);
		fputc('\n', f);
		sent->row[i] = true;
	}
	fprintf(f, "argued\t%zu\t%" PRIu64 "\t%" PRIu32 "\n", i, row->count, key->who);
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct audit_tables *t = l->tables;
	size_t n_events = bpf_used(&t->n_events, AUDIT_EVENTS);
	size_t n_rows = bpf_used(&t->n_rows, AUDIT_ROWS);

	for (size_t i = 1; i <= n_events; i++) {
		const struct audit_event *e = &t->events[i];

		if (__atomic_load_n(&e->ready, __ATOMIC_ACQUIRE) && told(t, e->who, e->name))
			fprintf(f, "audit\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu32 "\n", e->name,
				e->count, e->who);
	}
	for (size_t i = 1; i <= n_rows; i++)
		row_lines(f, t, l->state, i);
	stacks_sums_line(f, &t->stacks, settings->why);
}

const struct bpf_module bpf_audit = { .name = "audit",
				      .size = sizeof(struct audit_tables),
				      .n_names = offsetof(struct audit_tables, n_names),
				      .names = offsetof(struct audit_tables, names),
				      .name_room = WALK_NAMES,
				      .probes = probes,
				      .by_thread = "by_thread",
				      .state_size = sizeof(struct sent),
				      .configure = configure,
				      .lines = lines };

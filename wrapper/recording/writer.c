// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "model/line.h"
#include "recording/writer_file.h"

#define DICTIONARY_MAX (4 << 20) /* bytes of a module; its tables in the kernel are smaller */

/* Grows, and never shrinks. Too long: what does not fit is left out, and that is kept. */
struct text {
	char *bytes;
	size_t len, room;
	bool full;
};

struct source {
	char name[RECORDING_NAME];
	struct text fresh;    /* since the last moment */
	struct text open;     /* the snapshot that is under way */
	struct text snapshot; /* the last whole one */
	struct text base;     /* hello and first snapshot */
	void *dictionary;     /* tsearch: its lines */
	size_t dictionary_len;
	int64_t begin_ns, not_understood;
	bool hello, based; /* both parts of base are there */
};

struct recorder {
	struct recorder_file file;
	struct text head; /* the first frame of each file */
	int n_sources;
	struct source *sources[RECORDING_MODULES];
	struct text frame;
	int64_t number, real_ns; /* of the last moment */
};

static void text_add(struct text *t, const char *bytes, size_t len)
{
	if (!len)
		return;
	if (t->full || t->len + len > RECORDING_FRAME_MAX) {
		t->full = true;
		return;
	}
	if (t->len + len > t->room) {
		size_t room = 2 * (t->len + len) + 4096;
		char *more = realloc(t->bytes, room);

		if (!more) {
			t->full = true;
			return;
		}
		t->bytes = more;
		t->room = room;
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
}

static void text_clear(struct text *t)
{
	t->len = 0;
	t->full = false;
}

static void text_line(struct text *t, const char *line, size_t len)
{
	text_add(t, line, len);
	text_add(t, "\n", 1);
}

/* Escapes a text as docs/protocol.md says. */
static void text_escaped(struct text *t, const char *s)
{
	char hex[8];

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f || c == '\\') {
			snprintf(hex, sizeof(hex), "\\x%02x", c);
			text_add(t, hex, 4);
		} else {
			text_add(t, s, 1);
		}
	}
}

static void text_format(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void text_format(struct text *t, const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	text_add(t, buf, (size_t)n);
}

/* Whether line begins with word and a tab. */
static bool is(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len > n && !memcmp(line, word, n) && line[n] == '\t';
}

int recorder_module(struct recorder *r, const char *name)
{
	struct source *s;

	if (r->n_sources == RECORDING_MODULES || strlen(name) >= RECORDING_NAME)
		return -1;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -1;
	snprintf(s->name, sizeof(s->name), "%s", name);
	r->sources[r->n_sources] = s;
	return r->n_sources++;
}

/* By word and number: a dictionary's record is known by its first two fields. */
static int compare(const void *a, const void *b)
{
	const char *x = a, *y = b;
	int tabs = 0;

	for (; *x == *y; x++, y++) {
		tabs += *x == '\t';
		if (tabs == 2 || !*x)
			return 0;
	}
	return (unsigned char)*x - (unsigned char)*y;
}

static bool is_dictionary(const char *line, size_t len)
{
	for (int i = 0; i < LINE_KINDS; i++) {
		if (line_grammar[i].dictionary && is(line, len, line_grammar[i].word))
			return true;
	}
	return false;
}

static void remember(struct source *s, const char *line, size_t len)
{
	char *copy = strndup(line, len), **place;

	if (!copy || s->dictionary_len + len > DICTIONARY_MAX) {
		free(copy);
		return;
	}
	place = tsearch(copy, &s->dictionary, compare);
	if (!place) {
		free(copy);
	} else if (*place != copy) { /* sent again */
		s->dictionary_len -= strlen(*place);
		free(*place);
		*place = copy;
	}
	s->dictionary_len += len;
}

void recorder_line(struct recorder *r, int module, const char *line, size_t len)
{
	struct source *s = r->sources[module];

	/* A line that cannot be one stays one that is not understood. */
	if (memchr(line, '\n', len) || len >= LINE_BYTES)
		len = 0;
	text_line(&s->fresh, line, len);
	if (is(line, len, "teletap") && !s->hello) {
		s->hello = true;
		text_line(&s->base, line, len);
	}
	if (is(line, len, "snap"))
		text_clear(&s->open);
	if (is_dictionary(line, len))
		remember(s, line, len);
	else
		text_line(&s->open, line, len);
}

void recorder_snapshot(struct recorder *r, int module)
{
	struct source *s = r->sources[module];
	struct text spare = s->snapshot;

	s->snapshot = s->open;
	s->open = spare;
	text_clear(&s->open);
	if (!s->based)
		text_add(&s->base, s->snapshot.bytes, s->snapshot.len);
	s->based = true;
}

void recorder_begin(struct recorder *r, int module, int64_t mono_ns)
{
	r->sources[module]->begin_ns = mono_ns;
}

void recorder_not_understood(struct recorder *r, int module, int64_t lines)
{
	r->sources[module]->not_understood = lines;
}

static int write_frame(struct recorder *r, char **msg)
{
	if (r->frame.full)
		return fail(msg, E2BIG, "%s: a snapshot of more than %d MB", r->file.path,
			    RECORDING_FRAME_MAX >> 20);
	return recorder_file_write(&r->file, r->frame.bytes, r->frame.len, msg);
}

static void begin_moment(struct recorder *r, enum moment_kind kind)
{
	text_clear(&r->frame);
	text_format(&r->frame, "moment\t%s\t%" PRId64 "\t%" PRId64 "\n", moment_words[kind],
		    kind >= MOMENT_PAGE ? r->number : 0, r->real_ns);
}

static void begin_part(struct recorder *r, const struct source *s, size_t bytes, int64_t begin_ns,
		       int64_t not_understood)
{
	text_format(&r->frame, "from\t%s\t%zu\t%" PRId64 "\t%" PRId64 "\n", s->name, bytes,
		    begin_ns, not_understood);
}

static void collect(const void *node, VISIT visit, void *words)
{
	const char *line = *(char *const *)node;

	if (visit == postorder || visit == leaf)
		text_line(words, line, strlen(line));
}

/* The beginning of a file that follows on another. */
static int repeat(struct recorder *r, char **msg)
{
	int err;

	begin_moment(r, MOMENT_BASE);
	for (int i = 0; i < r->n_sources; i++) {
		struct source *s = r->sources[i];

		begin_part(r, s, s->base.len, s->begin_ns, s->not_understood);
		text_add(&r->frame, s->base.bytes, s->base.len);
	}
	err = write_frame(r, msg);
	if (err)
		return err;
	begin_moment(r, MOMENT_AGAIN);
	for (int i = 0; i < r->n_sources; i++) {
		struct source *s = r->sources[i];
		const char *head = s->snapshot.bytes;
		size_t line = s->snapshot.len ? strcspn(head, "\n") + 1 : 0;
		struct text words = { 0 };

		twalk_r(s->dictionary, collect, &words);
		begin_part(r, s, words.len + s->snapshot.len, 0, 0);
		text_add(&r->frame, head, line); /* snap */
		text_add(&r->frame, words.bytes, words.len);
		text_add(&r->frame, head + line, s->snapshot.len - line);
		free(words.bytes);
	}
	return write_frame(r, msg);
}

int recorder_moment(struct recorder *r, enum moment_kind kind, int64_t number, int64_t real_ns,
		    char **msg)
{
	bool between = true; /* snapshots: the next file can follow on */
	int err;

	r->number = number;
	r->real_ns = real_ns;
	begin_moment(r, kind);
	for (int i = 0; i < r->n_sources; i++) {
		struct source *s = r->sources[i];

		begin_part(r, s, s->fresh.len, kind == MOMENT_BASE ? s->begin_ns : 0, 0);
		text_add(&r->frame, s->fresh.bytes, s->fresh.len);
		r->frame.full |= s->fresh.full;
		text_clear(&s->fresh);
		between &= !s->open.len;
	}
	err = write_frame(r, msg);
	if (!err && recorder_file_is_full(&r->file) && between && kind == MOMENT_PAGE) {
		err = recorder_file_next(&r->file, r->head.bytes, r->head.len, msg);
		if (!err)
			err = repeat(r, msg);
	}
	return err ? err : recorder_file_sync(&r->file, msg);
}

int recorder_open(struct recorder **out, const char *path, int64_t size, int keep,
		  const struct render_target *target, char **msg)
{
	struct recorder *r = calloc(1, sizeof(*r));

	*out = r;
	if (!r)
		return -ENOMEM;
	text_format(&r->head, "recording\t%d\ntarget\t%d\t", RECORDING_VERSION, target->pid);
	text_escaped(&r->head, target->exe);
	text_add(&r->head, "\t", 1);
	text_escaped(&r->head, target->python);
	if (target->group) {
		text_add(&r->head, "\t", 1);
		text_escaped(&r->head, target->group);
	}
	text_add(&r->head, "\n", 1);
	r->file.fd = -1;
	if (r->head.full)
		return -ENOMEM;
	return recorder_file_open(&r->file, path, size, keep, r->head.bytes, r->head.len, msg);
}

static void source_free(struct source *s)
{
	tdestroy(s->dictionary, free);
	free(s->fresh.bytes);
	free(s->open.bytes);
	free(s->snapshot.bytes);
	free(s->base.bytes);
	free(s);
}

int recorder_close(struct recorder *r, bool discard, char **msg)
{
	int err;

	if (!r)
		return 0;
	err = recorder_file_close(&r->file, discard, msg);
	for (int i = 0; i < r->n_sources; i++)
		source_free(r->sources[i]);
	free(r->head.bytes);
	free(r->frame.bytes);
	free(r);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/crash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/crash_backtrace.h"
#include "collect/crash_file.h"
#include "collect/ring_lines.h"
#include "model/escape.h"
#include "model/quote.h"
#include "pages/crash.h"

#define MEMORY_MAX 1024 /* pieces of a crash, and images */
#define PIECE_MAX 512   /* bytes of a piece */

enum { PART_REGISTERS, PART_STACK, PART_RING };

void crash_begin(struct crash *c, const char *folder, const char *exe)
{
	*c = (struct crash){ .folder = folder };
	snprintf(c->exe, sizeof(c->exe), "%s", exe);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a record, into out; how many. */
static size_t decode(const struct record *r, unsigned char out[PIECE_MAX])
{
	const char *text = record_text(r, PIECE_HEX);
	size_t n = 0;

	for (; text[0] && text[1] && n < PIECE_MAX; text += 2) {
		int high = hex(text[0]), low = hex(text[1]);

		if (high < 0 || low < 0)
			break;
		out[n++] = (unsigned char)(high << 4 | low);
	}
	return n;
}

/* The next piece of this part; NULL: there are no more. */
static const struct record *piece(const struct state *s, int64_t id, int part, size_t *at)
{
	const struct record *r;

	while ((r = state_each(s, LINE_PIECE, at))) {
		if (record_now(r, PIECE_ID) == id && record_now(r, PIECE_PART) == part)
			return r;
	}
	return NULL;
}

static uint32_t get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * The ring, made whole again: places that were not sent are 0, as are slots that have
 * never been used. How long it is stands in its header, which ring_parse judges.
 */
static void words(FILE *f, const struct state *s, int64_t id)
{
	unsigned char bytes[PIECE_MAX], *whole = NULL;
	const struct record *r;
	uint64_t size = 0;
	struct ring ring;
	size_t at = 0, n;

	while ((r = piece(s, id, PART_RING, &at))) {
		uint64_t where = (uint64_t)record_now(r, PIECE_AT);

		n = decode(r, bytes);
		if (!whole && !where && n >= 128) {
			size = 128 + 3ull * get32(bytes + 16) * get32(bytes + 24);
			if (get32(bytes + 16) > 32816 || get32(bytes + 24) > 100000 ||
			    size > RING_BYTES_MAX || !(whole = calloc(1, size)))
				return;
		}
		if (whole && where < size && n <= size - where)
			memcpy(whole + where, bytes, n);
	}
	if (whole && !ring_parse(&ring, whole, whole, size, NULL)) {
		ring_lines_write(f, &ring, id);
		ring_free(&ring);
	}
	free(whole);
}

struct frames {
	FILE *f;
	int64_t id;
};

static void write_frame(void *arg, int number, uint64_t address, const char *text)
{
	struct frames *out = arg;

	fprintf(out->f, "frame\t%" PRId64 "\t%d\t%" PRId64, out->id, number, (int64_t)address);
	escape_field(out->f, text);
	fputc('\n', out->f);
}

static void frames(FILE *f, const struct state *s, const struct record *crash)
{
	struct backtrace_memory *memory = calloc(MEMORY_MAX, sizeof(*memory));
	struct backtrace_image *images = calloc(MEMORY_MAX, sizeof(*images));
	unsigned char *bytes = malloc((size_t)MEMORY_MAX * PIECE_MAX), registers[PIECE_MAX];
	struct frames out = { f, record_now(crash, CRASH_ID) };
	struct backtrace b = { .pid = (int)record_now(crash, CRASH_PID),
			       .memory = memory,
			       .images = images };
	const struct record *r;
	size_t at = 0;

	if (!memory || !images || !bytes)
		goto out;
	r = piece(s, out.id, PART_REGISTERS, &at);
	if (!r || decode(r, registers) != sizeof(b.registers))
		goto out;
	memcpy(b.registers, registers, sizeof(b.registers));
	for (at = 0; b.n_memory < MEMORY_MAX && (r = piece(s, out.id, PART_STACK, &at));) {
		unsigned char *to = bytes + (size_t)b.n_memory * PIECE_MAX;

		memory[b.n_memory].at = (uint64_t)record_now(r, PIECE_AT);
		memory[b.n_memory].len = decode(r, to);
		memory[b.n_memory++].bytes = to;
	}
	for (at = 0; b.n_images < MEMORY_MAX && (r = state_each(s, LINE_MAPPED, &at));) {
		if (record_now(r, MAPPED_ID) != out.id)
			continue;
		images[b.n_images++] = (struct backtrace_image){
			.start = (uint64_t)record_now(r, MAPPED_START),
			.end = (uint64_t)record_now(r, MAPPED_END),
			.offset = (uint64_t)record_now(r, MAPPED_OFFSET),
			.inode = (uint64_t)record_now(r, MAPPED_INODE),
			.path = record_text(r, MAPPED_PATH),
		};
	}
	backtrace_walk(&b, write_frame, &out);
out:
	free(memory);
	free(images);
	free(bytes);
}

/* Whether a crash has been dealt with. */
static bool told(const struct crash *c, int64_t id)
{
	for (int i = 0; i < c->n_told && i < CRASH_TOLD; i++) {
		if (c->told[i] == id)
			return true;
	}
	return false;
}

char *crash_lines(struct crash *c, const struct state *s)
{
	char *lines = NULL, *kept;
	const struct record *r;
	size_t size = 0, at = 0;
	FILE *f = open_memstream(&lines, &size);

	if (!f)
		return NULL;
	if (!c->begun) {
		kept = crash_file_newest(c->folder, c->exe);
		if (kept)
			fputs(kept, f);
		free(kept);
		c->begun = true;
	}
	while ((r = state_each(s, LINE_CRASH, &at))) {
		if (told(c, record_now(r, CRASH_ID)))
			continue;
		frames(f, s, r);
		words(f, s, record_now(r, CRASH_ID));
	}
	if (fclose(f) || !size) {
		free(lines);
		return NULL;
	}
	return lines;
}

/* The rows of a crash, as the file has them: whole, escaped. */
static char *file_text(const struct crash *c, const struct state *s, const struct record *r)
{
	char *text = NULL, *quoted, *exe = quote_text(c->exe);
	struct table t;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f || !exe) {
		free(exe);
		return NULL;
	}
	crash_rows(s, &t, r);
	for (int i = 0; i < t.n_rows; i++) {
		const struct cell *cell = t.cells + (size_t)i * (size_t)t.n_columns;
		char when[40] = "";

		if (!cell[1].unknown)
			crash_file_time(cell[1].number, when, sizeof(when));
		quoted = quote_text(cell[2].text);
		fprintf(f, "%-8s %s%s%s\n", cell[0].text, when, *when ? " " : "",
			quoted ? quoted : "?");
		free(quoted);
		if (i == 0)
			fprintf(f, CRASH_FILE_PROGRAM "%s\n", exe);
	}
	for (int i = 0; i < t.n_notes; i++)
		fprintf(f, "note     %s\n", t.notes[i]);
	table_free(&t);
	free(exe);
	if (fclose(f))
		return NULL;
	return text;
}

int crash_keep(struct crash *c, const struct state *s, char **path, char **msg)
{
	const struct record *r;
	size_t at = 0;
	int err = 0;

	*path = NULL;
	while ((r = state_each(s, LINE_CRASH, &at))) {
		int64_t id = record_now(r, CRASH_ID);
		char *text;

		if (told(c, id))
			continue;
		c->told[c->n_told++ % CRASH_TOLD] = id;
		text = file_text(c, s, r);
		free(*path);
		*path = NULL;
		if (text && !err)
			err = crash_file_write(c->folder, (int)record_now(r, CRASH_PID),
					       record_now(r, CRASH_REAL_NS), text, path, msg);
		free(text);
	}
	return err;
}

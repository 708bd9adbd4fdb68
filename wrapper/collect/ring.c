// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The layout is that of struct teletap_ring_ and struct teletap_slot_ in
 * include/teletap.h, which says how a line is written. The numbers are those of the
 * machine that wrote them: another byte order is another version.
 */
#include "collect/ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define MAGIC "teletap\n"
#define VERSION 1
#define HEADER 128
#define SLOT_HEAD 48
#define TEXT_MIN 64
#define TEXT_MAX 32768
#define LINES_MIN 16
#define LINES_MAX 100000

/* The header's fields, by their offsets. */
enum {
	AT_VERSION = 8,
	AT_HEADER = 12,
	AT_SLOT = 16,
	AT_LANES = 20,
	AT_LINES = 24,
	AT_PID = 28,
	AT_START = 32,
	AT_PROVIDER = 40,
	AT_CHECK = 80,
	AT_LOST = 88,
};

/* A slot's. */
enum {
	SLOT_MARK = 0,
	SLOT_CHECK = 8,
	SLOT_TICKET = 16,
	SLOT_TIME = 24,
	SLOT_PID = 32,
	SLOT_TID = 36,
	SLOT_KIND = 40,
	SLOT_LEVEL = 41,
	SLOT_LENGTH = 42,
	SLOT_CUT = 44,
};

static uint64_t get64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint16_t get16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* teletap_check_ of teletap.h. */
static uint64_t checksum(const unsigned char *p, size_t size)
{
	uint64_t sum = size;

	for (; size >= 8; size -= 8, p += 8) {
		sum = (sum ^ get64(p)) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 29;
	}
	return sum;
}

struct shape {
	size_t slot, lines;
};

static int read_header(struct ring *r, const unsigned char *p, size_t size, struct shape *shape,
		       char **msg)
{
	if (size < HEADER || memcmp(p, MAGIC, sizeof(MAGIC) - 1) != 0)
		return fail(msg, EBADMSG, "this is no ring of teletap.h");
	if (get32(p + AT_VERSION) != VERSION)
		return fail(msg, EBADMSG,
			    "the ring is of version %u, this teletap reads %d: use the teletap "
			    "that belongs to the program's teletap.h",
			    get32(p + AT_VERSION), VERSION);
	shape->slot = get32(p + AT_SLOT);
	shape->lines = get32(p + AT_LINES);
	if (get32(p + AT_HEADER) != HEADER || get32(p + AT_LANES) != RING_LANES ||
	    shape->slot < SLOT_HEAD + TEXT_MIN || shape->slot > SLOT_HEAD + TEXT_MAX ||
	    shape->slot % 8 || shape->lines < LINES_MIN || shape->lines > LINES_MAX ||
	    checksum(p, AT_CHECK) != get64(p + AT_CHECK))
		return fail(msg, EBADMSG, "the ring's header is damaged: nothing in it is shown");
	if (size != HEADER + RING_LANES * shape->lines * shape->slot)
		return fail(msg, EBADMSG,
			    "the ring is %zu bytes long, but says %zu: nothing in it is shown",
			    size, HEADER + RING_LANES * shape->lines * shape->slot);
	r->pid = (int)get32(p + AT_PID);
	r->start_ns = (int64_t)get64(p + AT_START);
	snprintf(r->provider, sizeof(r->provider), "%.*s", RING_PROVIDER - 1,
		 (const char *)p + AT_PROVIDER);
	r->lost = (int64_t)(get64(p + AT_LOST) & INT64_MAX);
	return 0;
}

/* The texts end at a NUL each; the last one at the end of them all. */
static void split(struct ring_line *line, char *text, size_t length)
{
	char *end = text + length;

	*end = '\0'; /* length is smaller than the room */
	for (int i = 0; i < RING_TEXTS; i++) {
		line->texts[i] = text <= end ? text : "";
		text += text <= end ? strlen(text) + 1 : 0;
	}
}

/* A complete slot; false when it must not be believed: its check covers its texts. */
static bool read_slot(struct ring_line *line, char *slot, const struct shape *shape, size_t index)
{
	const unsigned char *p = (const unsigned char *)slot;
	uint64_t ticket = get64(p + SLOT_TICKET);
	size_t length = get16(p + SLOT_LENGTH), room = shape->slot - SLOT_HEAD;

	if (get64(p + SLOT_MARK) != 2 * ticket + 2 || ticket > INT64_MAX / 4 ||
	    ticket % shape->lines != index || length >= room || p[SLOT_KIND] < RING_KIND_LOG ||
	    p[SLOT_KIND] >= RING_KINDS)
		return false;
	if (checksum(p + SLOT_TICKET, SLOT_HEAD - SLOT_TICKET + (length + 7) / 8 * 8) !=
	    get64(p + SLOT_CHECK))
		return false;
	*line = (struct ring_line){
		.ticket = (int64_t)ticket,
		.time_ns = (int64_t)get64(p + SLOT_TIME),
		.pid = (int)get32(p + SLOT_PID),
		.tid = (int)get32(p + SLOT_TID),
		.kind = (enum ring_kind)p[SLOT_KIND],
		.level = p[SLOT_LEVEL],
		.cut = p[SLOT_CUT],
	};
	split(line, slot + SLOT_HEAD, length);
	return true;
}

static int by_ticket(const void *a, const void *b)
{
	const struct ring_line *x = a, *y = b;

	return x->ticket < y->ticket ? -1 : x->ticket > y->ticket;
}

static int read_lane(struct ring *r, int lane, const struct shape *shape, char *first, char *second)
{
	size_t offset = HEADER + (size_t)lane * shape->lines * shape->slot, n = 0;

	r->lines[lane] = calloc(shape->lines, sizeof(*r->lines[lane]));
	if (!r->lines[lane])
		return -ENOMEM;
	for (size_t i = 0; i < shape->lines; i++, offset += shape->slot) {
		uint64_t mark = get64(first + offset + SLOT_MARK);
		uint64_t later = get64(second + offset + SLOT_MARK);

		if (!mark && !later)
			continue; /* not used yet */
		if (read_slot(&r->lines[lane][n], first + offset, shape, i) ||
		    read_slot(&r->lines[lane][n], second + offset, shape, i))
			n++;
		else if (mark != later || mark % 2)
			r->busy++;
		else
			r->torn++;
	}
	qsort(r->lines[lane], n, sizeof(*r->lines[lane]), by_ticket);
	r->n_lines[lane] = n;
	return 0;
}

bool ring_present(const void *bytes, size_t size)
{
	return size >= sizeof(MAGIC) - 1 && !memcmp(bytes, MAGIC, sizeof(MAGIC) - 1);
}

int ring_parse_own(struct ring *r, struct ring_bytes *bytes, size_t size, char **msg)
{
	struct shape shape = { 0 };
	int err;

	*r = (struct ring){ .bytes = bytes };
	err = read_header(r, (const unsigned char *)bytes->data, size, &shape, msg);
	for (int lane = 0; lane < RING_LANES && !err; lane++)
		err = read_lane(r, lane, &shape, bytes->data, bytes->data + size);
	if (err)
		ring_free(r);
	return err;
}

int ring_parse(struct ring *r, const void *first, const void *second, size_t size, char **msg)
{
	struct ring_bytes *bytes = calloc(1, sizeof(*bytes) + 2 * size);

	*r = (struct ring){ 0 };
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes->data, first, size);
	memcpy(bytes->data + size, second, size);
	return ring_parse_own(r, bytes, size, msg);
}

/* How many lines were forgotten before the lane's first one. */
static int64_t forgotten(const struct ring *r, int lane)
{
	return r->n_lines[lane] ? r->lines[lane][0].ticket : 0;
}

/* Both in their own order, and by time with each other. */
static void merge_lane(struct ring_line *out, const struct ring *a, const struct ring *b, int lane)
{
	const struct ring_line *x = a->lines[lane], *x_end = x + a->n_lines[lane];
	const struct ring_line *y = b->lines[lane], *y_end = y + b->n_lines[lane];
	int64_t ticket = forgotten(a, lane) + forgotten(b, lane);

	while (x < x_end || y < y_end) {
		if (y == y_end || (x < x_end && x->time_ns <= y->time_ns))
			*out = *x++;
		else
			*out = *y++;
		out->ticket = ticket++;
		out++;
	}
}

static void merge_provider(struct ring *r, const char *other)
{
	size_t len = strlen(r->provider), n = strlen(other), room = sizeof(r->provider) - len;

	for (const char *p = r->provider; (p = strstr(p, other)); p++) {
		if ((p == r->provider || p[-1] == ' ') && (!p[n] || p[n] == ','))
			return;
	}
	if (snprintf(r->provider + len, room, ", %s", other) >= (int)room)
		r->provider[len] = '\0'; /* a part would be another one's name */
}

int ring_merge(struct ring *r, struct ring *other)
{
	struct ring_line *lines[RING_LANES] = { NULL };
	struct ring_bytes **end = &r->bytes;

	for (int lane = 0; lane < RING_LANES; lane++) {
		lines[lane] =
			calloc(r->n_lines[lane] + other->n_lines[lane] + 1, sizeof(*lines[lane]));
		if (!lines[lane]) {
			while (lane--)
				free(lines[lane]);
			return -ENOMEM;
		}
	}
	for (int lane = 0; lane < RING_LANES; lane++) {
		merge_lane(lines[lane], r, other, lane);
		free(r->lines[lane]);
		r->lines[lane] = lines[lane];
		r->n_lines[lane] += other->n_lines[lane];
	}
	merge_provider(r, other->provider);
	if (other->start_ns < r->start_ns)
		r->start_ns = other->start_ns;
	r->torn += other->torn;
	r->busy += other->busy;
	r->lost += other->lost;
	while (*end)
		end = &(*end)->next;
	*end = other->bytes;
	other->bytes = NULL;
	ring_free(other);
	return 0;
}

void ring_free(struct ring *r)
{
	struct ring_bytes *next;

	for (int lane = 0; lane < RING_LANES; lane++)
		free(r->lines[lane]);
	for (; r->bytes; r->bytes = next) {
		next = r->bytes->next;
		free(r->bytes);
	}
	*r = (struct ring){ 0 };
}

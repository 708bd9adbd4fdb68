// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the reader of rings. The first byte says what is done to the rest: parsed as it
 * is; or its header and checks made right first, so that what lies behind them is
 * reached; or a second reading made of it that differs. What the reader promises is
 * checked.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -o ring ring.c
 */
#include <assert.h>

#include "base/fail.c"
#include "collect/ring.c"

#define LINES 16
#define SLOT 112
#define SIZE (HEADER + RING_LANES * LINES * SLOT)

static void put32(unsigned char *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put64(unsigned char *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* Makes size bytes a ring of small slots whose checks are right. */
static void mend(unsigned char *p)
{
	memcpy(p, MAGIC, 8);
	put32(p + AT_VERSION, VERSION);
	put32(p + AT_HEADER, HEADER);
	put32(p + AT_SLOT, SLOT);
	put32(p + AT_LANES, RING_LANES);
	put32(p + AT_LINES, LINES);
	put64(p + AT_CHECK, checksum(p, AT_CHECK));
	for (size_t i = 0; i < RING_LANES * LINES; i++) {
		unsigned char *slot = p + HEADER + i * SLOT;
		size_t length = get16(slot + SLOT_LENGTH) % (SLOT - SLOT_HEAD);

		put64(slot + SLOT_CHECK,
		      checksum(slot + SLOT_TICKET, SLOT_HEAD - SLOT_TICKET + (length + 7) / 8 * 8));
	}
}

static void look(const struct ring *r, size_t size)
{
	assert(memchr(r->provider, 0, sizeof(r->provider)));
	for (int lane = 0; lane < RING_LANES; lane++) {
		for (size_t i = 0; i < r->n_lines[lane]; i++) {
			const struct ring_line *l = &r->lines[lane][i];
			size_t length = 0;

			assert(!i || r->lines[lane][i - 1].ticket <= l->ticket);
			assert(l->kind >= RING_KIND_LOG && l->kind < RING_KINDS);
			for (int t = 0; t < RING_TEXTS; t++)
				length += strlen(l->texts[t]);
			assert(length < size);
		}
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char *bytes, *after;
	struct ring r;
	char *msg = NULL;
	int what, err;

	if (!size)
		return 0;
	what = data[0];
	data++;
	size--;
	if (what & 1)
		size = size < SIZE ? size : SIZE;
	bytes = calloc(1, what & 1 ? SIZE : size + 1);
	assert(bytes);
	memcpy(bytes, data, size);
	if (what & 1) {
		mend(bytes);
		size = SIZE;
	}
	after = malloc(size + 1);
	assert(after);
	memcpy(after, bytes, size);
	if (what & 2 && size > HEADER)
		after[HEADER + (size_t)what * 37 % (size - HEADER)] ^= 0x55;
	err = ring_parse(&r, bytes, after, size, &msg);
	assert(!err == !msg || err == -ENOMEM);
	if (!err) {
		look(&r, size);
		ring_free(&r);
	}
	free(msg);
	free(bytes);
	free(after);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes replay. When the first byte is a capital letter, the rest is a file; else it
 * is the text of frames, each ended by a NUL, which are packed first, so that
 * checksums do not keep the fuzzer out.
 */
// with: wrapper/recording/reader.c wrapper/source/replay.c wrapper/collect/ring{,_lines}.c
// with: wrapper/base/fail.c wrapper/{model,pages,render}/*.c
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "source/replay.h"

#define FRAMES 16

/* Packs the frames in text; returns the file, to be freed. */
static unsigned char *pack(const char *text, size_t size, size_t *len)
{
	size_t room = ZSTD_compressBound(size) + FRAMES * 64;
	unsigned char *file = malloc(room);

	*len = 0;
	for (int i = 0; i < FRAMES && size; i++) {
		const char *end = memchr(text, '\0', size);
		size_t n = end ? (size_t)(end - text) : size;
		size_t done = ZSTD_compress(file + *len, room - *len, text, n, 1);

		assert(!ZSTD_isError(done));
		*len += done;
		n += end != NULL;
		text += n;
		size -= n;
	}
	return file;
}

static void draw(struct replay *r)
{
	for (int i = 0; i < n_pages; i++) {
		struct state *state = replay_state(r, &pages[i]);
		struct render render = { .page = &pages[i],
					 .target = &r->target,
					 .state = state,
					 .number = r->number,
					 .last = r->last };

		if (!state)
			continue;
		free(render_text(&render));
		free(render_json(&render));
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char *file = NULL;
	struct replay r;
	char *msg = NULL;
	size_t len;
	int err, steps = 0;

	if (!size)
		return 0;
	if (*data >= 'A' && *data <= 'Z') {
		len = size - 1;
		file = malloc(len + 1);
		memcpy(file, data + 1, len);
	} else {
		file = pack((const char *)data + 1, size - 1, &len);
	}
	err = replay_open_data(&r, "file", file, len, &msg);
	assert(err <= 0 && (err == 0) == (msg == NULL));
	while (!err && (err = replay_next(&r, &msg)) > 0) {
		draw(&r);
		if (steps++ % 3)
			replay_shown(&r);
		err = 0;
	}
	assert(err <= 0 && (err == 0 || err == -ENOMEM || msg));
	replay_close(&r);
	free(msg);
	free(file);
	return 0;
}

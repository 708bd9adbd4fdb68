// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_words.h"

#include <stdint.h>
#include <string.h>

#include "model/escape.h"
#include "model/utf8.h"

#define ROOM_MAX 256
#define UTF8_MAX (4 * ROOM_MAX)

/* Up to the first NUL. */
static size_t to_utf8(const char *text, size_t room, unsigned kind, char out[UTF8_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i + kind <= room && i < ROOM_MAX; i += kind) {
		uint32_t c = 0;

		memcpy(&c, text + i, kind);
		if (!c)
			break;
		if (c >= 0xd800 && c < 0xe000) /* half of a pair: UTF-8 has no such thing */
			c = 0xfffd;
		used += utf8_put(c, out + used);
	}
	return used;
}

void bpf_text_field(FILE *f, const char *text, size_t room, bool cut)
{
	escape_field_part(f, text, strnlen(text, room));
	if (cut)
		fputs("...", f);
}

void bpf_wide_field(FILE *f, const char *text, size_t room, unsigned kind, bool cut)
{
	char out[UTF8_MAX];

	if (kind == 1 || kind == 2 || kind == 4)
		bpf_text_field(f, out, to_utf8(text, room, kind, out), cut);
	else
		bpf_text_field(f, text, room, cut);
}

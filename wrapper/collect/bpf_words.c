// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_words.h"

#include <stdint.h>
#include <string.h>

#include "model/escape.h"
#include "model/utf8.h"

size_t bpf_utf8(const char *text, size_t room, unsigned kind, char out[BPF_UTF8_MAX])
{
	size_t used = 0;

	if (room > BPF_TEXT_MAX)
		room = BPF_TEXT_MAX;
	if (kind != 1 && kind != 2 && kind != 4) {
		used = strnlen(text, room);
		memcpy(out, text, used);
		return used;
	}
	for (size_t i = 0; i + kind <= room; i += kind) {
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
	char out[BPF_UTF8_MAX];

	bpf_text_field(f, out, bpf_utf8(text, room, kind, out), cut);
}

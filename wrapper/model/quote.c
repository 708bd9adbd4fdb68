// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Decodes the character at s; returns its length, or 0 when it is not UTF-8: cut
 * off, longer than needed, a surrogate, or above U+10FFFF. The terminator of s is no
 * continuation byte, so nothing behind it is read.
 */
static size_t utf8_decode(const char *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t len;

	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc0 || p[0] >= 0xf8)
		return 0;
	*code = p[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return len;
}

/* Nothing that a terminal acts upon, and no mark that turns the writing direction. */
static bool code_is_harmless(uint32_t c)
{
	bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
	bool turns = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
		     (c >= 0x2066 && c <= 0x2069);

	return !control && !turns;
}

/* but: that character alone is taken contrary to the rule. */
static char *quote(const char *s, char but)
{
	char *out = malloc(4 * strlen(s) + 1), *p = out;
	uint32_t code;

	if (!out)
		return NULL;
	while (*s) {
		size_t len = utf8_decode(s, &code);

		if (len && code_is_harmless(code) != (code == (unsigned char)but)) {
			memcpy(p, s, len);
			p += len;
		} else {
			len = len ? len : 1;
			for (size_t i = 0; i < len; i++)
				p += sprintf(p, "\\x%02x", (unsigned char)s[i]);
		}
		s += len;
	}
	*p = '\0';
	return out;
}

char *quote_text(const char *s)
{
	return quote(s, '\\');
}

char *quote_page(const char *s)
{
	return quote(s, '\n');
}

char *quote_json_line(const char *s)
{
	char *out = malloc(6 * strlen(s) + 1), *p = out;
	uint32_t code;

	if (!out)
		return NULL;
	while (*s) {
		size_t len = utf8_decode(s, &code);

		if (len == 0 || (len == 1 && code < 0x20)) {
			*p++ = ' '; /* valid JSON has control characters only between words */
		} else if (!code_is_harmless(code)) {
			p += sprintf(p, "\\u%04x", (unsigned int)code);
		} else {
			memcpy(p, s, len);
			p += len;
		}
		s += len ? len : 1;
	}
	*p = '\0';
	return out;
}

char *quote_json(const char *s)
{
	char *out = malloc(6 * strlen(s) + 3), *p = out;
	uint32_t code;

	if (!out)
		return NULL;
	*p++ = '"';
	while (*s) {
		size_t len = utf8_decode(s, &code);

		if (len == 0) {
			p = stpcpy(p, "\\ufffd");
			len = 1;
		} else if (!code_is_harmless(code)) {
			p += sprintf(p, "\\u%04x", (unsigned int)code);
		} else {
			if (code == '"' || code == '\\')
				*p++ = '\\';
			memcpy(p, s, len);
			p += len;
		}
		s += len;
	}
	*p++ = '"';
	*p = '\0';
	return out;
}

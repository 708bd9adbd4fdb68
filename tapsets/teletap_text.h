/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of CPython's string objects, as UTF-8.
 */
#ifndef TELETAP_TEXT_H
#define TELETAP_TEXT_H

#include "teletap_cpython.h"

/* Writes a character as UTF-8 if it fits; returns the bytes, 0 when there is no room. */
static int teletap_python_utf8(char *out, int room, u32 c)
{
	if (c >= 0xd800 && c < 0xe000) /* half of a pair: UTF-8 has no such thing */
		c = 0xfffd;
	if (c < 0x80 && room >= 1) {
		out[0] = c;
		return 1;
	}
	if (c >= 0x80 && c < 0x800 && room >= 2) {
		out[0] = 0xc0 | c >> 6;
		out[1] = 0x80 | (c & 63);
		return 2;
	}
	if (c >= 0x800 && c < 0x10000 && room >= 3) {
		out[0] = 0xe0 | c >> 12;
		out[1] = 0x80 | (c >> 6 & 63);
		out[2] = 0x80 | (c & 63);
		return 3;
	}
	if (c >= 0x10000 && room >= 4) {
		out[0] = 0xf0 | (c >> 18 & 7);
		out[1] = 0x80 | (c >> 12 & 63);
		out[2] = 0x80 | (c >> 6 & 63);
		out[3] = 0x80 | (c & 63);
		return 4;
	}
	return 0;
}

/*
 * Reads the string object at text, as far as it fits, in UTF-8, up to its first NUL.
 * Returns the bytes, or negative: it cannot be read, or is no string of a known form.
 */
static int teletap_python_text(u64 text, char *out, int room)
{
	struct {
		u64 refcount, type, length, hash;
		u32 state;
	} head;
	union {
		u8 one[32];
		u16 two[16];
		u32 four[8];
	} part;
	int kind, n = 0, used;
	u64 i;

	if (!teletap_python_read(&head, text, 36))
		return -EFAULT;
	kind = head.state >> 2 & 7;
	if (!(head.state & 0x20) || (kind != 1 && kind != 2 && kind != 4) || head.length > 1 << 20)
		return -EINVAL;
	if (head.state & 0x40) { /* ASCII */
		n = min_t(u64, head.length, room);
		if (!teletap_python_read(out, text + teletap_python_text_at(true), n))
			return -EFAULT;
		return strnlen(out, n);
	}
	for (i = 0; i < head.length; i++) {
		u32 at = i * kind % sizeof(part), c;

		if (!at &&
		    !teletap_python_read(&part, text + teletap_python_text_at(false) + i * kind,
					 min_t(u64, sizeof(part), (head.length - i) * kind)))
			return -EFAULT;
		c = kind == 1 ? part.one[at] : kind == 2 ? part.two[at / 2] : part.four[at / 4];
		used = c ? teletap_python_utf8(out + n, room - n, c) : 0;
		if (!used)
			break;
		n += used;
	}
	return n;
}

/* The hash that a string object carries; -1: none yet, or it cannot be read. */
static u64 teletap_python_hash(u64 text)
{
	u64 hash;

	return teletap_python_read(&hash, text + 24, sizeof(hash)) ? hash : -1ull;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings for the line protocol (wrapper/model/records.def): the one place that escapes them.
 */
#ifndef TELETAP_ESCAPE_H
#define TELETAP_ESCAPE_H

/*
 * Writes len bytes of text to out, which holds size bytes, escaped: tab, newline,
 * backslash, every other control byte and DEL as \xHH. What finds no room is cut in
 * front of a whole character, and "..." says so; so it does when cut is true, that
 * is when the text had been cut before. Returns the length written, without the NUL.
 */
static int teletap_escape_to(char *out, int size, const char *text, int len, bool cut)
{
	static const char digits[] = "0123456789abcdef";
	const int room = size - 4; /* for "..." and the NUL */
	int n = 0, safe = 0, i;    /* safe: where "..." can stand */

	for (i = 0; i < len; i++) {
		unsigned char c = text[i];
		int need = c < 0x20 || c == 0x7f || c == '\\' ? 4 : 1;

		if ((c & 0xc0) != 0x80 && n <= room)
			safe = n;
		if (n + need >= size) {
			cut = true;
			n = safe;
			break;
		}
		if (need == 1) {
			out[n++] = c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	if (cut) {
		if (n > room)
			n = safe;
		memcpy(out + n, "...", 3);
		n += 3;
	}
	out[n] = '\0';
	return n;
}

#endif

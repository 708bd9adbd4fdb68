// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Three forms. To 3.9: pairs of bytes, so many bytes of code further, so many lines further
 * (Objects/lnotab_notes.txt). 3.10: pairs, a range of so many bytes has a line so many lines
 * further; -128: none (PEP 626, the same file). From 3.11 on: entries of varying length
 * (Objects/locations.md).
 */
#include "cpython/lines.h"

#include <limits.h>
#include <stdbool.h>

#define CODE_UNIT 2 /* bytes */

static int bounded(int64_t line)
{
	return line < INT_MIN / 2 || line > INT_MAX / 2 ? LINES_NONE : (int)line;
}

static int find_pairs(const unsigned char *table, size_t size, int first, int64_t offset)
{
	int64_t at = 0, line = first;

	for (size_t i = 0; i + 1 < size; i += 2) {
		at += table[i];
		if (at > offset)
			break;
		line += (signed char)table[i + 1];
	}
	return bounded(line);
}

static int find_ranges(const unsigned char *table, size_t size, int first, int64_t offset)
{
	int64_t end = 0, line = first;

	for (size_t i = 0; i + 1 < size; i += 2) {
		signed char delta = (signed char)table[i + 1];

		end += table[i];
		if (delta != -128)
			line += delta;
		if (offset < end)
			return delta == -128 ? LINES_NONE : bounded(line);
	}
	return LINES_NONE;
}

/* A number of six bits a byte, the lowest first; its lowest bit is its sign. */
static int64_t read_signed(const unsigned char *table, size_t size, size_t at)
{
	uint64_t value = 0;

	for (int shift = 0; at < size && shift < 36; at++, shift += 6) {
		value |= (uint64_t)(table[at] & 63) << shift;
		if (!(table[at] & 64))
			break;
	}
	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

static int find_entries(const unsigned char *table, size_t size, int first, int64_t offset)
{
	int64_t end = 0, line = first;
	size_t i = 0;

	while (i < size) {
		int code = table[i] >> 3 & 15;
		bool none = code == 15;

		end += ((table[i] & 7) + 1) * CODE_UNIT;
		if (code == 13 || code == 14)
			line += read_signed(table, size, i + 1);
		else if (code >= 10 && code <= 12)
			line += code - 10;
		if (offset < end)
			return none ? LINES_NONE : bounded(line);
		/* The first byte of an entry has its highest bit set, the others have not. */
		do
			i++;
		while (i < size && !(table[i] & 128));
	}
	return LINES_NONE;
}

int lines_find(unsigned minor, const unsigned char *table, size_t size, int first, int64_t offset)
{
	if (offset < 0)
		return first;
	if (minor < 10)
		return find_pairs(table, size, first, offset);
	return minor == 10 ? find_ranges(table, size, first, offset)
			   : find_entries(table, size, first, offset);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: Include/cpython/unicodeobject.h, longintrepr.h and object.h. An int has digits of 30
 * bits, the lowest first; to 3.11 the sign of their number is its own, from 3.12 on their number
 * stands above three bits, of which the lowest two are 2 in a negative one.
 */
#include "cpython/objects.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "model/utf8.h"

#define STRING_MAX (1 << 20)
#define TYPE_NAME 24
#define TYPE_FLAGS 168
#define FLAG_HEAP (UINT64_C(1) << 9)
#define FLAG_TYPE (UINT64_C(1) << 31) /* of a type's type */

/*
 * A string's state has the bits: 2 to 4 the bytes of a character, 5 that it is in one piece, 6
 * ASCII.
 */
int object_text(struct memory *m, const struct python *p, uint64_t at, char out[OBJECT_TEXT + 4])
{
	unsigned char bytes[4 * OBJECT_TEXT];
	uint64_t length = 0, from;
	uint32_t state = 0, kind;
	size_t n, i, used = 0;

	if (memory_read(m, at + p->layout.u_length, &length, sizeof(length)) ||
	    memory_read(m, at + p->layout.u_state, &state, sizeof(state)))
		return -EFAULT;
	kind = state >> 2 & 7;
	if (!(state & 0x20) || (kind != 1 && kind != 2 && kind != 4) || length > STRING_MAX)
		return -EBADMSG;
	from = at + (state & 0x40 ? p->layout.u_ascii : p->layout.u_wide);
	n = length < OBJECT_TEXT ? (size_t)length : OBJECT_TEXT;
	if (memory_read(m, from, bytes, n * kind))
		return -EFAULT;
	for (i = 0; i < n && used + 4 <= OBJECT_TEXT; i++) {
		uint32_t c = 0;

		memcpy(&c, bytes + i * kind, kind);
		used += utf8_put(c ? c : 0xfffd, out + used); /* 0 would end it */
	}
	strcpy(out + used, i < length ? "..." : "");
	return 0;
}

/* The name of a type, in which only letters, digits, _ and . can be. */
static int read_name(struct memory *m, uint64_t at, char *out)
{
	size_t n = 0;

	for (; n < OBJECT_TYPE; n++) {
		if (memory_read(m, at + n, &out[n], 1))
			return -EFAULT;
		if (!out[n])
			return n ? 0 : -EBADMSG;
		if (!isalnum((unsigned char)out[n]) && !strchr("_.-", out[n]) &&
		    (unsigned char)out[n] < 0x80)
			return -EBADMSG;
	}
	strcpy(out + n, "...");
	return 0;
}

int object_type(struct memory *m, uint64_t at, struct object_type *type)
{
	uint64_t kind, above, flags, name;

	if (at % 8 || memory_read(m, at + OBJECT_KIND, &kind, sizeof(kind)) || kind % 8 ||
	    memory_read(m, kind + OBJECT_KIND, &above, sizeof(above)) ||
	    memory_read(m, above + TYPE_FLAGS, &flags, sizeof(flags)) || !(flags & FLAG_TYPE) ||
	    memory_read(m, kind + TYPE_FLAGS, &flags, sizeof(flags)) ||
	    memory_read(m, kind + TYPE_NAME, &name, sizeof(name)))
		return -EFAULT;
	type->builtin = !(flags & FLAG_HEAP);
	return read_name(m, name, type->name);
}

bool object_is(const struct object_type *type, const char *name)
{
	return type->builtin && !strcmp(type->name, name);
}

int object_int(struct memory *m, const struct python *p, uint64_t at, uint64_t *amount,
	       bool *negative)
{
	uint32_t digits[3] = { 0 };
	int64_t size;

	if (memory_read(m, at + OBJECT_SIZE, &size, sizeof(size)))
		return -EFAULT;
	*negative = p->layout.minor < 12 ? size < 0 : (size & 3) == 2;
	size = p->layout.minor >= 12 ? (int64_t)((uint64_t)size >> 3) : *negative ? -size : size;
	if (size < 0 || size > 3)
		return -ERANGE;
	if (memory_read(m, at + INT_DIGITS, digits, (size_t)size * sizeof(*digits)))
		return -EFAULT;
	if (digits[2] > 15)
		return -ERANGE;
	*amount = digits[0] | (uint64_t)digits[1] << 30 | (uint64_t)digits[2] << 60;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: Include/internal/pycore_dict.h and, to 3.10, Objects/dict-common.h (a table of indices,
 * then the entries in the order in which they came); Include/internal/pycore_object.h (where an
 * object's attributes are: to 3.10 in a dict; then in a dict, or in values whose names its class
 * keeps, both before the object; in 3.13 the values stand behind it).
 */
#include "cpython/dicts.h"

#include <errno.h>
#include <string.h>

#define ENTRIES_MAX (1 << 20) /* of a dict that are looked at, deleted ones included */
#define NAMES_MAX 65536       /* entries of a dict among which one is sought, */
#define ATTRIBUTES_MAX 1024   /* and of an object */
#define TYPE_SIZE 32
#define TYPE_FLAGS 168
#define TYPE_DICT 288
#define MANAGED (UINT64_C(1) << 4)
#define INLINE_VALUES (UINT64_C(1) << 2) /* 3.13 */

/* Where a dict keeps what. */
enum {
	DICT_USED = 16,
	DICT_KEYS = 32,
	DICT_VALUES = 40,
	KEYS_SIZE = 8, /* to 3.10; from 3.11 on the logarithms of two sizes, and what is kept */
	KEYS_COUNT_OLD = 32,
	KEYS_TABLE_OLD = 40,
	KEYS_COUNT = 24,
	KEYS_TABLE = 32,
	VALUES_FIRST = 8, /* from 3.13 on */
};

/* The entries that keys have: where they begin, how many, and of how many bytes. */
static int find_entries(struct memory *m, const struct python *p, uint64_t keys,
			struct dict_walk *w)
{
	bool old = p->layout.minor < 11;
	uint64_t slots;
	uint8_t bytes[3];

	if (memory_read(m, keys + (old ? KEYS_COUNT_OLD : KEYS_COUNT), &w->n, sizeof(w->n)) ||
	    memory_read(m, keys + KEYS_SIZE, &slots, sizeof(slots)))
		return -EFAULT;
	memcpy(bytes, &slots, sizeof(bytes));
	if (old ? slots > UINT32_MAX : bytes[1] > 40 || bytes[2] > 2)
		return -EBADMSG;
	w->entries = keys + (old ? KEYS_TABLE_OLD + slots * (slots <= 0xff     ? 1
							     : slots <= 0xffff ? 2
									       : 4)
				 : KEYS_TABLE + (UINT64_C(1) << bytes[1]));
	w->size = !old && bytes[2] ? 16 : 24;
	if (w->n > ENTRIES_MAX)
		w->n = ENTRIES_MAX;
	return 0;
}

int dict_begin(struct memory *m, const struct python *p, uint64_t dict, struct dict_walk *w)
{
	uint64_t keys;

	*w = (struct dict_walk){ 0 };
	if (memory_read(m, dict + DICT_USED, &w->used, sizeof(w->used)) ||
	    memory_read(m, dict + DICT_KEYS, &keys, sizeof(keys)) ||
	    memory_read(m, dict + DICT_VALUES, &w->values, sizeof(w->values)))
		return -EFAULT;
	if (w->values && p->layout.minor >= 13)
		w->values += VALUES_FIRST;
	return w->used ? find_entries(m, p, keys, w) : 0;
}

int dict_next(struct memory *m, struct dict_walk *w, uint64_t *key, uint64_t *value)
{
	for (; w->i < w->n; w->i++) {
		uint64_t pair[2];

		if (memory_read(m, w->entries + w->i * w->size + w->size - 16, pair,
				sizeof(pair)) ||
		    (w->values && memory_read(m, w->values + w->i * 8, &pair[1], sizeof(pair[1]))))
			return -EFAULT;
		*key = pair[0];
		*value = pair[1];
		if (!pair[0] || !pair[1])
			continue; /* it was deleted */
		w->i++;
		return 1;
	}
	return 0;
}

static int find(struct memory *m, const struct python *p, struct dict_walk *w, uint64_t most,
		const char *name, uint64_t *value)
{
	char text[OBJECT_TEXT + 4];
	uint64_t key;
	int more = 0;

	while (w->i < most && (more = dict_next(m, w, &key, value)) > 0) {
		struct object_type type;

		/* Other keys than strings are passed over. */
		if (!object_text(m, p, key, text) && !strcmp(text, name) &&
		    !object_type(m, key, &type) && object_is(&type, "str"))
			return 0;
	}
	return more < 0 ? more : more ? -ENOSPC : -ENOENT;
}

static int find_among(struct memory *m, const struct python *p, uint64_t dict, uint64_t most,
		      const char *name, uint64_t *value)
{
	struct dict_walk w;
	int err = dict_begin(m, p, dict, &w);

	return err ? err : find(m, p, &w, most, name, value);
}

int dict_find(struct memory *m, const struct python *p, uint64_t dict, const char *name,
	      uint64_t *value)
{
	return find_among(m, p, dict, NAMES_MAX, name, value);
}

/* Among values whose names the class keeps. */
static int find_value(struct memory *m, const struct python *p, uint64_t type, uint64_t values,
		      const char *name, uint64_t *value)
{
	const struct python_task_layout *k = python_task_layout(p->layout.minor);
	struct dict_walk w = { .values = values };
	uint64_t keys;

	if (!k || memory_read(m, type + k->h_keys, &keys, sizeof(keys)) ||
	    find_entries(m, p, keys, &w))
		return -EFAULT;
	return find(m, p, &w, ATTRIBUTES_MAX, name, value);
}

/* From 3.11 on, where attributes are not in the object itself. */
static int find_managed(struct memory *m, const struct python *p, uint64_t object, uint64_t type,
			uint64_t flags, const char *name, uint64_t *value)
{
	uint64_t before[2], size; /* 3.11: values, dict; then one of them, or a dict */

	if (memory_read(m, object - 32, before, sizeof(before)) ||
	    memory_read(m, type + TYPE_SIZE, &size, sizeof(size)))
		return -EFAULT;
	if (p->layout.minor == 11 && !before[1] && before[0])
		return find_value(m, p, type, before[0], name, value);
	if (p->layout.minor == 12 && before[1] & 1)
		return find_value(m, p, type, before[1] + 1, name, value);
	if (p->layout.minor >= 13 && !before[1] && flags & INLINE_VALUES)
		return find_value(m, p, type, object + size + VALUES_FIRST, name, value);
	return before[1] ? find_among(m, p, before[1], ATTRIBUTES_MAX, name, value) : -ENOENT;
}

int dict_attribute(struct memory *m, const struct python *p, uint64_t object, const char *name,
		   uint64_t *value)
{
	uint64_t type, flags, dict;
	int64_t offset;

	if (memory_read(m, object + OBJECT_KIND, &type, sizeof(type)) ||
	    memory_read(m, type + TYPE_FLAGS, &flags, sizeof(flags)) ||
	    memory_read(m, type + TYPE_DICT, &offset, sizeof(offset)))
		return -EFAULT;
	if (p->layout.minor >= 11 && flags & MANAGED)
		return find_managed(m, p, object, type, flags, name, value);
	if (offset <= 0 || memory_read(m, object + (uint64_t)offset, &dict, sizeof(dict)) || !dict)
		return -ENOENT;
	return find_among(m, p, dict, ATTRIBUTES_MAX, name, value);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: a function, its file and its first line, kept once and called by a number
 * from then on. The same name has the same number in all processes, by content:
 * the address of a string says nothing, the program may use it again for another.
 */
#ifndef TELETAP_NAME_H
#define TELETAP_NAME_H

#include <linux/hash.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/uaccess.h>

#include "teletap_escape.h"
#include "teletap_session.h"

/*
 * The table never shrinks and its entries never move, so readers need no lock. An
 * entry is written first and then published, by putting its number into a slot of
 * the hash table with cmpxchg; who comes second finds the other's entry there and
 * gives its own back, or, when a third has taken one meanwhile, leaves it unused.
 * Texts lie in one pool, function and file behind one another, each with a NUL.
 *
 * Most events come from a name seen before, at the same addresses. Its number is
 * guessed from the addresses, and the guess is proven by comparing the texts where
 * they lie in the program's memory: no copy, no hash over them.
 */
#define TELETAP_NAMES 8192
#define TELETAP_NAME_SLOTS_BITS 14
#define TELETAP_NAME_PROBES 128
#define TELETAP_NAME_FUNCTION 128 /* bytes kept, so many at most */
#define TELETAP_NAME_FILE 256
#define TELETAP_NAME_POOL (1 << 20)

enum { TELETAP_NAME_FREE, TELETAP_NAME_READY, TELETAP_NAME_SENT };

struct teletap_name {
	u32 text; /* in the pool */
	s32 line;
	u16 function_len, file_len;
	u8 function_cut, file_cut;
	u8 state;
};

static struct teletap_name teletap_names[TELETAP_NAMES]; /* number N is at N - 1 */
static char teletap_name_pool[TELETAP_NAME_POOL];
static u32 teletap_name_slots[1 << TELETAP_NAME_SLOTS_BITS];   /* by content */
static u32 teletap_name_guesses[1 << TELETAP_NAME_SLOTS_BITS]; /* by address */
static atomic_t teletap_name_used = ATOMIC_INIT(0);
static atomic_t teletap_name_pool_used = ATOMIC_INIT(0);
static u64 teletap_name_key;

/* Where a text of len bytes is to be cut so that at most max are left, whole characters. */
static int teletap_name_fit(const char *text, int len, int max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static u32 teletap_name_hash(const struct teletap_name *n, const char *function, const char *file)
{
	hsiphash_key_t key;
	u64 secret = READ_ONCE(teletap_name_key);

	if (!secret) { /* so that no program can choose names that collide */
		cmpxchg64(&teletap_name_key, 0, get_random_u64() | 1);
		secret = READ_ONCE(teletap_name_key);
	}
	key.key[0] = secret;
	key.key[1] = secret * 0x9e3779b97f4a7c15ull + (u32)n->line;
	key.key[0] ^= hsiphash(function, n->function_len, &key);
	return hsiphash(file, n->file_len, &key);
}

static bool teletap_name_equal(u32 id, const struct teletap_name *n, const char *function,
			       const char *file)
{
	const struct teletap_name *m = &teletap_names[id - 1];
	const char *text = teletap_name_pool + m->text;

	return m->line == n->line && m->function_len == n->function_len &&
	       m->file_len == n->file_len && m->function_cut == n->function_cut &&
	       m->file_cut == n->file_cut && !memcmp(text, function, n->function_len) &&
	       !memcmp(text + n->function_len + 1, file, n->file_len);
}

/* Takes an entry and writes it, unpublished. Returns its number, 0 when there is no room. */
static u32 teletap_name_write(struct teletap_name *n, const char *function, const char *file)
{
	int size = n->function_len + n->file_len + 2;
	int at = atomic_read(&teletap_name_pool_used), id = atomic_read(&teletap_name_used);
	char *text;

	do {
		if (at + size > TELETAP_NAME_POOL)
			return 0;
	} while (!atomic_try_cmpxchg(&teletap_name_pool_used, &at, at + size));
	do {
		if (id >= TELETAP_NAMES)
			return 0;
	} while (!atomic_try_cmpxchg(&teletap_name_used, &id, id + 1));
	n->text = at;
	text = teletap_name_pool + at;
	memcpy(text, function, n->function_len);
	text[n->function_len] = '\0';
	memcpy(text + n->function_len + 1, file, n->file_len);
	text[size - 1] = '\0';
	teletap_names[id] = *n;
	return id + 1;
}

/* Gives the entry back, if nobody has taken another one meanwhile. */
static void teletap_name_undo(u32 id, const struct teletap_name *n)
{
	int size = n->function_len + n->file_len + 2;

	if (atomic_cmpxchg(&teletap_name_used, id, id - 1) == id)
		atomic_cmpxchg(&teletap_name_pool_used, n->text + size, n->text);
}

/*
 * The number of a name, 1 or more; 0: it has none, or with add: the table is full, which is
 * counted. The texts are in kernel memory and may hold any bytes but NUL; of a function's
 * name 128 bytes are kept, of a file's 256, and two names that differ only behind that are
 * one.
 */
static int teletap_name_number(const char *function, int function_len, const char *file,
			       int file_len, int line, bool add)
{
	struct teletap_name n = { .line = line, .state = TELETAP_NAME_FREE };
	u32 slot, mine = 0, id, i;

	n.function_len = teletap_name_fit(function, function_len, TELETAP_NAME_FUNCTION);
	n.file_len = teletap_name_fit(file, file_len, TELETAP_NAME_FILE);
	n.function_cut = n.function_len < function_len;
	n.file_cut = n.file_len < file_len;
	slot = teletap_name_hash(&n, function, file);
	for (i = 0; i < TELETAP_NAME_PROBES; i++, slot++) {
		u32 *at = &teletap_name_slots[slot & ((1 << TELETAP_NAME_SLOTS_BITS) - 1)];

		id = smp_load_acquire(at);
		if (!id) {
			if (!mine && add)
				mine = teletap_name_write(&n, function, file);
			if (!mine)
				break;
			id = cmpxchg(at, 0, mine);
			if (!id) {
				smp_store_release(&teletap_names[mine - 1].state,
						  TELETAP_NAME_READY);
				return mine;
			}
		}
		if (teletap_name_equal(id, &n, function, file)) {
			if (mine)
				teletap_name_undo(mine, &n);
			return id;
		}
	}
	if (add)
		atomic64_inc(&teletap_full);
	return 0;
}

static int teletap_name_intern(const char *function, int function_len, const char *file,
			       int file_len, int line)
{
	return teletap_name_number(function, function_len, file, file_len, line, true);
}

/* For other tapsets' C: the function of a name, and its file. */
static const char *teletap_name_text(u32 id, const char **file)
{
	const struct teletap_name *n = &teletap_names[id - 1];

	*file = teletap_name_pool + n->text + n->function_len + 1;
	return teletap_name_pool + n->text;
}

/* Inside an access window: goes to differ, or fault, unless the bytes are the same. */
#define TELETAP_NAME_COMPARE(type, user, kernel, at, differ, fault)                                \
	do {                                                                                       \
		type w_, k_;                                                                       \
		memcpy(&k_, (kernel) + (at), sizeof(k_));                                          \
		unsafe_get_user(w_, (type __user *)((user) + (at)), fault);                        \
		if (w_ != k_)                                                                      \
			goto differ;                                                               \
	} while (0)

/* Two overlapping words hold all bytes of a text that one of them is too short for. */
#define TELETAP_NAME_COMPARE_ENDS(type, user, kernel, len, differ, fault)                          \
	do {                                                                                       \
		TELETAP_NAME_COMPARE(type, user, kernel, 0, differ, fault);                        \
		TELETAP_NAME_COMPARE(type, user, kernel, (len) - sizeof(type), differ, fault);     \
	} while (0)

/* len: 1 or more, with the NUL */
#define TELETAP_NAME_COMPARE_ALL(user, kernel, len, differ, fault)                                 \
	do {                                                                                       \
		int at_, len_ = (len);                                                             \
		if (len_ >= 8) {                                                                   \
			for (at_ = 0; at_ + 8 < len_; at_ += 8)                                    \
				TELETAP_NAME_COMPARE(u64, user, kernel, at_, differ, fault);       \
			TELETAP_NAME_COMPARE(u64, user, kernel, len_ - 8, differ, fault);          \
		} else if (len_ >= 4) {                                                            \
			TELETAP_NAME_COMPARE_ENDS(u32, user, kernel, len_, differ, fault);         \
		} else if (len_ >= 2) {                                                            \
			TELETAP_NAME_COMPARE_ENDS(u16, user, kernel, len_, differ, fault);         \
		} else {                                                                           \
			TELETAP_NAME_COMPARE(u8, user, kernel, 0, differ, fault);                  \
		}                                                                                  \
	} while (0)

/* Where the number of the name at these addresses was noted when it was there last. */
static u32 *teletap_name_guess(u64 function, u64 file, s32 line)
{
	return &teletap_name_guesses[hash_64(function + file * 5 + (u64)current->mm + line,
					     TELETAP_NAME_SLOTS_BITS)];
}

/*
 * The number of the name at these addresses, if it is the one that was there last; 0:
 * it is not, or that cannot be read. To be called inside a window (user_read_access_begin),
 * in which nothing may be called that is not inlined.
 */
static __always_inline u32 teletap_name_again(u64 function, u64 file, s32 line)
{
	u32 id = READ_ONCE(*teletap_name_guess(function, file, line));
	const struct teletap_name *n;
	int function_len, file_len;
	const char *text;

	if (!id)
		return 0;
	n = &teletap_names[id - 1];
	text = teletap_name_pool + n->text;
	function_len = n->function_len + 1; /* with the NUL */
	file_len = n->file_len + 1;
	if (n->line != line || n->function_cut || n->file_cut ||
	    !access_ok((const void __user *)function, function_len) ||
	    !access_ok((const void __user *)file, file_len))
		return 0;
	TELETAP_NAME_COMPARE_ALL(function, text, function_len, differ, differ);
	TELETAP_NAME_COMPARE_ALL(file, text + function_len, file_len, differ, differ);
	return id;
differ:
	return 0;
}

/* Copies a C string; its length, at most size - 1, or negative when it cannot be read. */
static int teletap_name_copy(char *to, const char __user *from, int size)
{
	long len = strncpy_from_user(to, from, size);

	return len == size ? size - 1 : len;
}

/*
 * The number of the name whose texts are C strings in the memory of the current
 * process; 0: it cannot be read, or the table is full; both are counted. Does not
 * sleep: a page that is not in memory cannot be read.
 */
static int teletap_name_user_id(const char __user *function, const char __user *file, s32 line)
{
	u32 *guess = teletap_name_guess((u64)function, (u64)file, line), id = 0;
	struct { /* what tells that a text was cut must be read too: 4 bytes are a character */
		char function[TELETAP_NAME_FUNCTION + 5], file[TELETAP_NAME_FILE + 5];
	} copy;
	int function_len, file_len;

	pagefault_disable();
	if (READ_ONCE(*guess) && user_read_access_begin(function, 1)) {
		id = teletap_name_again((u64)function, (u64)file, line);
		user_read_access_end();
	}
	if (id) {
		pagefault_enable();
		return id;
	}
	function_len = teletap_name_copy(copy.function, function, sizeof(copy.function));
	file_len = teletap_name_copy(copy.file, file, sizeof(copy.file));
	pagefault_enable();
	if (function_len < 0 || file_len < 0) {
		atomic64_inc(&teletap_unread);
		return 0;
	}
	id = teletap_name_intern(copy.function, function_len, copy.file, file_len, line);
	if (id)
		WRITE_ONCE(*guess, id);
	return id;
}

#endif

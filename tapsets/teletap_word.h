/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are one word: a module, an audit event. They have neither file nor line.
 */
#ifndef TELETAP_WORD_H
#define TELETAP_WORD_H

#include <linux/uaccess.h>

#include "teletap_name.h"
#include "teletap_session.h"

/*
 * Copies a C string of the current process to word, which holds size bytes, and cuts
 * what finds no room. Returns its length; negative: it cannot be read, which is counted.
 * Does not sleep: a page that is not in memory cannot be read.
 */
static int teletap_word_copy(char *word, u64 from, int size)
{
	long len;

	pagefault_disable();
	len = strncpy_from_user(word, (const char __user *)(unsigned long)from, size);
	pagefault_enable();
	if (len < 0) {
		atomic64_inc(&teletap_unread);
		return len;
	}
	if (len == size)
		len--;
	word[len] = '\0';
	return len;
}

/* The number of a word as in teletap_name.h; 0: there is no room, which is counted. */
static u32 teletap_word_name(const char *word, int len)
{
	return len < 0 ? 0 : teletap_name_intern(word, len, "", 0, 0);
}

#endif

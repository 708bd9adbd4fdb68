/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes that had an event, counted without a lock that a snapshot would hold.
 */
#ifndef TELETAP_SEEN_H
#define TELETAP_SEEN_H

#include <linux/hash.h>

#include "teletap_session.h"

#define TELETAP_SEEN_BITS 13
#define TELETAP_SEEN_PROBES 64

static u32 teletap_seen_slots[1 << TELETAP_SEEN_BITS]; /* process numbers; 0: free */
static atomic_t teletap_seen_used = ATOMIC_INIT(0);

static void teletap_seen_process(const struct task_struct *task)
{
	u32 pid = task->tgid, slot = hash_32(pid, TELETAP_SEEN_BITS), i, found = 0;

	for (i = 0; i < TELETAP_SEEN_PROBES && !found; i++, slot++) {
		u32 *at = &teletap_seen_slots[slot & ((1 << TELETAP_SEEN_BITS) - 1)];

		found = READ_ONCE(*at);
		if (!found) {
			found = cmpxchg(at, 0, pid);
			if (!found) {
				atomic_inc(&teletap_seen_used);
				found = pid;
			}
		}
		if (found != pid)
			found = 0;
	}
	if (!found)
		atomic64_inc(&teletap_full);
}

#endif

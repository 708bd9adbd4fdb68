/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of Python functions: how many, and how long they took, by name.
 */
#ifndef TELETAP_CALLS_H
#define TELETAP_CALLS_H

#include <linux/glob.h>

#include "teletap_frame.h"
#include "teletap_name.h"
#include "teletap_rows.h"
#include "teletap_session.h"
#include "teletap_thread.h"
#include "teletap_who.h"

/*
 * What a call is: as for sys.setprofile, each time a function begins to run, and
 * each time a generator or coroutine goes on. Making a generator or coroutine is
 * none. Where the markers say otherwise (CPython 3.15 has an entry when one is made,
 * and none when an exception is thrown into one) the frame itself decides.
 */
#define TELETAP_CALL_NAMES 8193 /* the highest number of a name, plus 1 */

enum { TELETAP_CALL_NEW, TELETAP_CALL_WANTED, TELETAP_CALL_UNWANTED };

static struct teletap_call_sums {
	atomic64_t calls, inclusive, exclusive;
	u8 wanted; /* as far as the patterns go */
} teletap_calls[TELETAP_CALL_NAMES];

static char teletap_call_function[MAXSTRINGLEN], teletap_call_file[MAXSTRINGLEN];
static bool teletap_call_filter;
static bool teletap_call_returns; /* nothing but returns is looked at */

static bool teletap_call_matches(u32 id)
{
	const char *file, *function = teletap_name_text(id, &file);

	return (!*teletap_call_function || glob_match(teletap_call_function, function)) &&
	       (!*teletap_call_file || glob_match(teletap_call_file, file));
}

/* Does the name match the patterns? 0, for no name, does not. */
static bool teletap_call_wanted(u32 id)
{
	u8 *wanted = &teletap_calls[id].wanted;

	if (!teletap_call_filter || !id)
		return id;
	if (*wanted == TELETAP_CALL_NEW)
		*wanted = teletap_call_matches(id) ? TELETAP_CALL_WANTED : TELETAP_CALL_UNWANTED;
	return *wanted == TELETAP_CALL_WANTED;
}

/* Adds to the sums of a name: by teletap_by, those of this process or thread. */
static void teletap_call_add(u32 id, s64 calls, s64 inclusive, s64 exclusive)
{
	struct teletap_call_sums *c = &teletap_calls[id];
	u32 who = teletap_who_id();
	struct teletap_row *split;

	if (unlikely(who)) {
		split = teletap_row(who, id, 0);
		teletap_row_add(split, 0, calls);
		teletap_row_add(split, 1, inclusive);
		teletap_row_add(split, 2, exclusive);
	} else if (calls) {
		atomic64_inc(&c->calls);
	} else {
		atomic64_add(exclusive, &c->exclusive);
		if (inclusive)
			atomic64_add(inclusive, &c->inclusive);
	}
}

static void teletap_call_count(u32 id)
{
	if (teletap_call_wanted(id))
		teletap_call_add(id, 1, 0, 0);
}

/* The current thread's slot if its process is watched; *watched: it is. */
static struct teletap_thread *teletap_call_thread(pid_t pid, bool *watched)
{
	struct teletap_thread *t = teletap_thread_find();

	*watched = t || !pid || teletap_descends(pid);
	return !t && *watched ? teletap_thread_new() : t;
}

/*
 * A function is entered: its texts' addresses, and the line that the marker gives.
 * Returns the number of its name, 0 when that is not a call, or not a name; *depth
 * is how many functions are open, this one included.
 */
static u32 teletap_call_enter(u64 function, u64 file, s32 line, pid_t pid, u64 now, u32 *depth)
{
	u64 bias, frame, back;
	u32 id;
	bool watched, known, resumed, making;
	struct teletap_thread *t;

	if (teletap_call_returns)
		return 0;
	t = teletap_call_thread(pid, &watched);
	if (!watched)
		return 0;
	known = teletap_thread_bias(t, &bias) &&
		teletap_frame_now(bias, &frame, &back, &resumed, &making, &line);
	if (known && making)
		return 0;
	id = teletap_name_user_id((const char __user *)function, (const char __user *)file, line);
	if (known && t) {
		teletap_thread_enter(t, frame, back, id, now);
		*depth = teletap_thread_depth(t);
	}
	return id;
}

/* What is known of the thread that a processor had its last event from. */
struct teletap_call_here {
	u64 thread;
	struct mm_struct *mm;
	u64 bias;
};

static DEFINE_PER_CPU(struct teletap_call_here, teletap_call_here);

/*
 * A function is left, and nothing but that is of interest: the number of its name, 0
 * when it is not watched, or there is none. A thread that is watched and a name that was
 * there before cost some reads inside one window.
 */
static u32 teletap_call_returned(u64 function, u64 file, s32 line, pid_t pid)
{
	struct teletap_call_here *here = this_cpu_ptr(&teletap_call_here);
	u64 bias, frame, back;
	u32 id = 0;
	s32 first;
	bool watched, resumed, making;
	struct teletap_thread *t;

	if (likely(here->thread == teletap_thread_key(current) && here->mm == current->mm)) {
		if (teletap_frame_open()) {
			if (teletap_frame_code(here->bias, &first))
				id = teletap_name_again(function, file, first);
			teletap_frame_close();
		}
		if (likely(id))
			return id;
	}
	t = teletap_call_thread(pid, &watched);
	if (!watched)
		return 0;
	if (teletap_thread_bias(t, &bias) &&
	    teletap_frame_now(bias, &frame, &back, &resumed, &making, &line)) {
		if (making)
			return 0;
		if (t)
			*here = (struct teletap_call_here){ teletap_thread_key(current),
							    current->mm, bias };
	}
	return teletap_name_user_id((const char __user *)function, (const char __user *)file, line);
}

/*
 * A function is left. Returns the number of its name when a call is over, else 0.
 * *timed: its beginning was seen and counted; *took is what it took, *child what the
 * functions that it called took; *outer: no other call of this name is open in the
 * thread. Without *timed these are not known.
 */
static u32 teletap_call_leave(u64 function, u64 file, s32 line, pid_t pid, u64 now, bool *timed,
			      u64 *took, u64 *child, bool *outer, u32 *depth)
{
	u64 bias, frame, back;
	u32 id;
	bool watched, known, resumed, making;
	struct teletap_thread *t;

	*timed = false;
	if (teletap_call_returns)
		return teletap_call_returned(function, file, line, pid);
	t = teletap_call_thread(pid, &watched);
	if (!watched)
		return 0;
	known = teletap_thread_bias(t, &bias) &&
		teletap_frame_now(bias, &frame, &back, &resumed, &making, &line);
	if (teletap_frame_by_depth && !bias)
		teletap_thread_left = true; /* the extension says so */
	if (!t || !known || making)
		return 0;
	*depth = teletap_thread_depth(t);
	if (!teletap_thread_leave(t, frame, back, resumed, now, timed, &id, took, child, outer))
		return 0;
	return *timed ? id
		      : teletap_name_user_id((const char __user *)function,
					     (const char __user *)file, line);
}

#endif

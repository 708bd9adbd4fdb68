/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spans: operations of an application that begin and end, in any of its threads.
 */
#ifndef TELETAP_SPAN_H
#define TELETAP_SPAN_H

#include <linux/hash.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>

#include "teletap_bucket.h"
#include "teletap_session.h"
#include "teletap_word.h"

/*
 * Spans under way are in a table by process, operation and id: a row of eight places for
 * each hash, under a lock of its own. What is over is added up without a lock.
 */
#define TELETAP_SPAN_BITS 11
#define TELETAP_SPAN_PLACES 8
#define TELETAP_SPAN_OPERATIONS 256
#define TELETAP_SPAN_BUCKETS 960

struct teletap_span_row {
	raw_spinlock_t lock;
	struct {
		u64 id;
		s64 began_ns;
		u32 pid, operation; /* operation 0: the place is free */
	} places[TELETAP_SPAN_PLACES];
};

static struct teletap_span_row teletap_span_rows[1 << TELETAP_SPAN_BITS];
static atomic64_t teletap_span_sums[TELETAP_SPAN_OPERATIONS + 1][8];
static atomic_t teletap_span_times[TELETAP_SPAN_OPERATIONS + 1][TELETAP_SPAN_BUCKETS];
static atomic64_t teletap_span_unpaired;

enum {
	TELETAP_SPAN_BEGUN,
	TELETAP_SPAN_ENDED,
	TELETAP_SPAN_FAILED,
	TELETAP_SPAN_TOTAL,
	TELETAP_SPAN_MAX,
	TELETAP_SPAN_AGAIN,
	TELETAP_SPAN_GONE
};

static u32 teletap_span_operation(u64 name)
{
	char word[128];
	u32 id = teletap_word_name(word, teletap_word_copy(word, name, sizeof(word)));

	if (id > TELETAP_SPAN_OPERATIONS) {
		atomic64_inc(&teletap_full);
		return 0;
	}
	return id;
}

static struct teletap_span_row *teletap_span_row(u32 operation, u64 id)
{
	return &teletap_span_rows[hash_64(id * 31 + operation + ((u64)current->tgid << 32),
					  TELETAP_SPAN_BITS)];
}

static bool teletap_span_begin(u32 operation, u64 id)
{
	struct teletap_span_row *row = teletap_span_row(operation, id);
	int i, place = -1;
	unsigned long flags;

	raw_spin_lock_irqsave(&row->lock, flags);
	for (i = 0; i < TELETAP_SPAN_PLACES; i++) {
		if (!row->places[i].operation) {
			if (place < 0)
				place = i;
		} else if (row->places[i].id == id && row->places[i].operation == operation &&
			   row->places[i].pid == current->tgid) {
			place = i; /* begun again without an end */
			atomic64_inc(&teletap_span_sums[operation][TELETAP_SPAN_AGAIN]);
			break;
		}
	}
	if (place >= 0) {
		row->places[place].id = id;
		row->places[place].operation = operation;
		row->places[place].pid = current->tgid;
		row->places[place].began_ns = ktime_get_ns();
	}
	raw_spin_unlock_irqrestore(&row->lock, flags);
	return place >= 0;
}

/* When the span began, which it then no longer is; negative: not while we looked. */
static s64 teletap_span_take(u32 operation, u64 id)
{
	struct teletap_span_row *row = teletap_span_row(operation, id);
	unsigned long flags;
	s64 began = -1;
	int i;

	raw_spin_lock_irqsave(&row->lock, flags);
	for (i = 0; i < TELETAP_SPAN_PLACES && began < 0; i++) {
		if (row->places[i].id == id && row->places[i].operation == operation &&
		    row->places[i].pid == current->tgid) {
			began = row->places[i].began_ns;
			row->places[i].operation = 0;
		}
	}
	raw_spin_unlock_irqrestore(&row->lock, flags);
	return began;
}

/*
 * The next span of a process that is under way, from this place of the table on; its
 * place; negative: there is none.
 */
static int teletap_span_under_way(u32 pid, int from, u32 *operation, u64 *id, s64 *began_ns)
{
	int i, end = TELETAP_SPAN_PLACES << TELETAP_SPAN_BITS;

	for (i = from; i < end; i++) {
		struct teletap_span_row *row = &teletap_span_rows[i / TELETAP_SPAN_PLACES];
		int k = i % TELETAP_SPAN_PLACES;
		unsigned long flags;
		bool found;

		if (READ_ONCE(row->places[k].pid) != pid || !READ_ONCE(row->places[k].operation))
			continue;
		raw_spin_lock_irqsave(&row->lock, flags);
		found = row->places[k].pid == pid && row->places[k].operation;
		*operation = row->places[k].operation;
		*id = row->places[k].id;
		*began_ns = row->places[k].began_ns;
		raw_spin_unlock_irqrestore(&row->lock, flags);
		if (found)
			return i;
	}
	return -1;
}

/* Frees the places of spans whose process has ended: they have no end. */
static void teletap_span_sweep(void)
{
	int i, k;

	for (i = 0; i < 1 << TELETAP_SPAN_BITS; i++) {
		struct teletap_span_row *row = &teletap_span_rows[i];
		unsigned long flags;

		raw_spin_lock_irqsave(&row->lock, flags);
		for (k = 0; k < TELETAP_SPAN_PLACES; k++) {
			u32 operation = row->places[k].operation;

			rcu_read_lock();
			if (operation && !pid_task(find_pid_ns(row->places[k].pid, &init_pid_ns),
						   PIDTYPE_TGID)) {
				row->places[k].operation = 0;
				atomic64_inc(&teletap_span_sums[operation][TELETAP_SPAN_GONE]);
			}
			rcu_read_unlock();
		}
		raw_spin_unlock_irqrestore(&row->lock, flags);
	}
}

static void teletap_span_begin_one(u32 operation, u64 id)
{
	if (operation && teletap_span_begin(operation, id))
		atomic64_inc(&teletap_span_sums[operation][TELETAP_SPAN_BEGUN]);
	else if (operation)
		atomic64_inc(&teletap_full);
}

static void teletap_span_end_one(u32 operation, u64 id, s64 now, bool failed)
{
	atomic64_t *sums = teletap_span_sums[operation];
	s64 began, took, old;

	if (!operation)
		return; /* counted already */
	began = teletap_span_take(operation, id);
	if (began < 0) {
		atomic64_inc(&teletap_span_unpaired);
		return;
	}
	took = now > began ? now - began : 0;
	atomic64_add(took, &sums[TELETAP_SPAN_TOTAL]);
	old = atomic64_read(&sums[TELETAP_SPAN_MAX]);
	while (took > old && !atomic64_try_cmpxchg(&sums[TELETAP_SPAN_MAX], &old, took))
		;
	atomic_inc(&teletap_span_times[operation][teletap_bucket_of(took)]);
	if (failed)
		atomic64_inc(&sums[TELETAP_SPAN_FAILED]);
	atomic64_inc(&sums[TELETAP_SPAN_ENDED]);
}

/* A name that a script gives. */
static u32 teletap_span_named(const char *name)
{
	u32 id = teletap_word_name(name, strlen(name));

	if (id > TELETAP_SPAN_OPERATIONS) {
		atomic64_inc(&teletap_full);
		return 0;
	}
	return id;
}

#endif

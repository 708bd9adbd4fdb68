/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stints: how threads come to what they are at, and to its end: see stint.h. As
 * tapsets/teletap_stint.stp.
 */
#ifndef TELETAP_BPF_STINTS_H
#define TELETAP_BPF_STINTS_H

#include "session.h"
#include "stint.h"

struct stint_tables tables;

#include "here.h"

#define TS_COMPAT 2   /* arch/x86/include/asm/thread_info.h: in a call of the table for i386 */
#define CALL_OLD 1024 /* wrapper/model/syscalls.h */
#define CALL_ODD 1023

struct thread_info {
	uint32_t status;
} __attribute__((preserve_access_index));

/* What only these programs want of a thread. */
struct task_struct___call {
	struct thread_info thread_info;
} __attribute__((preserve_access_index));

/* A system call as a number. */
static __always_inline uint32_t call_of(struct task_struct *task, int64_t number)
{
	uint32_t call = number >= 0 && number < CALL_ODD ? number : CALL_ODD;
	struct task_struct___call *t = (struct task_struct___call *)task;

	return t->thread_info.status & TS_COMPAT ? CALL_OLD + call : call;
}

/* The system call that a thread is in; negative: in none. */
static __always_inline int32_t call_under_way(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return (int32_t)regs->orig_ax;
}

struct row_key {
	uint32_t who, where, what;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STINT_ROWS);
	__type(key, struct row_key);
	__type(value, uint32_t);
} row_numbers SEC(".maps");

/* The number of a row; 0: there is no room for it, which is counted. */
static __always_inline uint32_t row_number(uint32_t who, uint32_t where, uint32_t what)
{
	struct row_key key = { who, where, what };
	struct stint_row *row;
	uint32_t number;
	bool is_new;

	number = entry_number(&row_numbers, &key, &tables.n_rows, STINT_ROWS, &tables.totals.full,
			      &is_new);
	if (is_new) {
		row = &tables.rows[INDEX(number, STINT_ROWS)];
		row->who = who;
		row->where = where;
		row->what = what;
		__sync_fetch_and_add(&row->ready, 1);
	}
	return number;
}

static __always_inline struct stint_row *row_at(uint32_t number)
{
	return &tables.rows[INDEX(number, STINT_ROWS)];
}

/* A number is used again, and not by one that was started at the same time; 0 is none. */
static __always_inline uint64_t stint_key(const struct task_struct *task)
{
	return (task->start_time << 22) + task->pid;
}

/* Fibonacci hashing: see include/linux/hash.h. */
static __always_inline uint64_t stint_set(uint64_t key)
{
	return key * 0x61c8864680b583ebULL >> 54;
}

/*
 * The place of a slot, from 1 on; 0: there is none. Not static: so the kernel checks it once, and
 * not wherever it is called, which takes seconds.
 */
__attribute__((noinline)) uint64_t stint_place(uint64_t key)
{
	uint64_t set = stint_set(key);

	for (int i = 0; i < STINT_WAYS; i++) {
		if (*(volatile uint64_t *)&tables.keys[INDEX(set, STINT_SETS - 1)][i] == key)
			return set * STINT_WAYS + i + 1;
	}
	return 0;
}

static __always_inline struct stint *stint_at(uint64_t place)
{
	return &tables.stints[0][0] + INDEX(place - 1, STINT_SETS * STINT_WAYS - 1);
}

/* A thread's slot; NULL: it has none. */
static __always_inline struct stint *stint_find(const struct task_struct *task)
{
	uint64_t place = stint_place(stint_key(task));

	return place ? stint_at(place) : NULL;
}

/* A place that is free, made the thread's; 0: there is none, which is counted. As stint_place. */
__attribute__((noinline)) uint64_t stint_new_place(uint64_t key)
{
	uint64_t set = stint_set(key);

	for (int i = 0; i < STINT_WAYS; i++) {
		if (!__sync_val_compare_and_swap(&tables.keys[INDEX(set, STINT_SETS - 1)][i], 0,
						 key))
			return set * STINT_WAYS + i + 1;
	}
	count(&tables.totals.full);
	return 0;
}

/* A thread's slot, or a new one; NULL: there is none, which is counted. */
static __always_inline struct stint *stint_take(const struct task_struct *task)
{
	struct stint *s = stint_find(task);
	uint64_t place;

	if (s)
		return s;
	place = stint_new_place(stint_key(task));
	if (!place)
		return NULL;
	s = stint_at(place);
	s->pid = task->pid;
	return s;
}

/* Adds what has ended to its row; how long it took. As stint_place. */
__attribute__((noinline)) int64_t stint_add(uint32_t number, int64_t began, int64_t since,
					    int64_t now)
{
	struct stint_row *row = row_at(number);
	int64_t took = now > began ? now - began : 1;

	if (now > since)
		__sync_fetch_and_add(&row->ns, now - since);
	if (!extend(&row->most_ns, took, true))
		count(&tables.totals.unread);
	count(&row->ended);
	return took;
}

/* Ends what the thread is at: its row, NULL when it was at nothing. *took: how long. */
static __always_inline struct stint_row *stint_end(struct stint *s, int64_t now, int64_t *took)
{
	int64_t since = __sync_lock_test_and_set(&s->since, 0);

	if (!since)
		return NULL;
	*took = stint_add(s->row, s->began, since, now);
	return row_at(s->row);
}

/* The current thread begins what the row is of; that ends what it was at. */
static __always_inline void stint_begin(uint32_t row)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct stint *s = row ? stint_take(task) : stint_find(task);
	int64_t took;

	if (!s)
		return;
	stint_end(s, bpf_ktime_get_ns(), &took);
	if (!row)
		return;
	count(&row_at(row)->begun);
	s->row = row;
	s->pid = task->pid;
	s->ready = 0;
	s->began = bpf_ktime_get_ns();
	__sync_lock_test_and_set(&s->since, s->began);
}

/* The current thread is ending: its slot is free again. */
static __always_inline void stint_drop(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint64_t key = stint_key(task), set = stint_set(key);
	struct stint *s = stint_find(task);
	int64_t took;

	if (!s)
		return;
	stint_end(s, bpf_ktime_get_ns(), &took);
	for (int i = 0; i < STINT_WAYS; i++)
		__sync_val_compare_and_swap(&tables.keys[INDEX(set, STINT_SETS - 1)][i], key, 0);
}

#endif

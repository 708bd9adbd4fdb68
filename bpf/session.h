/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: what every program has: whom it watches, whose an event is, what was lost.
 *
 * A program for a user's probe can be preempted, and another one can run on its processor
 * meanwhile. So nothing here is kept by processor: what events share, they change by atomic
 * operations, and what one needs for itself lies on its stack.
 *
 * A program has one variable "tables", which begins with struct totals and which the collector
 * reads in place: so it takes nothing but a look, and what is the largest since the last one
 * can be taken away by an exchange.
 */
#ifndef TELETAP_BPF_SESSION_H
#define TELETAP_BPF_SESSION_H

#include "kernel.h"
#include "shared.h"

#define GENERATIONS 64   /* ancestors that are looked at, of processes or of cgroups */
#define TICK_NS 10000000 /* USER_HZ is 100: include/asm-generic/param.h */
#define EXTEND_TRIES 16

const volatile struct config config = { 0 };

static __always_inline void count(uint64_t *at)
{
	__sync_fetch_and_add(at, 1);
}

/*
 * A place in a table: adds one to *used, and gives what it then is, 1 at least; 0: there is no
 * more room, which *full counts.
 */
static __always_inline uint32_t entry_take(uint64_t *used, uint32_t room, uint64_t *full)
{
	uint64_t n;

	if (config.room && config.room < room)
		room = config.room;
	if (*(volatile uint64_t *)used < room) {
		n = __sync_fetch_and_add(used, 1) + 1;
		if (n <= room)
			return n;
	}
	count(full);
	return 0;
}

/*
 * The number of a key in a map that leads to one; 0: it has none, and there is no room for
 * it, which *full counts. *is_new: it has just got it. Of two that come at once one gets a
 * number that is never used.
 */
static __always_inline uint32_t entry_number(void *map, const void *key, uint64_t *used,
					     uint32_t room, uint64_t *full, bool *is_new)
{
	uint32_t *found = bpf_map_lookup_elem(map, key), number;

	*is_new = false;
	if (found)
		return *found;
	number = entry_take(used, room, full);
	if (!number)
		return 0;
	if (!bpf_map_update_elem(map, key, &number, BPF_NOEXIST)) {
		*is_new = true;
		return number;
	}
	found = bpf_map_lookup_elem(map, key);
	if (found)
		return *found;
	count(full);
	return 0;
}

/* Of several processes that are watched, when they began, in ticks since the machine's start. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX);
	__type(key, int32_t);
	__type(value, uint64_t);
} roots SEC(".maps");

static __always_inline bool some_are_watched(void)
{
	return config.watched || config.cgroup;
}

static __always_inline bool in_cgroup(const struct task_struct *task)
{
	const struct cgroup *group = BPF_CORE_READ(task, cgroups, dfl_cgrp);

	for (int i = 0; i < GENERATIONS && group; i++) {
		if (BPF_CORE_READ(group, kn, id) == config.cgroup)
			return true;
		group = BPF_CORE_READ(group, self.parent, cgroup);
	}
	return false;
}

static __always_inline bool is_root(const struct task_struct *task)
{
	int32_t pid = BPF_CORE_READ(task, tgid);
	uint64_t *begun;

	if (config.watched != WATCHED_SEVERAL)
		return pid == config.watched;
	begun = bpf_map_lookup_elem(&roots, &pid);
	return begun && *begun == BPF_CORE_READ(task, group_leader, start_boottime) / TICK_NS;
}

/*
 * Is the thread at this address one of a process watched, or of its descendants? Not static: so
 * the verifier checks it once, and not wherever it is called. The kernel's pointers are read by a
 * helper: for each that is loaded the verifier looks through all types of the kernel, several
 * times (btf_find_by_name_kind under type_is_rcu, seen on 6.18: 200 ms of processor for this loop).
 */
__attribute__((noinline)) uint64_t belongs(uint64_t address)
{
	const struct task_struct *task = (const struct task_struct *)address;

	if (config.cgroup)
		return in_cgroup(task);
	for (int i = 0; i < GENERATIONS; i++) {
		if (is_root(task))
			return true;
		if (BPF_CORE_READ(task, pid) <= 1)
			return false;
		task = BPF_CORE_READ(task, real_parent);
	}
	return false;
}

/*
 * Threads that were not watched a moment ago, each at its number's last digits: to look here is
 * sooner. A moment is 256 ticks of the kernel, a second or less up to HZ 250: a thread gets a
 * watched ancestor when its own one ends and the first process of its namespace is the watched
 * one. Into a cgroup a thread can move at any time.
 */
#define STRANGERS 4096
#define MOMENT_BITS 8
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STRANGERS);
	__type(key, uint32_t);
	__type(value, uint64_t);
} strangers SEC(".maps");

/* Is it a thread of one of the processes watched? */
static __always_inline bool watched_task(struct task_struct *task)
{
	uint64_t thread = task->start_time ^ (uint64_t)task->pid << 42 ^
			  (bpf_jiffies64() >> MOMENT_BITS) << 20;
	uint64_t *stranger;
	uint32_t slot = (uint32_t)task->pid % STRANGERS;

	if (config.watched > 0 && task->tgid == config.watched)
		return true;
	stranger = config.cgroup ? NULL : bpf_map_lookup_elem(&strangers, &slot);
	if (stranger && *(volatile uint64_t *)stranger == thread)
		return false;
	if (belongs((uint64_t)BPF_CORE_READ(task, group_leader)))
		return true;
	if (stranger)
		*(volatile uint64_t *)stranger = thread;
	return false;
}

/* Is the current process, a thread of which is "task", one of those watched? */
static __always_inline bool watched_here(struct task_struct *task)
{
	return !some_are_watched() || watched_task(task);
}

/* The same; as teletap_watched in tapsets/. */
static __always_inline bool watched(void)
{
	return watched_here(bpf_get_current_task_btf());
}

/*
 * Makes *at value if it is not beyond it already, upwards or downwards; false: others kept
 * doing so all the time.
 */
static __always_inline bool extend(int64_t *at, int64_t value, bool up)
{
	int64_t old = *(volatile int64_t *)at;

	for (int i = 0; i < EXTEND_TRIES && (up ? value > old : value < old); i++) {
		int64_t now = __sync_val_compare_and_swap(at, old, value);

		if (now == old)
			return true;
		old = now;
	}
	return up ? value <= old : value >= old;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, uint32_t);
} seen_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WHOS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct who);
	__type(value, uint32_t);
} apart_whos SEC(".maps");

/*
 * The number that a thread, or its process, is told apart by; 0: they are not, or there is no
 * place for one more, which is counted.
 */
static __always_inline uint32_t who_of(struct totals *t, struct task_struct *task)
{
	struct who key = { 0 };
	uint32_t number;
	bool is_new;

	if (config.by == BY_ALL)
		return 0;
	key.birth = config.by == BY_PROCESS ? BPF_CORE_READ(task, group_leader, start_time)
					    : task->start_time;
	key.number = config.by == BY_PROCESS ? task->tgid : task->pid;
	key.pid = task->tgid;
	number = entry_number(&apart_whos, &key, &t->n_whos, WHOS, &t->full, &is_new);
	if (is_new) {
		t->whos[INDEX(number, WHOS)] = key;
		count(&t->who_ready[INDEX(number, WHOS)]);
	}
	return number;
}

static __always_inline uint32_t who_here(struct totals *t)
{
	return who_of(t, bpf_get_current_task_btf());
}

/* Processes among those above, each at its number's last digits: to look there is sooner. */
#define SEEN_LATELY 256
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEN_LATELY);
	__type(key, uint32_t);
	__type(value, uint32_t);
} seen_lately SEC(".maps");

/* The process has had an event. */
static __always_inline void seen_process(struct totals *t, uint32_t pid)
{
	uint32_t one = 1, slot = pid % SEEN_LATELY;
	uint32_t *lately = bpf_map_lookup_elem(&seen_lately, &slot);
	long err;

	if (lately && *(volatile uint32_t *)lately == pid)
		return;
	err = bpf_map_lookup_elem(&seen_processes, &pid)
		      ? -EEXIST
		      : bpf_map_update_elem(&seen_processes, &pid, &one, BPF_NOEXIST);
	if (lately && (!err || err == -EEXIST))
		*(volatile uint32_t *)lately = pid;
	if (!err)
		count(&t->processes);
	else if (err != -EEXIST)
		count(&t->full);
}

/* The current process has. */
static __always_inline void seen(struct totals *t)
{
	seen_process(t, bpf_get_current_pid_tgid() >> 32);
}

#endif

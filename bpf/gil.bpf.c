// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who waits for the interpreter lock, for how long, and what does its holder run? Page 232. As
 * tapsets/teletap_gil.stp, which has the reasoning: a thread that wants the lock waits for a
 * futex inside of _PyRuntime, again and again for the switch interval at most.
 */
#include "gil.h"
#include "histogram.h"
#include "session.h"

struct gil_tables tables;

#include "here.h"

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum { CALL_FUTEX = 202, CALL_RESTART = 219 };

/* include/uapi/linux/futex.h */
enum { FUTEX_WAIT = 0, FUTEX_WAIT_BITSET = 9, FUTEX_FLAGS = 128 | 256 };

#define TIMED_OUT (-110)
#define RESTART_BLOCK (-516) /* include/linux/errno.h */

struct pt_regs___call {
	unsigned long di, si, r10;
} __attribute__((preserve_access_index));

struct sched_entity {
	uint64_t sum_exec_runtime;
} __attribute__((preserve_access_index));

struct task_struct___ran {
	struct sched_entity se;
	unsigned long nvcsw;
} __attribute__((preserve_access_index));

struct thread_key {
	uint64_t birth;
	uint32_t tid, unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GIL_THREADS);
	__type(key, struct thread_key);
	__type(value, uint32_t);
} thread_numbers SEC(".maps");

/* The current thread's; make: if it has none. NULL: none. */
static __always_inline struct gil_thread *gil_thread(bool make)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_key key = { .birth = task->start_time, .tid = task->pid };
	uint32_t *found = bpf_map_lookup_elem(&thread_numbers, &key), number;
	struct gil_thread *t;
	bool is_new = false;

	if (!found && !make)
		return NULL;
	number = found ? *found
		       : entry_number(&thread_numbers, &key, &tables.n_threads, GIL_THREADS,
				      &tables.totals.full, &is_new);
	if (!number)
		return NULL;
	t = &tables.threads[INDEX(number, GIL_THREADS)];
	if (is_new) {
		t->tid = key.tid;
		t->pid = task->tgid;
		count(&t->ready);
	}
	return t;
}

/* A wait is over: into the sums. */
static __always_inline void wait_close(struct gil_thread *t)
{
	int64_t v = __sync_lock_test_and_set(&t->wait_ns, 0);

	if (!v)
		return;
	count(&tables.times[INDEX(histogram_bucket(v), HISTOGRAM_BUCKETS - 1)]);
	if (!extend(&t->most_ns, v, true))
		count(&tables.totals.unread);
	count(&t->waits);
}

/*
 * Whether the call that begins now goes on with the wait of the last one. A thread that lost its
 * processor between them has neither slept nor run meanwhile.
 */
static __always_inline bool goes_on(const struct gil_thread *t, int64_t now)
{
	struct task_struct___ran *task = (struct task_struct___ran *)bpf_get_current_task_btf();

	return now - t->end <= GIL_GAP_NS ||
	       (t->slept == task->nvcsw &&
		(int64_t)(task->se.sum_exec_runtime - t->ran) <= GIL_GAP_NS);
}

/* The thread state that has the main interpreter's lock, or had it last; 0: none. */
static __always_inline uint64_t lock_holder(uint64_t runtime)
{
	uint64_t lock = runtime + PYTHON(r_gil);

	if (!PYTHON(r_gil)) /* the main interpreter's pointer is the second one */
		lock = python_word(python_word(runtime + PYTHON(r_head) + 8) + PYTHON(i_gil));
	return lock ? python_word(lock + PYTHON(g_holder)) : 0;
}

static __always_inline void call_begins(struct gil_thread *t, uint32_t holder)
{
	int64_t now = bpf_ktime_get_ns();

	if (!goes_on(t, now))
		wait_close(t);
	bpf_get_current_comm(t->name, sizeof(t->name));
	count(&t->calls);
	t->holder = holder;
	t->again = 0;
	*(volatile int64_t *)&t->since = now;
}

SEC("tp_btf/sys_enter")
int call_begun(uint64_t *ctx)
{
	struct pt_regs___call *regs = (struct pt_regs___call *)ctx[0];
	uint64_t number = ctx[1], bias;
	uint32_t what = regs->si & ~FUTEX_FLAGS;
	struct gil_thread *t;

	if (number == CALL_RESTART) {
		t = gil_thread(false);
		if (t && t->again)
			call_begins(t, t->holder);
		return 0;
	}
	if (number != CALL_FUTEX || (what != FUTEX_WAIT && what != FUTEX_WAIT_BITSET) ||
	    !regs->r10 || !watched() || !bias_here(&bias) ||
	    regs->di - (config.runtime + bias) >= config.runtime_size)
		return 0;
	seen(&tables.totals);
	t = gil_thread(true);
	if (t)
		call_begins(t, function_of(bias, lock_holder(config.runtime + bias)));
	return 0;
}

SEC("tp_btf/sys_exit")
int call_over(uint64_t *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	uint64_t number = regs->orig_ax;
	struct task_struct___ran *task;
	int64_t now, took, status = ctx[1];
	struct gil_thread *t;

	if (number != CALL_FUTEX && number != CALL_RESTART)
		return 0;
	t = gil_thread(false);
	if (!t || !t->since)
		return 0;
	task = (struct task_struct___ran *)bpf_get_current_task_btf();
	now = bpf_ktime_get_ns();
	took = now - t->since;
	__sync_fetch_and_add(&t->wait_ns, took);
	__sync_fetch_and_add(&t->total_ns, took);
	if (status == TIMED_OUT)
		count(&t->forced);
	count(&tables.holders[INDEX(t->holder, WALK_NAMES)].samples);
	__sync_fetch_and_add(&tables.holders[INDEX(t->holder, WALK_NAMES)].ns, took);
	t->ran = task->se.sum_exec_runtime;
	t->slept = task->nvcsw;
	t->again = status == RESTART_BLOCK;
	*(volatile int64_t *)&t->end = now;
	*(volatile int64_t *)&t->since = 0;
	if (!status)
		wait_close(t);
	return 0;
}

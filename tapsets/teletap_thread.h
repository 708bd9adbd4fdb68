/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is open: for each thread the functions that it has entered and not left.
 */
#ifndef TELETAP_THREAD_H
#define TELETAP_THREAD_H

#include <linux/bitmap.h>
#include <linux/hash.h>

#include "teletap_cpython.h"
#include "teletap_frame.h"
#include "teletap_session.h"

/*
 * A thread has a slot in a hash table, by its id and when it was started, which no
 * other thread writes; so nothing here takes a lock. The slots of threads that have
 * ended are looked for at each snapshot, and when there is none free. A thread's open functions are
 * items on a stack of its own, in chunks out of one pool. An item is known by the address of its
 * frame, and the stack is held against the program's own chain of frames at each event: when the
 * caller's frame is on top, which is nearly always so, that costs one comparison.
 *
 * An item that has not been seen entering is there
 *   BASE  because it was open already when the thread's first event came, or when
 *         the chain had nothing to do with the items (greenlets): not counted,
 *   LATE  because there is no entry when an exception is thrown into a generator:
 *         counted when it returns, but how long it took is not known.
 */
#define TELETAP_THREADS_BITS 10
#define TELETAP_THREAD_PROBES 64
#define TELETAP_CHUNK 32    /* items */
#define TELETAP_CHUNKS 4096 /* in the pool */
#define TELETAP_THREAD_CHUNKS 64
#define TELETAP_DEPTH (TELETAP_CHUNK * TELETAP_THREAD_CHUNKS)
#define TELETAP_ACTIVE 256
#define TELETAP_MISSED 16 /* frames without an entry above one that has it */
#define TELETAP_CHAIN 20000

enum { TELETAP_THREAD_FREE, TELETAP_THREAD_USED }; /* keys that are none */
enum { TELETAP_OPEN_SEEN, TELETAP_OPEN_LATE, TELETAP_OPEN_BASE };

struct teletap_open {
	u64 frame, start, child; /* child: time of what it called */
	u32 id;                  /* its name */
	u8 kind, outer;          /* outer: no other item of this name is below */
};

struct teletap_thread {
	u64 key;
	pid_t pid;                        /* as the kernel counts */
	struct mm_struct *mm;             /* another one after an exec */
	u64 bias;                         /* where the interpreter lies */
	bool here;                        /* and whether its frames can be read */
	u32 depth, over;                  /* items; entries that found no room above them */
	u16 chunk[TELETAP_THREAD_CHUNKS]; /* number + 1 in the pool */
	u16 active[TELETAP_ACTIVE];       /* items by hash of their names */
};

static struct teletap_thread teletap_threads[1 << TELETAP_THREADS_BITS];
static struct teletap_open teletap_chunks[TELETAP_CHUNKS][TELETAP_CHUNK];
static DECLARE_BITMAP(teletap_chunks_used, TELETAP_CHUNKS);

static pid_t teletap_processes[1 << TELETAP_THREADS_BITS];
static atomic_t teletap_processes_seen = ATOMIC_INIT(0);
static bool teletap_thread_left; /* functions that have been entered and not left */

static void teletap_thread_clear(struct teletap_thread *t)
{
	int i;

	for (i = 0; i < TELETAP_THREAD_CHUNKS && t->chunk[i]; i++) {
		clear_bit(t->chunk[i] - 1, teletap_chunks_used);
		t->chunk[i] = 0;
	}
	t->depth = t->over = 0;
	memset(t->active, 0, sizeof(t->active));
}

/* The process has changed its address space, or is new. */
static void teletap_thread_place(struct teletap_thread *t)
{
	t->mm = current->mm;
	t->here = !teletap_python_here(!irqs_disabled(), &t->bias);
}

/* Counts the current process, if it has not been yet. */
static void teletap_thread_process(void)
{
	u32 at = hash_32(current->tgid, TELETAP_THREADS_BITS), i;

	for (i = 0; i < TELETAP_THREAD_PROBES; i++, at++) {
		pid_t *p = &teletap_processes[at & ((1 << TELETAP_THREADS_BITS) - 1)];

		if (*p == current->tgid)
			return;
		if (!*p && !cmpxchg(p, 0, current->tgid)) {
			atomic_inc(&teletap_processes_seen);
			return;
		}
	}
}

/*
 * Where the interpreter lies, for teletap_frame_now. False: its frames cannot be read.
 * Without a slot that has to be found out each time.
 */
static bool teletap_thread_bias(struct teletap_thread *t, u64 *bias)
{
	if (teletap_frame_depth(bias))
		return true;
	if (!t)
		return !teletap_python_here(!irqs_disabled(), bias);
	if (unlikely(!t->here))
		t->here = !teletap_python_here(!irqs_disabled(), &t->bias);
	*bias = t->bias;
	return t->here;
}

static u64 teletap_thread_key(const struct task_struct *task)
{
	return (task->start_time << 22) + task->pid + TELETAP_THREAD_USED;
}

static struct teletap_thread *teletap_thread_at(u32 at)
{
	return &teletap_threads[at & ((1 << TELETAP_THREADS_BITS) - 1)];
}

/* The current thread's slot; NULL: it has none yet. */
static struct teletap_thread *teletap_thread_find(void)
{
	u64 mine = teletap_thread_key(current), key;
	u32 at = hash_64(mine, TELETAP_THREADS_BITS), i;

	for (i = 0; i < TELETAP_THREAD_PROBES; i++, at++) {
		struct teletap_thread *t = teletap_thread_at(at);

		key = READ_ONCE(t->key);
		if (key == mine) {
			if (unlikely(t->mm != current->mm)) {
				teletap_thread_clear(t);
				teletap_thread_place(t);
			}
			return t;
		}
		if (key == TELETAP_THREAD_FREE)
			break;
	}
	return NULL;
}

/* Frees the slots of threads that have ended. */
static void teletap_thread_sweep(void)
{
	static atomic_t busy = ATOMIC_INIT(0);
	const struct task_struct *task;
	int i;

	if (atomic_cmpxchg(&busy, 0, 1))
		return;
	rcu_read_lock();
	for (i = 0; i < 1 << TELETAP_THREADS_BITS; i++) {
		struct teletap_thread *t = &teletap_threads[i];
		u64 key = smp_load_acquire(&t->key);

		if (key <= TELETAP_THREAD_USED || !t->pid)
			continue;
		task = pid_task(find_pid_ns(t->pid, &init_pid_ns), PIDTYPE_PID);
		if (task && teletap_thread_key(task) == key)
			continue;
		teletap_thread_clear(t);
		t->pid = 0;
		smp_store_release(&t->key, TELETAP_THREAD_USED);
	}
	rcu_read_unlock();
	atomic_set(&busy, 0);
}

static struct teletap_thread *teletap_thread_take(void)
{
	u64 mine = teletap_thread_key(current), key;
	u32 at = hash_64(mine, TELETAP_THREADS_BITS), i;

	for (i = 0; i < TELETAP_THREAD_PROBES; i++, at++) {
		struct teletap_thread *t = teletap_thread_at(at);

		key = READ_ONCE(t->key);
		if (key <= TELETAP_THREAD_USED && cmpxchg64(&t->key, key, mine) == key) {
			teletap_thread_place(t);
			teletap_thread_process();
			smp_store_release(&t->pid, current->pid);
			return t;
		}
	}
	return NULL;
}

/* A slot for the current thread, which has none; NULL: the table is full. */
static struct teletap_thread *teletap_thread_new(void)
{
	static u64 swept;
	struct teletap_thread *t = teletap_thread_take();

	if (!t && READ_ONCE(swept) != jiffies) {
		WRITE_ONCE(swept, jiffies);
		teletap_thread_sweep();
		t = teletap_thread_take();
	}
	if (!t)
		atomic64_inc(&teletap_full);
	return t;
}

/* How many functions are open. */
static u32 teletap_thread_depth(const struct teletap_thread *t)
{
	return t->depth + t->over;
}

static struct teletap_open *teletap_item(struct teletap_thread *t, u32 i)
{
	return &teletap_chunks[t->chunk[i / TELETAP_CHUNK] - 1][i % TELETAP_CHUNK];
}

static u64 teletap_top(struct teletap_thread *t)
{
	return t->depth ? teletap_item(t, t->depth - 1)->frame : 0;
}

/* Is there room for one more item? */
static bool teletap_thread_room(struct teletap_thread *t)
{
	u32 c = t->depth / TELETAP_CHUNK, n;

	if (t->depth == TELETAP_DEPTH)
		return false;
	if (t->chunk[c])
		return true;
	do {
		n = find_first_zero_bit(teletap_chunks_used, TELETAP_CHUNKS);
		if (n >= TELETAP_CHUNKS)
			return false;
	} while (test_and_set_bit(n, teletap_chunks_used));
	t->chunk[c] = n + 1;
	return true;
}

static void teletap_thread_push(struct teletap_thread *t, u64 frame, u32 id, int kind, u64 now)
{
	struct teletap_open *item;
	u32 i;

	if (t->over || !teletap_thread_room(t)) {
		t->over++;
		atomic64_inc(&teletap_full);
		return;
	}
	item = teletap_item(t, t->depth);
	*item = (struct teletap_open){ .frame = frame, .start = now, .id = id, .kind = kind };
	item->outer = true;
	if (id && t->active[id % TELETAP_ACTIVE]++) {
		for (i = t->depth; i-- > 0 && item->outer;)
			item->outer = teletap_item(t, i)->id != id;
	}
	t->depth++;
}

static void teletap_thread_pop(struct teletap_thread *t)
{
	struct teletap_open *item = teletap_item(t, --t->depth);

	if (item->id)
		t->active[item->id % TELETAP_ACTIVE]--;
}

/* Pops all above the item of this frame; false: there is none. */
static bool teletap_thread_pop_to(struct teletap_thread *t, u64 frame)
{
	u32 i = t->depth;

	while (i > 0 && teletap_item(t, i - 1)->frame != frame)
		i--;
	if (!i)
		return false;
	while (t->depth > i) { /* nothing will say how long these took */
		teletap_thread_left |= teletap_item(t, t->depth - 1)->kind == TELETAP_OPEN_SEEN;
		teletap_thread_pop(t);
	}
	t->over = 0;
	return true;
}

/* The items anew, out of the chain that begins with this frame. */
static void teletap_thread_rebuild(struct teletap_thread *t, u64 frame)
{
	u64 f;
	u32 n = 0, i;

	for (i = 0; i < t->depth && !teletap_thread_left;
	     i++) /* nothing will say how long they took */
		teletap_thread_left = teletap_item(t, i)->kind != TELETAP_OPEN_BASE;
	while (t->depth)
		teletap_thread_pop(t);
	t->over = 0;
	for (f = frame; f && n < TELETAP_CHAIN; f = teletap_frame_caller(f))
		n++;
	while (t->depth < n && teletap_thread_room(t))
		t->depth++;
	t->over = n - t->depth;
	for (f = frame, i = n; i-- > 0; f = teletap_frame_caller(f)) {
		if (i < t->depth)
			*teletap_item(t, i) =
				(struct teletap_open){ .frame = f, .kind = TELETAP_OPEN_BASE };
	}
}

/*
 * Makes the item of the frame that calls the present one the top: back is what
 * that one's chain goes on with. False: the items had nothing to do with the chain
 * and have been made anew.
 */
static bool teletap_thread_settle(struct teletap_thread *t, u64 back, u64 now)
{
	u64 missed[TELETAP_MISSED], f;
	int n = 0;

	if (back == teletap_top(t) && !t->over)
		return true;
	f = back = teletap_frame_function(back);
	if (t->over && f != teletap_top(t))
		return true; /* too deep to know */
	for (; f && n < TELETAP_MISSED; f = teletap_frame_caller(f)) {
		if (teletap_thread_pop_to(t, f)) {
			while (n > 0)
				teletap_thread_push(t, missed[--n], 0, TELETAP_OPEN_LATE, now);
			return true;
		}
		missed[n++] = f;
	}
	if (!f && !n && !t->depth)
		return true; /* the first function of a thread */
	teletap_thread_rebuild(t, back);
	return false;
}

/* The current thread enters a function. */
static void teletap_thread_enter(struct teletap_thread *t, u64 frame, u64 back, u32 id, u64 now)
{
	teletap_thread_settle(t, back, now);
	teletap_thread_push(t, frame, id, TELETAP_OPEN_SEEN, now);
}

/*
 * The current thread leaves a function. Returns whether that was a call to be
 * counted; resumed: it may be one that began with an exception thrown into it.
 * *timed: its beginning was seen; then the number of its name, what it took, what of
 * that the functions it called took, and whether no other call of that name is open.
 */
static bool teletap_thread_leave(struct teletap_thread *t, u64 frame, u64 back, bool resumed,
				 u64 now, bool *timed, u32 *id, u64 *took, u64 *child, bool *outer)
{
	struct teletap_open *item;

	*timed = false;
	if (teletap_top(t) != frame || t->over) {
		if (t->over && teletap_top(t) != frame) {
			t->over--;
			return false;
		}
		t->over = 0;
		if (!teletap_thread_pop_to(t, frame))
			return teletap_thread_settle(t, back, now) && resumed;
	}
	item = teletap_item(t, t->depth - 1);
	teletap_thread_pop(t); /* the item stays readable */
	if (item->kind == TELETAP_OPEN_BASE)
		return false;
	*timed = item->kind == TELETAP_OPEN_SEEN;
	*id = item->id;
	*took = now - item->start;
	*child = item->child;
	*outer = item->outer;
	if (t->depth)
		teletap_item(t, t->depth - 1)->child += *timed ? *took : *child;
	return true;
}

#endif

// SPDX-License-Identifier: 0BSD
/*
 * Per thread: a table of sums, one row per code object that has run, and a stack of
 * the functions that are open. Times are ticks of clock.h here. Rows that have not been
 * used since the last batch are given back once there are many; a table that is full is
 * handed over at once. So memory is bounded and nothing is lost, however many code objects
 * there are.
 *
 * A function that returns and is not the top of its thread's stack tells that the thread has
 * changed stacks (greenlet, gevent); so does one that begins and was not called from the top. How
 * long functions took is not known from then on.
 */
#include "rows.h"

#include <pthread.h>
#include <stdlib.h>

#include "clock.h"

#define ROWS_FIRST 64
#define ROWS_KEEP 1024 /* so few stay, though unused */
#define DEPTH_FIRST 64
#define DEPTH_MAX 65536
#define BATCH 128
#define UNKNOWN_DEPTH 0

struct open {
	PyObject *code;    /* only to be compared */
	const void *frame; /* the same; NULL: not known */
	uint32_t row;
	uint64_t start, child; /* ticks; child: what the functions that it called took */
};

struct thread {
	struct thread *next;
	volatile bool ended; /* set without the lock, by the thread when it ends */
	struct rows rows;
	struct open *stack;
	uint32_t depth, room;
	uint32_t over; /* calls open above a full stack */
};

static __thread struct thread *mine;
static pthread_key_t key; /* only for its destructor */
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static struct thread *threads;
static int mode;
static uint64_t lost;
static bool stacks_change; /* some thread has changed stacks */

static void thread_ended(void *t)
{
	mine = NULL; /* Python code in a later destructor begins anew */
	((struct thread *)t)->ended = true;
}

static void make_key(void)
{
	pthread_key_create(&key, thread_ended);
}

static struct thread *thread_get(void)
{
	if (!mine) {
		struct thread *t = calloc(1, sizeof(*t));

		if (!t)
			return NULL;
		pthread_once(&key_once, make_key);
		pthread_setspecific(key, t);
		t->next = threads;
		threads = mine = t;
	}
	return mine;
}

static void hand_over(const struct sum *batch, size_t n)
{
	markers_sums(batch, n, lost);
	lost = 0;
}

static void thread_flush(struct thread *t)
{
	static struct sum batch[BATCH];
	double ratio = mode & WANT_SUMS ? clock_ns_per_tick() : 1;
	bool known = ratio > 0 && !stacks_change;
	size_t n = 0;

	for (uint32_t i = 0; i < t->rows.n; i++) {
		struct sum *s = &t->rows.row[i].sum;

		if (!s->calls && !s->inclusive && !s->exclusive)
			continue;
		if (mode & WANT_SUMS) {
			batch[n] = *s;
			batch[n].inclusive =
				known ? (uint64_t)((double)s->inclusive * ratio) : NO_TIME;
			batch[n].exclusive =
				known ? (uint64_t)((double)s->exclusive * ratio) : NO_TIME;
			n++;
			/* The reader in the kernel cannot wait for a page from the disk. */
			(void)*(const volatile char *)s->file;
			(void)*(const volatile char *)s->function;
		}
		s->calls = s->inclusive = s->exclusive = 0;
		if (n == BATCH) {
			hand_over(batch, n);
			n = 0;
		}
	}
	if (n)
		hand_over(batch, n);
}

/* Gives the table another size. The dropped rows go last, when all is whole again. */
static bool thread_resize(struct thread *t, uint32_t room, bool drop)
{
	struct rows dropped;
	uint32_t *where = rows_move(&t->rows, room, drop, &dropped);

	if (!where)
		return false;
	for (uint32_t i = 0; i < t->depth; i++) {
		if (t->stack[i].row != NO_ROW)
			t->stack[i].row = where[t->stack[i].row];
	}
	free(where);
	rows_free(&dropped);
	return true;
}

static void thread_unused(struct thread *t)
{
	for (uint32_t i = 0; i < t->rows.n; i++)
		t->rows.row[i].used = false;
}

static uint32_t row_of(struct thread *t, PyObject *code)
{
	uint32_t row = rows_find(&t->rows, code);

	if (row != NO_ROW)
		return row;
	if (rows_full(&t->rows)) {
		bool all = t->rows.room == ROWS_MAX;

		if (all) {
			thread_flush(t);
			thread_unused(t);
		}
		if (!thread_resize(t,
				   all            ? ROWS_MAX
				   : t->rows.room ? 2 * t->rows.room
						  : ROWS_FIRST,
				   all) ||
		    rows_full(&t->rows)) /* with functions that are open */
			return NO_ROW;
	}
	return rows_add(&t->rows, code);
}

static bool stack_room(struct thread *t)
{
	uint32_t room = t->room ? 2 * t->room : DEPTH_FIRST;
	struct open *more;

	if (t->over || t->depth == DEPTH_MAX)
		return false;
	if (t->depth < t->room)
		return true;
	more = realloc(t->stack, room * sizeof(*more));
	if (!more)
		return false;
	t->stack = more;
	t->room = room;
	return true;
}

/* Takes the top off the stack. */
static struct open pop(struct thread *t)
{
	struct open o = t->stack[--t->depth];

	if (o.row != NO_ROW)
		t->rows.row[o.row].open--;
	return o;
}

/* The calls that are open are on several stacks, or on one that we know nothing of. */
static void change_stacks(struct thread *t)
{
	stacks_change = true;
	while (t->depth)
		pop(t);
}

void table_enter(PyObject *code, const void *frame)
{
	struct thread *t = thread_get();
	uint32_t row = t ? row_of(t, code) : NO_ROW;
	struct row *r = row == NO_ROW ? NULL : &t->rows.row[row];

	if (!r)
		lost++;
	if (!t || (r && r->muted))
		return;
	if (!t->over && t->depth && !greenlets_called(t->stack[t->depth - 1].frame, frame))
		change_stacks(t);
	if (r) {
		r->sum.calls++;
		r->used = true;
	}
	if (stack_room(t)) {
		t->stack[t->depth++] = (struct open){
			.code = code, .frame = frame, .row = row, .start = clock_ticks()
		};
		if (r)
			r->open++;
	} else {
		t->over++;
		lost++;
	}
	if (mode & WANT_CALLS && r)
		markers_entry(r->sum.file, r->sum.function, (int)r->sum.line, t->depth + t->over);
}

static bool is_call(const struct open *o, const PyObject *code, const void *frame)
{
	return o->code == code && (!o->frame || !frame || o->frame == frame);
}

static void close_call(struct thread *t)
{
	struct open o = pop(t);
	uint64_t now = clock_ticks(), took = now > o.start ? now - o.start : 0;

	if (o.row != NO_ROW) {
		struct row *r = &t->rows.row[o.row];

		r->used = true;
		r->sum.exclusive += took > o.child ? took - o.child : 0;
		if (!r->open)
			r->sum.inclusive += took;
	}
	if (t->depth)
		t->stack[t->depth - 1].child += took;
}

void table_leave(PyObject *code, const void *frame)
{
	struct thread *t = thread_get();
	uint32_t row, depth;

	if (!t)
		return;
	if (!t->over && t->depth && is_call(&t->stack[t->depth - 1], code, frame)) {
		row = t->stack[t->depth - 1].row;
		depth = t->depth;
		close_call(t);
	} else {
		row = row_of(t, code);
		if (row != NO_ROW && t->rows.row[row].muted)
			return;
		if (t->over) {
			depth = t->depth + t->over--;
		} else if (t->depth) {
			depth = UNKNOWN_DEPTH;
			change_stacks(t);
		} else {
			return; /* it began before we looked */
		}
	}
	if (mode & WANT_CALLS && row != NO_ROW) {
		struct sum *s = &t->rows.row[row].sum;

		markers_return(s->file, s->function, (int)s->line, depth);
	}
}

bool table_mutes(PyObject *code)
{
	struct thread *t = thread_get();
	uint32_t row = t ? row_of(t, code) : NO_ROW;

	return row != NO_ROW && t->rows.row[row].muted;
}

/* Forgets rows and open functions; the thread goes on. */
static void thread_clear(struct thread *t)
{
	struct rows old = t->rows;

	t->rows = (struct rows){ 0 };
	t->depth = t->over = 0;
	rows_free(&old);
}

static void thread_free(struct thread *t)
{
	thread_clear(t);
	free(t->stack);
	free(t);
}

/* Gives rows back when there are many that were not used in this tick. */
static void thread_shrink(struct thread *t)
{
	uint32_t used = 0, room = ROWS_FIRST;

	if (t->rows.n > ROWS_KEEP) {
		for (uint32_t i = 0; i < t->rows.n; i++)
			used += t->rows.row[i].used || t->rows.row[i].open;
		while (room < 2 * used)
			room *= 2;
		if (2 * used < t->rows.n)
			thread_resize(t, room, true);
	}
	thread_unused(t);
}

void table_flush(void)
{
	struct thread **at = &threads;

	while (*at) {
		struct thread *t = *at;
		bool ended = t->ended;

		thread_flush(t);
		if (ended) {
			*at = t->next;
			thread_free(t);
		} else {
			thread_shrink(t);
			at = &t->next;
		}
	}
	if (lost && mode & WANT_SUMS)
		hand_over(NULL, 0);
}

void table_set_mode(int wants)
{
	if (wants == mode)
		return;
	if (!mode || !wants) {
		for (struct thread *t = threads; t; t = t->next)
			thread_clear(t);
		lost = 0;
		stacks_change = false;
		clock_begin();
	} else if (wants & ~mode & WANT_SUMS) {
		table_flush(); /* nobody has asked for what is there */
	}
	mode = wants;
}

void table_forked(void)
{
	struct thread *t = threads;

	threads = mine;
	while (t) {
		struct thread *next = t->next;

		if (t != mine)
			thread_free(t);
		t = next;
	}
	if (mine) {
		mine->next = NULL;
		for (uint32_t i = 0; i < mine->rows.n; i++) {
			struct sum *s = &mine->rows.row[i].sum;

			s->calls = s->inclusive = s->exclusive = 0;
		}
	}
	lost = 0;
}

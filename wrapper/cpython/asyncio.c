// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: Modules/_asynciomodule.c, 3.14.8 and 3.15.0. What _asyncio says of itself is
 * Py_AsyncioModuleDebugOffsets, 13 numbers in a section .AsyncioDebug of its own, in _asyncio's
 * shared object or in the interpreter. Memory has no sections, and a stripped, deleted or replaced
 * file none that can be read. So the numbers are looked for: the eighth is the size of an
 * interpreter's state, which _Py_DebugOffsets has as well, and the others have to agree with it.
 *
 * Tasks are in lists, struct llist_node {next, prev}: one for each thread, one in the interpreter
 * for those whose thread has ended.
 */
#include "cpython/asyncio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/loaded.h"

#define SCAN_BYTES 65536
#define SCAN_MAX (64 << 20) /* of a file */
#define WORD_INTERPRETER 6  /* of _Py_DebugOffsets: bytes of an interpreter's state, */
#define WORD_THREAD 22      /* and of a thread state's public part */
#define STATE_MAX 65536
#define TASK_MAX 4096
#define SET_SLOTS (1 << 16)

enum {
	TASK_SIZE,
	TASK_NAME,
	TASK_AWAITED_BY,
	TASK_IS_TASK,
	TASK_IS_SET,
	TASK_COROUTINE,
	TASK_NODE,
	INTERPRETER_SIZE,
	INTERPRETER_TASKS,
	THREAD_SIZE,
	THREAD_LOOP,
	THREAD_TASK,
	THREAD_TASKS,
	N_WORDS
};

/* Whether they are those numbers. */
static bool agree(const uint64_t w[N_WORDS], uint64_t interpreter, uint64_t thread)
{
	if (w[INTERPRETER_SIZE] != interpreter || w[TASK_SIZE] > TASK_MAX ||
	    w[THREAD_SIZE] < thread || w[THREAD_SIZE] > STATE_MAX)
		return false;
	for (int i = TASK_NAME; i <= TASK_NODE; i++) {
		bool is_byte = i == TASK_IS_TASK || i == TASK_IS_SET;

		if (!w[i] || w[i] >= w[TASK_SIZE] || (!is_byte && w[i] % 8))
			return false;
	}
	for (int i = THREAD_LOOP; i <= THREAD_TASKS; i++) {
		if (w[i] % 8 || w[i] < thread || w[i] >= w[THREAD_SIZE])
			return false;
	}
	return w[INTERPRETER_TASKS] % 8 == 0 && w[INTERPRETER_TASKS] < interpreter;
}

static bool scan_part(const struct memory *m, uint64_t from, uint64_t size, const uint64_t *sizes,
		      uint64_t found[N_WORDS])
{
	uint64_t *words = malloc(SCAN_BYTES);
	bool good = false;

	from += -from % 8;
	for (uint64_t at = 0; words && !good && at < size && at < SCAN_MAX;) {
		uint64_t wanted = size - at < SCAN_BYTES ? size - at : SCAN_BYTES;
		ssize_t got = memory_read_once(m, from + at, words, wanted);
		size_t n = got < 0 ? 0 : (size_t)got / 8;

		if (n < N_WORDS)
			break;
		for (size_t i = 0; i + N_WORDS <= n && !good; i++) {
			good = agree(words + i, sizes[0], sizes[1]);
			if (good)
				memcpy(found, words + i, N_WORDS * sizeof(*found));
		}
		at += (n - N_WORDS + 1) * 8;
	}
	free(words);
	return good;
}

static bool scan_file(struct memory *m, uint64_t base, const uint64_t *sizes,
		      uint64_t found[N_WORDS])
{
	struct loaded l;
	bool is_32 = false, good = false;

	if (loaded_open(m, base, &l, &is_32))
		return false;
	for (int i = 0; i < l.n_parts && !good; i++) {
		if (l.parts[i].writable)
			good = scan_part(m, l.parts[i].at, l.parts[i].stored, sizes, found);
	}
	return good;
}

/* First the files in which it usually is. */
static bool scan_files(struct memory *m, const struct loaded_files *files, const uint64_t *sizes,
		       uint64_t found[N_WORDS])
{
	static const char *const names[] = { "_asyncio", "python", "" };

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		for (size_t i = 0; i < files->n; i++) {
			if (strstr(files->list[i].path, names[k]) &&
			    scan_file(m, files->list[i].base, sizes, found))
				return true;
		}
	}
	return false;
}

int asyncio_find(struct memory *m, const struct python *p, struct asyncio *a)
{
	uint64_t sizes[2], w[N_WORDS];
	struct loaded_files files;
	bool found;
	int err;

	if (memory_read(m, p->runtime + WORD_INTERPRETER * 8, &sizes[0], 8) ||
	    memory_read(m, p->runtime + WORD_THREAD * 8, &sizes[1], 8))
		return -EFAULT;
	err = loaded_list(m->pid, &files);
	if (err)
		return err;
	found = scan_files(m, &files, sizes, w);
	loaded_list_free(&files);
	if (!found)
		return -ENOENT;
	*a = (struct asyncio){ .name = w[TASK_NAME],
			       .awaited_by = w[TASK_AWAITED_BY],
			       .is_set = w[TASK_IS_SET],
			       .coroutine = w[TASK_COROUTINE],
			       .node = w[TASK_NODE],
			       .ended = w[INTERPRETER_TASKS],
			       .running = w[THREAD_TASK],
			       .head = w[THREAD_TASKS] };
	return 0;
}

int asyncio_list(struct memory *m, const struct asyncio *a, uint64_t head, uint64_t *list, int room,
		 int64_t *unseen)
{
	uint64_t at = head;
	int n = 0;

	*unseen = 0;
	for (int i = 0; i < ASYNCIO_LIST; i++) {
		if (memory_read(m, at, &at, sizeof(at)))
			return -EFAULT;
		if (at == head || !at) /* 0: no loop ever ran there */
			return at ? n : n ? -EBADMSG : 0;
		if (at % 8)
			return -EBADMSG;
		if (n < room)
			list[n++] = at - a->node;
		else
			++*unseen;
	}
	return -ELOOP;
}

bool asyncio_is_listed(struct memory *m, const struct asyncio *a, uint64_t task)
{
	uint64_t node = task + a->node, links[2], next;

	return !memory_read(m, node, links, sizeof(links)) && links[0] && links[1] &&
	       !memory_read(m, links[1], &next, sizeof(next)) && next == node;
}

/* A name that nobody gave is a number. */
int asyncio_name(struct memory *m, const struct python *p, uint64_t at, char out[OBJECT_TEXT + 4])
{
	struct object_type type;
	uint64_t number;
	bool negative;
	int err = object_type(m, at, &type);

	if (err || !object_is(&type, "int"))
		return err ? err : object_text(m, p, at, out);
	err = object_int(m, p, at, &number, &negative);
	if (!err)
		snprintf(out, OBJECT_TEXT, "Task-%s%llu", negative ? "-" : "",
			 (unsigned long long)number);
	return err;
}

/* The members of a set: slots of {key, hash}; in those that were freed lies a bare object. */
int asyncio_add_awaiters(struct memory *m, uint64_t set, struct asyncio_task *task)
{
	uint64_t used, mask, table, key;
	struct object_type type;

	if (memory_read(m, set + SET_USED, &used, sizeof(used)) ||
	    memory_read(m, set + SET_MASK, &mask, sizeof(mask)) ||
	    memory_read(m, set + SET_TABLE, &table, sizeof(table)))
		return -EFAULT;
	if (mask >= SET_SLOTS || used > mask)
		return -ENOSPC;
	for (uint64_t i = 0; i <= mask; i++) {
		if (task->n_awaiters == ASYNCIO_AWAITERS) {
			task->more = used > ASYNCIO_AWAITERS ? (int)used - ASYNCIO_AWAITERS : 0;
			break;
		}
		if (memory_read(m, table + i * 16, &key, sizeof(key)))
			return -EFAULT;
		if (!key)
			continue;
		if (object_type(m, key, &type))
			return -EFAULT;
		if (!object_is(&type, "object"))
			task->awaiters[task->n_awaiters++] = key;
	}
	return 0;
}

int asyncio_task(struct memory *m, const struct python *p, const struct asyncio *a, uint64_t at,
		 struct asyncio_task *task)
{
	uint64_t name, awaited_by;
	uint8_t is_set;
	int err;

	task->n_awaiters = task->more = 0;
	/* task_fut_waiter stands before task_coro. */
	if (memory_read(m, at + a->name, &name, sizeof(name)) ||
	    memory_read(m, at + a->coroutine, &task->coroutine, sizeof(task->coroutine)) ||
	    memory_read(m, at + a->coroutine - 8, &task->future, sizeof(task->future)) ||
	    memory_read(m, at + a->awaited_by, &awaited_by, sizeof(awaited_by)) ||
	    memory_read(m, at + a->is_set, &is_set, sizeof(is_set)))
		return -EFAULT;
	err = asyncio_name(m, p, name, task->name);
	if (err || !awaited_by)
		return err;
	if (is_set)
		return asyncio_add_awaiters(m, awaited_by, task);
	task->awaiters[task->n_awaiters++] = awaited_by;
	return 0;
}

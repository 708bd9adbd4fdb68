/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Python stacks as numbers. A stack is a node of a tree: its name and the node of the
 * frames that called it. Equal stacks have equal numbers, in all processes.
 */
#ifndef TELETAP_STACK_H
#define TELETAP_STACK_H

#include <linux/hash.h>

#include "teletap_cpython_thread.h"
#include "teletap_name.h"
#include "teletap_session.h"
#include "teletap_text.h"

/*
 * The tree never shrinks and its nodes never move, so readers need no lock. A node is
 * written first and then published, by putting its number into a slot of the hash
 * table with cmpxchg; who comes second leaves his own unused.
 */
#define TELETAP_NODES_BITS 15
#define TELETAP_NODES (1 << TELETAP_NODES_BITS)
#define TELETAP_NODE_PROBES 64

struct teletap_node {
	u32 parent, name;
	u32 state; /* 0, then 1: complete, 2: sent */
};

static struct teletap_node teletap_nodes[TELETAP_NODES]; /* number N is at N - 1 */
static u32 teletap_node_slots[2 * TELETAP_NODES];
static atomic_t teletap_node_used = ATOMIC_INIT(0);

static struct {
	atomic64_t taken, none, unread, cut;
} teletap_stacks;

/* The number of a node; 0: there is no room. */
static u32 teletap_node(u32 parent, u32 name)
{
	u32 slot = hash_64((u64)parent << 32 | name, TELETAP_NODES_BITS + 1), mine = 0, id;
	int i, n;

	for (i = 0; i < TELETAP_NODE_PROBES; i++, slot++) {
		u32 *at = &teletap_node_slots[slot & (2 * TELETAP_NODES - 1)];

		id = smp_load_acquire(at);
		if (!id) {
			if (!mine) {
				n = atomic_read(&teletap_node_used);
				do {
					if (n >= TELETAP_NODES)
						return 0;
				} while (!atomic_try_cmpxchg(&teletap_node_used, &n, n + 1));
				mine = n + 1;
				teletap_nodes[n].parent = parent;
				teletap_nodes[n].name = name;
			}
			id = cmpxchg(at, 0, mine);
			if (!id) {
				smp_store_release(&teletap_nodes[mine - 1].state, 1);
				return mine;
			}
		}
		if (teletap_nodes[id - 1].parent == parent && teletap_nodes[id - 1].name == name)
			return id;
	}
	return 0;
}

/*
 * Names by code object. That the object is still the same one is seen from what it
 * points to, and from the hashes that its strings carry: CPython keys them by a secret
 * of the process. A string without a hash (-1) is read each time. An entry is written
 * by one processor at a time (its version is odd then) and read without a lock.
 */
struct teletap_code {
	u32 version, id;
	u64 mm, code, name, file, name_hash, file_hash;
	s64 line;
};

#define TELETAP_CODES_BITS 12
static struct teletap_code teletap_codes[1 << TELETAP_CODES_BITS];

static u32 teletap_code_get(const struct teletap_code *slot, const struct teletap_code *want)
{
	u32 version = smp_load_acquire(&slot->version), id = slot->id;
	bool same = slot->mm == want->mm && slot->code == want->code && slot->name == want->name &&
		    slot->file == want->file && slot->name_hash == want->name_hash &&
		    slot->file_hash == want->file_hash && slot->line == want->line;

	smp_rmb();
	return same && !(version & 1) && READ_ONCE(slot->version) == version ? id : 0;
}

static void teletap_code_put(struct teletap_code *slot, const struct teletap_code *want, u32 id)
{
	u32 version = READ_ONCE(slot->version);

	if (version & 1 || cmpxchg(&slot->version, version, version + 1) != version)
		return;
	slot->mm = want->mm;
	slot->code = want->code;
	slot->name = want->name;
	slot->file = want->file;
	slot->name_hash = want->name_hash;
	slot->file_hash = want->file_hash;
	slot->line = want->line;
	slot->id = id;
	smp_store_release(&slot->version, version + 2);
}

/* The number of a code object's name; 0: no room. Negative: it cannot be read. */
static int teletap_code_name(u64 code, const u8 *object)
{
	struct teletap_code want = { .mm = (u64)(unsigned long)current->mm, .code = code };
	struct teletap_code *slot =
		&teletap_codes[hash_64(code ^ want.mm << 8, TELETAP_CODES_BITS)];
	char name[132], file[260];
	int name_len, file_len, line;
	bool known;
	u32 id;

	want.name = teletap_python_names(object, &want.file, &line);
	want.line = line;
	want.name_hash = teletap_python_hash(want.name);
	want.file_hash = teletap_python_hash(want.file);
	known = want.name_hash != -1ull && want.file_hash != -1ull;
	id = known ? teletap_code_get(slot, &want) : 0;
	if (id)
		return id;
	name_len = teletap_python_text(want.name, name, sizeof(name));
	file_len = teletap_python_text(want.file, file, sizeof(file));
	if (name_len < 0 || file_len < 0)
		return -EFAULT;
	id = teletap_name_intern(name, name_len, file, file_len, line);
	if (id && known)
		teletap_code_put(slot, &want, id);
	return id;
}

#define TELETAP_STACK_DEPTH 128 /* innermost frames that are kept */

/*
 * The node of the current thread's stack, or 0. Frames beyond the depth are one frame
 * called "..." at the outer end; so are those behind one that cannot be read, called
 * "?".
 */
static u32 teletap_stack_node(bool may_look)
{
	u32 names[TELETAP_STACK_DEPTH], node = 0;
	u8 object[216] __aligned(8);
	u64 bias, thread, frame, code, faulted = teletap_python_faulted();
	const char *end = NULL;
	int n = 0, name, err;

	err = teletap_python_here(may_look, &bias);
	thread = err ? 0 : teletap_python_thread(bias);
	frame = thread ? teletap_python_innermost(thread) : 0;
	while (frame) {
		code = teletap_python_code(bias, &frame, object);
		if (!code) {
			if (frame)
				end = "?";
			break;
		}
		if (n == TELETAP_STACK_DEPTH) {
			atomic64_inc(&teletap_stacks.cut);
			end = "...";
			break;
		}
		name = teletap_code_name(code, object);
		if (name < 0) {
			end = "?";
			break;
		}
		if (!name)
			return 0; /* teletap_name_intern has counted it */
		names[n++] = name;
	}
	if (end ? *end == '?' : !n && teletap_python_faulted() != faulted)
		atomic64_inc(&teletap_stacks.unread);
	else if (!n)
		atomic64_inc(&teletap_stacks.none);
	if (!n)
		return 0;
	if (end) {
		name = teletap_name_intern(end, strlen(end), "", 0, 0);
		if (!name)
			return 0; /* teletap_name_intern has counted it */
		node = teletap_node(0, name);
		if (!node)
			n = -1;
	}
	while (n > 0) {
		node = teletap_node(node, names[--n]);
		if (!node)
			n = -1;
	}
	if (n < 0) {
		atomic64_inc(&teletap_full);
		return 0;
	}
	atomic64_inc(&teletap_stacks.taken);
	return node;
}

/* The name of the innermost frame of a thread state, or 0. */
static int teletap_stack_innermost(u64 bias, u64 thread)
{
	u64 frame = teletap_python_innermost(thread), code;
	u8 object[216] __aligned(8);
	int name;

	code = frame ? teletap_python_code(bias, &frame, object) : 0;
	name = code ? teletap_code_name(code, object) : 0;
	return name < 0 ? 0 : name;
}

/* The name of the innermost frame; 0: none, or it cannot be read, which is counted. */
static int teletap_stack_function(bool may_look)
{
	u64 bias, thread, faulted = teletap_python_faulted();
	int name = 0;

	if (teletap_python_here(may_look, &bias))
		return 0;
	thread = teletap_python_thread(bias);
	if (thread)
		name = teletap_stack_innermost(bias, thread);
	if (!name && teletap_python_faulted() != faulted)
		atomic64_inc(&teletap_stacks.unread);
	return name;
}

/* How many frames there are, at most 4096; -1: not known. */
static int teletap_stack_depth(bool may_look)
{
	u8 object[216] __aligned(8);
	u64 bias, thread, frame;
	int n = 0;

	if (teletap_python_here(may_look, &bias))
		return -1;
	thread = teletap_python_thread(bias);
	frame = thread ? teletap_python_innermost(thread) : 0;
	if (!frame)
		return thread ? 0 : -1;
	while (frame && n < 4096 && teletap_python_code(bias, &frame, object))
		n++;
	return n;
}

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which modules are imported, by which, and how long does it take? Page 230.
 *
 * A thread has a stack of the imports that it has under way, of which only it itself knows
 * anything: so that needs no care. Where a marker has one argument more, its name is a string
 * object, and CPython encodes nothing (wrapper/cpython/import_sites.h).
 */
#include "imports.h"
#define WORDS IMPORTS
#include "operands.h"
#include "words.h"

#define DEPTH 128 /* imports that a thread can have under way */
#define NO_WORD UINT32_MAX

struct import_tables tables;

#include "extension.h"

struct node_key {
	uint32_t parent, word, who;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, IMPORTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct node_key);
	__type(value, uint32_t);
} node_numbers SEC(".maps");

/* By thread: which one it is, another program's or an earlier one's; how many are open. */
struct importer {
	uint64_t birth, program;
	uint64_t depth;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, IMPORT_THREADS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, struct importer);
} by_thread SEC(".maps");

struct open_key {
	uint32_t tid, depth; /* from 1 */
};

struct open_import {
	uint32_t node, word;
	uint64_t start_ns;
	uint64_t inner_ns; /* spent in the imports above it */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, IMPORTS_OPEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct open_key);
	__type(value, struct open_import);
} under_way SEC(".maps");

/* The current thread's stack; one of an earlier thread or program is empty now. */
static __always_inline struct importer *importer_here(uint32_t tid, bool make)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct importer *i = bpf_map_lookup_elem(&by_thread, &tid), fresh = { 0 };

	fresh.birth = task->start_time;
	fresh.program = task->self_exec_id;
	if (i && (i->birth != fresh.birth || i->program != fresh.program))
		*i = fresh;
	if (i || !make)
		return i;
	if (bpf_map_update_elem(&by_thread, &tid, &fresh, BPF_NOEXIST))
		return NULL;
	return bpf_map_lookup_elem(&by_thread, &tid);
}

/*
 * The number of a module's name; 0: it cannot be read, or has no room, which is counted. Of one
 * that ends (begins: false) NO_WORD: no import has begun with a name that has a number.
 */
static __always_inline uint32_t name_of(uint64_t from, bool object, bool begins)
{
	struct word w = { 0 };
	uint32_t *known;

	if (!(object ? word_read_object(&w, from) : word_read(&w, from))) {
		count(&tables.totals.unread);
		return 0;
	}
	if (begins)
		return word_number(&tables.totals, &tables.n_words, tables.words, &w);
	known = bpf_map_lookup_elem(&word_numbers, &w);
	return known ? *known : NO_WORD;
}

/* 0: there is no room, which is counted, unless the import is lost already for want of a name. */
static __always_inline uint32_t node_of(uint32_t parent, uint32_t word)
{
	struct node_key key = { .parent = parent, .word = word, .who = who_here(&tables.totals) };
	uint64_t counted = 0;
	struct import *m;
	uint32_t number;
	bool is_new;

	number = entry_number(&node_numbers, &key, &tables.n_imports, IMPORTS,
			      word ? &tables.totals.full : &counted, &is_new);
	if (is_new) {
		m = &tables.imports[INDEX(number, IMPORTS)];
		m->parent = parent;
		m->word = word;
		m->who = key.who;
		__sync_fetch_and_add(&m->ready, 1);
	}
	return number;
}

SEC("uprobe/import__find__load__start")
int import_start(void *ctx)
{
	struct open_import open = { .start_ns = bpf_ktime_get_ns() }, *below;
	struct open_key key = { .tid = bpf_get_current_pid_tgid() };
	const struct site *site = site_of(ctx);
	struct importer *importer;
	int64_t name;

	if (!site || !watched())
		return 0;
	seen(&tables.totals);
	if (!operand_read(ctx, &site->operands[0], &name)) {
		count(&tables.totals.unread);
		return 0;
	}
	open.word = name_of(name, site->n_operands > 1, true);
	importer = importer_here(key.tid, true);
	if (!importer || importer->depth >= DEPTH) {
		count(&tables.totals.full);
		return 0;
	}
	key.depth = importer->depth;
	below = bpf_map_lookup_elem(&under_way, &key);
	open.node = node_of(key.depth && below ? below->node : 0, open.word);
	key.depth++;
	if (!open.node)
		return 0;
	if (bpf_map_update_elem(&under_way, &key, &open, BPF_ANY)) {
		count(&tables.totals.full);
		return 0;
	}
	importer->depth = key.depth;
	count(&tables.imports[INDEX(open.node, IMPORTS)].begun);
	return 0;
}

/* Whether a thread's import of that depth may have that name. Not static: see belongs. */
__attribute__((noinline)) uint64_t is_named(uint32_t tid, uint32_t depth, uint32_t word)
{
	struct open_key key = { .tid = tid, .depth = depth };
	struct open_import *open = bpf_map_lookup_elem(&under_way, &key);

	return open && (open->word == word || !open->word || !word);
}

/*
 * The depth of a thread's innermost import of that name, what lies above it having been left
 * without an end; 0: there is none. Not static, either.
 */
__attribute__((noinline)) uint64_t depth_of(uint32_t tid, uint32_t depth, uint32_t word)
{
	for (int i = 0; i < DEPTH && depth; i++, depth--) {
		if (is_named(tid, depth, word))
			return depth;
	}
	return 0;
}

/* Takes away a thread's imports of these depths. */
__attribute__((noinline)) uint64_t forget(uint32_t tid, uint32_t from, uint32_t to)
{
	struct open_key key = { .tid = tid, .depth = from };

	for (int i = 0; i < DEPTH && key.depth <= to; i++, key.depth++)
		bpf_map_delete_elem(&under_way, &key);
	return 0;
}

static __always_inline void import_add(const struct open_import *open, uint64_t took_ns, bool found)
{
	struct import *m = &tables.imports[INDEX(open->node, IMPORTS)];

	if (!found)
		count(&m->failed);
	__sync_fetch_and_add(&m->total_ns, took_ns);
	__sync_fetch_and_add(&m->self_ns, took_ns - open->inner_ns);
	count(&m->ended);
}

SEC("uprobe/import__find__load__done")
int import_done(void *ctx)
{
	struct open_key key = { .tid = bpf_get_current_pid_tgid() };
	const struct site *site = site_of(ctx);
	int64_t name, module, none = 0;
	struct open_import *open;
	struct importer *importer;
	uint64_t took_ns;

	if (!site || !watched())
		return 0;
	if (!operand_read(ctx, &site->operands[0], &name) ||
	    !operand_read(ctx, &site->operands[1], &module) ||
	    (site->n_operands > 2 && !operand_read(ctx, &site->operands[2], &none))) {
		count(&tables.totals.unread);
		return 0;
	}
	importer = importer_here(key.tid, false);
	if (importer)
		key.depth = depth_of(key.tid, importer->depth,
				     name_of(name, site->n_operands > 2, false));
	open = importer ? bpf_map_lookup_elem(&under_way, &key) : NULL;
	if (!open) {
		count(&tables.unpaired);
		return 0;
	}
	took_ns = bpf_ktime_get_ns() - open->start_ns;
	import_add(open, took_ns, module && module != none);
	forget(key.tid, key.depth, importer->depth);
	importer->depth = key.depth - 1;
	key.depth--;
	open = bpf_map_lookup_elem(&under_way, &key);
	if (key.depth && open)
		open->inner_ns += took_ns;
	if (!key.depth)
		bpf_map_delete_elem(&by_thread, &key.tid);
	return 0;
}

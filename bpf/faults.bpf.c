// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which Python functions have page faults, and let memory grow? Page 234. As
 * tapsets/teletap_memory.stp: memory is looked at after each fault and each call that changes
 * it, and what has changed since the look before is put down to the function of the moment.
 */
#include "faults.h"
#include "session.h"

struct fault_tables tables;

#include "here.h"

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum { CALL_MMAP = 9, CALL_MUNMAP = 11, CALL_BRK = 12, CALL_MREMAP = 25, CALL_MADVISE = 28 };

/* include/linux/mm_types_task.h */
enum { FILE_PAGES, ANONYMOUS_PAGES, SWAP_ENTRIES, SHARED_PAGES, COUNTERS };
#define KINDS 3

/*
 * How far each processor's own part of what the kernel keeps by processor lies from where its
 * pointers say. Not every kernel tells programs where it has these numbers: so they are learned
 * from a map, of which both are known. Source: kernel/bpf/arraymap.c.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint64_t);
} by_processor SEC(".maps");

struct bpf_array {
	void *pptrs[1];
} __attribute__((preserve_access_index));

/* From Linux 6.2 on. */
struct percpu_counter {
	int64_t count;
	int32_t *counters;
} __attribute__((preserve_access_index));

struct mm_struct___memory {
	unsigned long total_vm;
	struct task_struct *owner; /* with control groups of memory only */
	struct percpu_counter rss_stat[COUNTERS];
} __attribute__((preserve_access_index));

/* Before it: each thread keeps what its last faults have brought to itself. */
struct mm_rss_stat {
	struct {
		int64_t counter;
	} count[COUNTERS];
} __attribute__((preserve_access_index));

struct mm_struct___before {
	struct mm_rss_stat rss_stat;
} __attribute__((preserve_access_index));

struct task_rss_stat {
	int count[COUNTERS];
} __attribute__((preserve_access_index));

struct task_struct___before {
	struct task_rss_stat rss_stat;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct space_key);
	__type(value, struct space);
} spaces SEC(".maps");

struct row_key {
	uint32_t who, function;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FAULT_ROWS);
	__type(key, struct row_key);
	__type(value, uint32_t);
} row_numbers SEC(".maps");

struct resident {
	uint64_t at[KINDS]; /* pointers to the parts of processors, */
	uint64_t pointer;   /* and that of the map "by_processor" */
	int64_t sum;
	uint32_t unread;
};

static long add_part(uint32_t processor, void *ctx)
{
	uint32_t zero = 0;
	struct resident *r = ctx;
	void *mine = bpf_map_lookup_percpu_elem(&by_processor, &zero, processor);
	uint64_t offset;
	int32_t part;

	/* By way of memory it is a number, which may be calculated with. */
	if (!mine || bpf_probe_read_kernel(&offset, sizeof(offset), &mine)) {
		r->unread = 1;
		return 1;
	}
	offset -= r->pointer;
	for (int i = 0; i < KINDS; i++) {
		if (bpf_probe_read_kernel(&part, sizeof(part), (const void *)(r->at[i] + offset)))
			r->unread = 1;
		r->sum += part;
	}
	return 0;
}

/* Pages of the current process that are in memory: what the kernel shows is rough. */
static __always_inline int64_t resident_once(struct mm_struct___memory *mm, struct resident *r)
{
	r->sum = mm->rss_stat[FILE_PAGES].count + mm->rss_stat[ANONYMOUS_PAGES].count +
		 mm->rss_stat[SHARED_PAGES].count;
	bpf_core_read(&r->at[0], 8, &mm->rss_stat[FILE_PAGES].counters);
	bpf_core_read(&r->at[1], 8, &mm->rss_stat[ANONYMOUS_PAGES].counters);
	bpf_core_read(&r->at[2], 8, &mm->rss_stat[SHARED_PAGES].counters);
	bpf_loop(config.processors, add_part, r, 0);
	return r->sum;
}

/* The same before Linux 6.2, the current thread's own part with it. */
static __always_inline int64_t resident_before(struct mm_struct___before *mm)
{
	struct task_struct___before *task =
		(struct task_struct___before *)bpf_get_current_task_btf();
	int64_t sum = BPF_CORE_READ(mm, rss_stat.count[FILE_PAGES].counter) +
		      BPF_CORE_READ(mm, rss_stat.count[ANONYMOUS_PAGES].counter) +
		      BPF_CORE_READ(mm, rss_stat.count[SHARED_PAGES].counter);

	if (bpf_core_field_exists(task->rss_stat))
		sum += BPF_CORE_READ(task, rss_stat.count[FILE_PAGES]) +
		       BPF_CORE_READ(task, rss_stat.count[ANONYMOUS_PAGES]) +
		       BPF_CORE_READ(task, rss_stat.count[SHARED_PAGES]);
	return sum > 0 ? sum : 0;
}

/*
 * While a part becomes a part of the sum it can be seen in both, or in none: it takes two that
 * are the same. Negative: it cannot be read.
 */
static __always_inline int64_t resident_now(struct mm_struct___memory *mm)
{
	struct bpf_array *array = (struct bpf_array *)&by_processor;
	struct resident r = { 0 };
	int64_t last, sum;
	uint64_t at;

	if (bpf_probe_read_kernel(&at, sizeof(at), &array))
		return -1;
	at += __builtin_preserve_field_info(((struct bpf_array *)0)->pptrs, BPF_FIELD_BYTE_OFFSET);
	if (bpf_probe_read_kernel(&r.pointer, sizeof(r.pointer), (const void *)at))
		return -1;
	last = sum = resident_once(mm, &r);
	for (int i = 0; i < 4; i++) {
		sum = resident_once(mm, &r);
		if (sum == last)
			break;
		last = sum;
	}
	return r.unread ? -1 : sum;
}

static __always_inline int64_t resident(struct mm_struct *mm)
{
	if (bpf_core_type_exists(struct mm_rss_stat))
		return resident_before((struct mm_struct___before *)mm);
	return resident_now((struct mm_struct___memory *)mm);
}

/* The current address space, *fresh: it has not been looked at before. */
static __always_inline struct space *space_here(struct mm_struct *mm, int64_t pages, bool *fresh)
{
	struct mm_struct___memory *m = (struct mm_struct___memory *)mm;
	struct task_struct *owner = bpf_get_current_task_btf();
	struct space_key key = { 0 };
	struct space new = { .resident = pages, .mapped = m->total_vm }, *s;

	if (bpf_core_field_exists(m->owner) && m->owner)
		owner = m->owner;
	key.mm = (uint64_t)mm;
	key.stack = mm->start_stack;
	key.code = mm->start_code;
	key.birth = owner->group_leader->start_time;
	s = bpf_map_lookup_elem(&spaces, &key);
	*fresh = !s;
	if (s)
		return s;
	new.pid = owner->tgid;
	if (bpf_map_update_elem(&spaces, &key, &new, BPF_NOEXIST) == 0)
		return NULL;
	s = bpf_map_lookup_elem(&spaces, &key); /* another thread was faster */
	if (!s)
		count(&tables.totals.full);
	return s;
}

static __always_inline struct fault_row *row_here(void)
{
	struct row_key key = { .who = who_here(&tables.totals), .function = function_here() };
	struct fault_row *row;
	uint32_t number;
	bool is_new;

	seen(&tables.totals);
	number = entry_number(&row_numbers, &key, &tables.n_rows, FAULT_ROWS, &tables.totals.full,
			      &is_new);
	if (!number)
		return NULL;
	row = &tables.rows[INDEX(number, FAULT_ROWS)];
	if (is_new) {
		row->who = key.who;
		row->function = key.function;
		count(&row->ready);
	}
	return row;
}

static __always_inline void change(uint64_t *sums, int64_t pages)
{
	if (pages > 0)
		__sync_fetch_and_add(&sums[0], pages);
	if (pages < 0)
		__sync_fetch_and_add(&sums[1], -pages);
}

/* fault: the sum of a fault that has been served; negative: a call has changed the memory. */
static __always_inline void memory_event(int fault, bool looks_only)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;
	int64_t pages, mapped;
	struct fault_row *row;
	struct space *s;
	bool fresh;

	if (!mm || !ours(task))
		return;
	pages = resident(mm);
	mapped = ((struct mm_struct___memory *)mm)->total_vm;
	if (pages < 0) {
		count(&tables.totals.unread);
		return;
	}
	s = space_here(mm, pages, &fresh);
	if (looks_only)
		return;
	row = row_here();
	if (!row)
		return;
	if (fault >= 0)
		count(&row->sums[fault]);
	if (!s || fresh)
		return;
	change(&row->sums[SPACE_GROWN], pages - __sync_lock_test_and_set(&s->resident, pages));
	change(&row->sums[SPACE_MAPPED], mapped - __sync_lock_test_and_set(&s->mapped, mapped));
}

/* Software events: mm_account_fault in mm/memory.c raises them when it counts a fault. */
SEC("perf_event")
int minor_fault(void *ctx __attribute__((unused)))
{
	memory_event(SPACE_MINOR, false);
	return 0;
}

SEC("perf_event")
int major_fault(void *ctx __attribute__((unused)))
{
	memory_event(SPACE_MAJOR, false);
	return 0;
}

static __always_inline bool changes_memory(uint64_t call)
{
	return call == CALL_MMAP || call == CALL_MUNMAP || call == CALL_BRK ||
	       call == CALL_MREMAP || call == CALL_MADVISE;
}

/* From the first look at a process on, growth counts. */
SEC("tp_btf/sys_enter")
int call_begun(uint64_t *ctx)
{
	if (changes_memory(ctx[1]))
		memory_event(-1, true);
	return 0;
}

SEC("tp_btf/sys_exit")
int call_over(uint64_t *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];

	if (changes_memory(regs->orig_ax))
		memory_event(-1, false);
	return 0;
}

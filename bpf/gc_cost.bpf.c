// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What else do collections cost: page faults, in forked children, at exit? Page 213. Whether a
 * fault copied a page is known to the kernel's function for it alone, where no program can be.
 */
#include "gc_cost.h"
#include "session.h"

struct cost_tables tables;

#include "extension.h"

/* What is kept of a collection under way. */
#define GC_MORE uint64_t minor, major, process; /* process: its number; 0: it has no place */
#include "gc_begun.h"

#define THREADS_MOST 8192 /* of a process whose faults are added up */

struct process_key {
	uint64_t birth;
	uint64_t pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COST_PROCESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct process_key);
	__type(value, uint32_t);
} process_numbers SEC(".maps");

struct thread_walk {
	uint64_t at, head;
	struct cost_faults sum;
};

/* For bpf_loop: adds a thread of the kernel's list. 1: there is an end. */
static long thread_add(uint32_t i, void *ctx)
{
	struct thread_walk *w = ctx;
	struct task_struct *task;
	uint64_t minor = 0, major = 0;

	(void)i;
	if (w->at == w->head)
		return 1;
	task = (struct task_struct *)(w->at - (uint64_t) & ((struct task_struct *)0)->thread_node);
	if (bpf_probe_read_kernel(&minor, sizeof(minor), &task->min_flt) ||
	    bpf_probe_read_kernel(&major, sizeof(major), &task->maj_flt) ||
	    bpf_probe_read_kernel(&w->at, sizeof(w->at), (const void *)w->at))
		return 1;
	w->sum.minor += minor;
	w->sum.major += major;
	return 0;
}

/* The page faults of the current process; false: it has too many threads. */
static __always_inline bool faults_of(struct task_struct *task, struct cost_faults *out)
{
	struct signal_struct *signal = task->signal;
	struct thread_walk w = { 0 };

	w.sum.minor = signal->min_flt;
	w.sum.major = signal->maj_flt;
	w.head = (uint64_t)&signal->thread_head;
	if (bpf_probe_read_kernel(&w.at, sizeof(w.at), (const void *)w.head))
		return false;
	bpf_loop(THREADS_MOST, thread_add, &w, 0);
	*out = w.sum;
	return w.at == w.head;
}

/*
 * The number of the current process, which begins a collection: from its first one on its faults
 * count. 0: there is no room, or it has too many threads, which is counted.
 */
static __always_inline uint32_t process_number(struct task_struct *task)
{
	struct process_key key = { .birth = task->group_leader->start_boottime, .pid = task->tgid };
	struct cost_faults first = { 0 };
	struct cost_process *p;
	uint32_t *known = bpf_map_lookup_elem(&process_numbers, &key), number;
	bool is_new;

	if (known)
		return *known;
	if (task->group_leader->start_time < tables.loaded_ns && !faults_of(task, &first)) {
		count(&tables.totals.unread);
		return 0;
	}
	number = entry_number(&process_numbers, &key, &tables.n_processes, COST_PROCESSES,
			      &tables.totals.full, &is_new);
	if (!is_new)
		return number;
	p = &tables.processes[INDEX(number, COST_PROCESSES)];
	p->birth = key.birth;
	p->pid = key.pid;
	p->first = p->last = first;
	count(&p->ready);
	return number;
}

/* Number 0 has an entry, too, which nobody reads. */
static __always_inline struct cost_process *process_at(uint32_t number)
{
	return &tables.processes[INDEX(number, COST_PROCESSES)];
}

SEC("tp_btf/sched_process_exit")
int process_exit(void *ctx __attribute__((unused)))
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_key key = { .birth = task->group_leader->start_boottime, .pid = task->tgid };
	uint32_t *number = bpf_map_lookup_elem(&process_numbers, &key);
	struct cost_faults last;
	struct cost_process *p;

	if (!number || task->signal->live.counter)
		return 0;
	p = process_at(*number);
	/* Of threads that end at once, several may see that none is left. */
	if (faults_of(task, &last) && extend(&p->last.minor, last.minor, true) &&
	    extend(&p->last.major, last.major, true))
		count(&p->ended);
	else
		count(&tables.totals.unread);
	return 0;
}

SEC("uprobe/gc__start")
int gc_start(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct begun b = { 0 };
	const struct begun *unended;

	if (!watched())
		return 0;
	if (gc_generation(ctx, &b))
		b.process = process_number(task);
	unended = gc_unended();
	if (unended)
		__sync_fetch_and_add(&process_at(unended->process)->collecting, -1);
	b.minor = task->min_flt;
	b.major = task->maj_flt;
	if (gc_keep(&b) && b.process)
		__sync_fetch_and_add(&process_at(b.process)->collecting, 1);
	return 0;
}

/* Whether the interpreter is being shut down. */
static __always_inline bool is_ending(uint64_t bias)
{
	uint64_t thread = 0;

	if (config.runtime &&
	    bpf_probe_read_user(&thread, sizeof(thread),
				(const void *)(config.runtime + bias + config.python.r_ending)))
		count(&tables.totals.unread);
	return thread;
}

static __always_inline void cost_add(const struct begun *b, struct task_struct *task,
				     uint64_t pause_ns, bool ending)
{
	uint32_t who = who_here(&tables.totals);
	uint64_t generation = INDEX(b->generation, COST_GENERATIONS - 1);
	struct cost_sums *s = &tables.sums[INDEX(who, WHOS)][generation];

	__sync_fetch_and_add(&s->minor, task->min_flt - b->minor);
	__sync_fetch_and_add(&s->major, task->maj_flt - b->major);
	if (task->group_leader->flags & PF_FORKNOEXEC) {
		__sync_fetch_and_add(&s->forked_ns, pause_ns);
		count(&s->forked_runs);
	}
	if (ending) {
		__sync_fetch_and_add(&s->ending_ns, pause_ns);
		count(&s->ending_runs);
	}
	count(&s->runs);
}

SEC("uprobe/gc__done")
int gc_done(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns(), bias;
	struct task_struct *task = bpf_get_current_task_btf();
	const struct site *site = site_of(ctx);
	struct begun b;

	if (!site || !gc_ended(&b))
		return 0;
	bias = operand_register(ctx, AT_IP) - site->address;
	cost_add(&b, task, now - b.ns, is_ending(bias));
	if (b.process)
		__sync_fetch_and_add(&process_at(b.process)->collecting, -1);
	seen(&tables.totals);
	return 0;
}

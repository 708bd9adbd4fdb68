/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel: what BPF programs need to know of the kernel. Its structs have the members that
 * are used, and libbpf puts in where they lie in the running kernel (CO-RE), so that one
 * object serves all.
 */
#ifndef TELETAP_BPF_KERNEL_H
#define TELETAP_BPF_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The names by which libbpf's headers know them. */
typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef uint64_t __u64;
typedef int32_t __s32;
typedef int64_t __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Source: include/uapi/linux/bpf.h. */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_MMAPABLE = 1024 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };

#define EBUSY 16
#define EEXIST 17

/*
 * A number as an index, 0 in place of one that is larger than most, which cannot be. In
 * assembler, since clang leaves a check out where it knows the number, or makes the address
 * before it, and then the kernel's verifier does not know it.
 */
#define INDEX(number, most)                                                                        \
	({                                                                                         \
		uint64_t index_ = (number);                                                        \
		asm volatile("if %0 <= %1 goto +1\n%0 = 0" : "+r"(index_) : "i"(most));            \
		index_;                                                                            \
	})

struct thread_struct {
	unsigned long fsbase;
} __attribute__((preserve_access_index));

struct mm_struct {
	unsigned long start_code, end_code, start_stack, arg_start, arg_end;
} __attribute__((preserve_access_index));

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

struct list_head {
	struct list_head *next, *prev;
} __attribute__((preserve_access_index));

struct signal_struct {
	struct {
		int counter;
	} live; /* threads that have not ended */
	struct list_head thread_head;
	unsigned long min_flt, maj_flt; /* of threads that have ended */
	int group_exit_code;
	unsigned int flags;
} __attribute__((preserve_access_index));

#define TASK_COMM_LEN 16
/* include/linux/sched.h */
#define PF_IO_WORKER 0x10  /* of io_uring: it runs nothing of the program */
#define PF_FORKNOEXEC 0x40 /* forked, and not exec'd since */
#define PF_KTHREAD 0x200000

struct kernfs_node {
	uint64_t id;
} __attribute__((preserve_access_index));

struct cgroup;
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
} __attribute__((preserve_access_index));

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
} __attribute__((preserve_access_index));

/* Of a task: dfl_cgrp is its cgroup of version 2 (include/linux/cgroup-defs.h). */
struct css_set {
	struct cgroup *dfl_cgrp;
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	int tgid;
	int exit_code;
	unsigned int flags;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct css_set *cgroups;
	uint64_t start_time, start_boottime;
	struct list_head thread_node;
	unsigned long min_flt, maj_flt;
	uint64_t self_exec_id;
	char comm[TASK_COMM_LEN];
	struct thread_struct thread;
} __attribute__((preserve_access_index));

/* What a look at all threads is given; include/linux/bpf.h, BPF_ITER. */
struct bpf_iter__task {
	void *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

char LICENSE[] SEC("license") = "GPL";

#endif

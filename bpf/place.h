/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place: where the target's file lies in a process. As a rule it is the program itself, and the
 * kernel remembers where a program's code begins and ends. A library is looked for among the
 * mappings of all processes when the probes are there, and then in those that are new. As
 * tapsets/teletap_place.stp. Programs named library_... are loaded for a library only.
 */
#ifndef TELETAP_BPF_PLACE_H
#define TELETAP_BPF_PLACE_H

#include "session.h"

#define PAGE_SIZE 4096
#define PROT_EXEC 4 /* include/uapi/asm-generic/mman-common.h */
#define VM_EXEC 4   /* include/linux/mm.h */
#define MMAP 9      /* arch/x86/entry/syscalls/syscall_64.tbl */

struct inode {
	int64_t i_size;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

struct vm_area_struct {
	unsigned long vm_start, vm_flags, vm_pgoff;
	struct file *vm_file;
} __attribute__((preserve_access_index));

struct bpf_iter__task_vma {
	void *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
} __attribute__((preserve_access_index));

struct pt_regs {
	unsigned long dx, orig_ax;
} __attribute__((preserve_access_index));

/* An address space, whose layout is random: after fork two have the same, and the same place. */
struct place {
	uint64_t start_code, end_code, start_stack;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct place);
	__type(value, uint64_t);
} places SEC(".maps");

/* What is to be added to an address in the file; false: it is not there, or not known. */
static __always_inline bool place_of(const struct mm_struct *mm, uint64_t *bias)
{
	struct place key = { mm->start_code, mm->end_code, mm->start_stack };
	uint64_t *found;

	if (!config.library) {
		*bias = mm->start_code - config.text;
		return mm->end_code - mm->start_code == config.length &&
		       (config.moves || mm->start_code == config.text);
	}
	found = bpf_map_lookup_elem(&places, &key);
	if (found)
		*bias = *found;
	return found;
}

/* A mapping, which may be that of the file's code. */
static __always_inline void place_take(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	struct place key = { 0 };
	struct file *file = vma->vm_file;
	uint64_t bias = vma->vm_start - (config.text & ~(uint64_t)(PAGE_SIZE - 1));
	struct inode *inode;

	if (!mm || !file || !(vma->vm_flags & VM_EXEC) || vma->vm_pgoff != config.page)
		return;
	inode = file->f_inode;
	if (!inode || (uint64_t)inode->i_size != config.bytes)
		return;
	key.start_code = mm->start_code;
	key.end_code = mm->end_code;
	key.start_stack = mm->start_stack;
	if (bpf_map_update_elem(&places, &key, &bias, BPF_ANY))
		count(&tables.totals.full);
}

SEC("iter/task_vma")
int library_found(struct bpf_iter__task_vma *ctx)
{
	const struct vm_area_struct *vma = ctx->vma;
	const struct task_struct *task = ctx->task;

	if (task && vma)
		place_take(task->mm, vma);
	return 0;
}

static long take_new(struct task_struct *task, struct vm_area_struct *vma, void *ctx)
{
	(void)ctx;
	place_take(task->mm, vma);
	return 0;
}

SEC("tp_btf/sys_exit")
int library_mapped(uint64_t *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	uint64_t nothing = 0;

	if (regs->orig_ax == MMAP && regs->dx & PROT_EXEC &&
	    bpf_find_vma(bpf_get_current_task_btf(), ctx[1], take_new, &nothing, 0) == -EBUSY)
		count(&tables.totals.unread);
	return 0;
}

#endif

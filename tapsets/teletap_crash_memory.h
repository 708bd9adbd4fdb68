/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept of the memory of a process that dies: registers, stack, the ring's last lines,
 * the files whose code it ran.
 */
#ifndef TELETAP_CRASH_MEMORY_H
#define TELETAP_CRASH_MEMORY_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "teletap_escape.h"
#include "teletap_place.h"

/* Memory is kept in pieces. There is room for each row of teletap_crash.stp. */
#define TELETAP_CRASH_MEMORIES 4
#define TELETAP_CRASH_PIECES 170
#define TELETAP_CRASH_PIECE 256
#define TELETAP_CRASH_MAPPED 48
#define TELETAP_CRASH_PATH 200
#define TELETAP_CRASH_STACK 8192

enum { TELETAP_CRASH_REGISTERS, TELETAP_CRASH_OF_STACK, TELETAP_CRASH_OF_RING };

struct teletap_crash_memory {
	s64 unread; /* places that could not be read */
	int n_pieces, n_mapped, n_unmapped;
	struct {
		u64 at; /* address; of the ring: from its beginning */
		u16 part, len;
		char bytes[TELETAP_CRASH_PIECE];
	} pieces[TELETAP_CRASH_PIECES];
	struct {
		u64 start, end, offset, inode;
		char path[TELETAP_CRASH_PATH];
	} mapped[TELETAP_CRASH_MAPPED];
};

static struct teletap_crash_memory teletap_crash_memories[TELETAP_CRASH_MEMORIES];

/* Bytes of the process's memory that are there, in pieces. */
static void teletap_crash_copy(struct teletap_crash_memory *c, int part, u64 address, u64 at,
			       u32 len)
{
	while (len && c->n_pieces < TELETAP_CRASH_PIECES) {
		u32 n = min_t(u32, len, TELETAP_CRASH_PIECE);

		n = min_t(u64, n, PAGE_SIZE - (address & (PAGE_SIZE - 1)));
		c->pieces[c->n_pieces].part = part;
		c->pieces[c->n_pieces].at = at;
		c->pieces[c->n_pieces].len = n;
		if (copy_from_user_nofault(c->pieces[c->n_pieces].bytes,
					   (const void __user *)(unsigned long)address, n))
			c->unread++;
		else
			c->n_pieces++;
		address += n;
		at += n;
		len -= n;
	}
}

/* In the order in which DWARF numbers them. */
static void teletap_crash_registers(struct teletap_crash_memory *c)
{
	const struct pt_regs *r = task_pt_regs(current);
	const u64 values[] = { r->ax, r->dx,  r->cx,  r->bx,  r->si,  r->di,  r->bp,  r->sp, r->r8,
			       r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->ip };
	u64 top = r->sp - 128; /* leaf functions use what is below */

	c->pieces[0].part = TELETAP_CRASH_REGISTERS;
	c->pieces[0].at = 0;
	c->pieces[0].len = sizeof(values);
	memcpy(c->pieces[0].bytes, values, sizeof(values));
	c->n_pieces = 1;
	teletap_crash_copy(c, TELETAP_CRASH_OF_STACK, top, top, TELETAP_CRASH_STACK);
}

/* One slot of the ring (include/teletap.h), without what its text does not fill. */
static u32 teletap_crash_slot(struct teletap_crash_memory *c, u64 ring, u64 at, u32 size)
{
	u16 length;

	if (copy_from_user_nofault(&length, (const void __user *)(unsigned long)(ring + at + 42),
				   sizeof(length))) {
		c->unread++;
		return 48;
	}
	size = min_t(u32, size, 48 + (length + 7u) / 8 * 8);
	teletap_crash_copy(c, TELETAP_CRASH_OF_RING, ring + at, at, size);
	return size;
}

/* The ring's header, and the last slots of each lane. */
static void teletap_crash_ring(struct teletap_crash_memory *c, u64 ring)
{
	static const int wanted[] = { 100, 16, 24 }, bytes[] = { 24576, 2048, 3072 };
	struct {
		char magic[8];
		u32 version, header, slot, lanes, lines, pid;
		u64 start;
		char provider[40];
		u64 check, lost, next[4];
	} head;
	int lane, i;

	if (copy_from_user_nofault(&head, (const void __user *)(unsigned long)ring, sizeof(head))) {
		c->unread++;
		return;
	}
	if (memcmp(head.magic, "teletap\n", 8) || head.header != sizeof(head) || head.slot < 112 ||
	    head.slot > 32816 || head.lanes != 3 || head.lines < 16 || head.lines > 100000)
		return;
	teletap_crash_copy(c, TELETAP_CRASH_OF_RING, ring, 0, sizeof(head));
	for (lane = 0; lane < 3; lane++) {
		int left = bytes[lane];

		for (i = 1;
		     i <= wanted[lane] && i <= head.lines && i <= head.next[lane] && left > 0;
		     i++) {
			u32 slot = (head.next[lane] - i) % head.lines;

			left -= teletap_crash_slot(
				c, ring, sizeof(head) + (u64)head.slot * (head.lines * lane + slot),
				head.slot);
		}
	}
}

/* As many as vm.max_map_count allows by default, and the walk takes a millisecond. */
#define TELETAP_CRASH_MAPS 65536

/* Where code of the process lies, for those who read its stack. */
static void teletap_crash_maps(struct teletap_crash_memory *c)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int n = 0;

	if (!mm || !mmap_read_trylock(mm)) {
		c->unread++;
		return;
	}
	{
		VMA_ITERATOR(at, mm, 0);

		for_each_vma(at, vma)
		{
			char *path = c->mapped[c->n_mapped].path;

			if (++n > TELETAP_CRASH_MAPS) {
				c->n_unmapped++;
				break;
			}
			if (!(vma->vm_flags & VM_EXEC))
				continue;
			if (c->n_mapped == TELETAP_CRASH_MAPPED) {
				c->n_unmapped++;
				continue;
			}
			path = vma->vm_file
				       ? d_path(&vma->vm_file->f_path, path, TELETAP_CRASH_PATH)
				       : "[anon]";
			if (IS_ERR(path)) {
				c->n_unmapped++;
				continue;
			}
			memmove(c->mapped[c->n_mapped].path, path, strlen(path) + 1);
			c->mapped[c->n_mapped].start = vma->vm_start;
			c->mapped[c->n_mapped].end = vma->vm_end;
			c->mapped[c->n_mapped].offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
			c->mapped[c->n_mapped].inode =
				vma->vm_file ? file_inode(vma->vm_file)->i_ino : 0;
			c->n_mapped++;
		}
	}
	mmap_read_unlock(mm);
}

/*
 * Keeps what the current process's memory tells, for the row at this place, from 1 on. ring
 * and mapped as in teletap_crash_take.
 */
static void teletap_crash_keep(int place, u64 ring, u64 mapped)
{
	struct teletap_crash_memory *c = &teletap_crash_memories[place - 1];
	u64 bias, file;

	c->n_pieces = c->n_mapped = c->n_unmapped = 0;
	c->unread = 0;
	if (!current->mm)
		return;
	teletap_crash_registers(c);
	teletap_crash_maps(c);
	if (ring && !teletap_place_find(current->mm, true, &bias)) {
		if (copy_from_user_nofault(&file,
					   (const void __user *)(unsigned long)(mapped + bias),
					   sizeof(file)))
			file = 0;
		teletap_crash_ring(c, file ? file : ring + bias);
	}
}

static const struct teletap_crash_memory *teletap_crash_kept(s64 place)
{
	return &teletap_crash_memories[(place - 1) & (TELETAP_CRASH_MEMORIES - 1)];
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the target's file lies in the memory of the current process.
 */
#ifndef TELETAP_PLACE_H
#define TELETAP_PLACE_H

#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched.h>

/* The file's code, and whether its addresses are relative. Set by the probe below. */
static struct {
	u64 text, offset, length, size;
	bool moves;
} teletap_target;

/* Is the target's file the program of this address space? The kernel keeps that. */
static bool teletap_place_program(const struct mm_struct *mm)
{
	return mm->end_code - mm->start_code == teletap_target.length &&
	       (teletap_target.moves || mm->start_code == teletap_target.text);
}

/*
 * Where the target's file lies in the current process. As a rule it is the program
 * itself, and the kernel remembers where a program's code begins and ends. Otherwise
 * its code is looked for among the mappings. The lock is only tried, so that no
 * context can deadlock; letting it go can wake a waiter up, which must not be done
 * under the scheduler's locks: hence only where interrupts are on, or in a timer's.
 */
static int teletap_place_find(struct mm_struct *mm, bool may_look, u64 *bias)
{
	u64 start = teletap_target.text & PAGE_MASK;
	struct vm_area_struct *vma;
	int err = -ENOENT, n = 0;

	if (teletap_place_program(mm)) {
		*bias = mm->start_code - teletap_target.text;
		return 0;
	}
	if (!may_look || !mmap_read_trylock(mm))
		return -EAGAIN;
	{
		VMA_ITERATOR(at, mm, 0);

		for_each_vma(at, vma)
		{
			if (++n > 65536)
				break;
			if (!vma->vm_file || !(vma->vm_flags & VM_EXEC) ||
			    vma->vm_pgoff != teletap_target.offset >> PAGE_SHIFT ||
			    i_size_read(file_inode(vma->vm_file)) != teletap_target.size)
				continue;
			*bias = vma->vm_start - start;
			err = 0;
			break;
		}
	}
	mmap_read_unlock(mm);
	return err;
}

/* May it be looked for here? Interrupts are off in the scheduler, but in a timer's, too. */
#define TELETAP_MAY_LOOK (!irqs_disabled() || (in_hardirq() && TELETAP_IN_TIMER))
#define TELETAP_IN_TIMER                                                                           \
	(CONTEXT->probe_type == stp_probe_type_perf ||                                             \
	 CONTEXT->probe_type == stp_probe_type_hrtimer ||                                          \
	 CONTEXT->probe_type == stp_probe_type_timer)

/* Places found, by address space. An address space may be reused: its layout is checked. */
struct teletap_place {
	struct mm_struct *mm;
	u64 stack, code; /* start of its stack and code, at random places */
	u64 bias;
	unsigned long found;
	int state; /* 0 or what the check said; -ENOENT: not in this process, for some time */
};

#define TELETAP_PLACES_BITS 8
static struct teletap_place teletap_places[1 << TELETAP_PLACES_BITS];
static DEFINE_RAW_SPINLOCK(teletap_places_lock);

/*
 * Sets *bias, what is to be added to an address in the file. check is called once in an
 * address space, and what it returned (not -EAGAIN) is returned from then on. -ENOENT: the
 * file is not there; -EAGAIN: it cannot be looked for here and now.
 */
static int teletap_place(bool may_look, int (*check)(u64 bias), u64 *bias)
{
	struct mm_struct *mm = current->mm;
	struct teletap_place *slot, place;
	unsigned long flags;
	int err;

	if (!mm)
		return -ENOENT;
	slot = &teletap_places[hash_ptr(mm, TELETAP_PLACES_BITS)];
	raw_spin_lock_irqsave(&teletap_places_lock, flags);
	place = *slot;
	raw_spin_unlock_irqrestore(&teletap_places_lock, flags);
	if (place.mm == mm && place.stack == mm->start_stack && place.code == mm->start_code &&
	    (place.state != -ENOENT || time_before(jiffies, place.found + HZ / 10))) {
		*bias = place.bias;
		return place.state;
	}

	place = (struct teletap_place){
		.mm = mm, .stack = mm->start_stack, .code = mm->start_code, .found = jiffies
	};
	err = teletap_place_find(mm, may_look, &place.bias);
	if (!err)
		err = check(place.bias);
	if (err == -EAGAIN)
		return err;
	place.state = err;
	raw_spin_lock_irqsave(&teletap_places_lock, flags);
	*slot = place;
	raw_spin_unlock_irqrestore(&teletap_places_lock, flags);
	*bias = place.bias;
	return err;
}

#endif

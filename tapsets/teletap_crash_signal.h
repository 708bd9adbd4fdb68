/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a process's signals when it dies: who has sent them, and what it dies of.
 */
#ifndef TELETAP_CRASH_SIGNAL_H
#define TELETAP_CRASH_SIGNAL_H

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>

/*
 * What was seen of a process's signals before it ends, by its number: the last one sent
 * to it, and the one that it dies of. Another process may take the place: then that is not
 * known.
 */
#define TELETAP_CRASH_NOTES 256

struct teletap_crash_note {
	pid_t sent_to, sender, died, tid;
	int sent, number, code;
	u64 address;
	char name[TASK_COMM_LEN];
};

static struct teletap_crash_note teletap_crash_notes[TELETAP_CRASH_NOTES];
static DEFINE_RAW_SPINLOCK(teletap_crash_note_lock);

static struct teletap_crash_note *teletap_crash_note(pid_t pid)
{
	return &teletap_crash_notes[(u32)pid % TELETAP_CRASH_NOTES];
}

static void teletap_crash_sent(int number, unsigned long info, struct task_struct *task)
{
	const struct kernel_siginfo *from = (const struct kernel_siginfo *)info;
	/* SEND_SIG_NOINFO is 0, SEND_SIG_PRIV 1; codes above 0 are the kernel's, and timers. */
	bool kernel = info == 1 || (info > 1 && (from->si_code > 0 || from->si_code == SI_TIMER));
	struct teletap_crash_note *n = teletap_crash_note(task->tgid);
	unsigned long flags;

	if (number < 1 || number >= SIGRTMIN || sig_kernel_ignore(number) ||
	    sig_kernel_stop(number))
		return;
	raw_spin_lock_irqsave(&teletap_crash_note_lock, flags);
	n->sent_to = task->tgid;
	n->sent = number;
	n->sender = kernel ? 0 : current->tgid;
	memcpy(n->name, kernel ? "" : current->group_leader->comm, kernel ? 1 : TASK_COMM_LEN);
	raw_spin_unlock_irqrestore(&teletap_crash_note_lock, flags);
}

static void teletap_crash_delivered(int number, unsigned long info, const struct k_sigaction *ka)
{
	const struct kernel_siginfo *from = (const struct kernel_siginfo *)info;
	struct teletap_crash_note *n = teletap_crash_note(current->tgid);
	unsigned long flags;

	if (info < 2 || number < 1 || number > 64 || ka->sa.sa_handler != SIG_DFL ||
	    sig_kernel_ignore(number) || sig_kernel_stop(number))
		return;
	raw_spin_lock_irqsave(&teletap_crash_note_lock, flags);
	n->died = current->tgid;
	n->tid = current->pid;
	n->number = number;
	n->code = from->si_code;
	n->address = 0;
	if (from->si_code > 0 && number == SIGSYS)
		n->address = from->si_syscall;
	else if (from->si_code > 0 &&
		 (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE))
		n->address = (unsigned long)from->si_addr;
	raw_spin_unlock_irqrestore(&teletap_crash_note_lock, flags);
}

/* The place of the current process's note, as it is now. */
static struct teletap_crash_note teletap_crash_noted(void)
{
	struct teletap_crash_note n;
	unsigned long flags;

	raw_spin_lock_irqsave(&teletap_crash_note_lock, flags);
	n = *teletap_crash_note(current->tgid);
	raw_spin_unlock_irqrestore(&teletap_crash_note_lock, flags);
	return n;
}

/* Is it another thread of the process that takes the signal it dies of? */
static bool teletap_crash_other_thread(void)
{
	struct teletap_crash_note n = teletap_crash_noted();

	return n.died == current->tgid && n.tid != current->pid;
}

/*
 * Of the signal that the current process dies of: its code and address (of SIGSYS, the system
 * call's number), 0 where not known.
 * Returns who has sent it: a process, whose name is then in name; 0 the kernel; -1 not
 * known; -2 the kernel for want of memory.
 */
static s64 teletap_crash_sender(int number, s64 *code, s64 *address, char name[TASK_COMM_LEN])
{
	struct teletap_crash_note n = teletap_crash_noted();
	bool noted = n.died == current->tgid && n.number == number;
	s64 sender = -1;

	*code = noted ? n.code : 0;
	*address = noted ? n.address : 0;
	memset(name, 0, TASK_COMM_LEN);
	if (n.sent_to == current->tgid && n.sent == number && number) {
		sender = n.sender;
		memcpy(name, n.name, TASK_COMM_LEN);
	}
	return number == SIGKILL && current->signal->oom_mm && sender < 1 ? -2 : sender;
}

#endif

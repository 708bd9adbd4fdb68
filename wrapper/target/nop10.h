/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nop10: the nop of ten bytes behind the marker's own, where newer kernels trap faster.
 */
#ifndef TELETAP_TARGET_NOP10_H
#define TELETAP_TARGET_NOP10_H

#include <stdbool.h>

#define NOP10_SIZE 10
#define NOP10_BYTES                                                                                \
	{                                                                                          \
		0x66, 0x2e, 0x0f, 0x1f, 0x84                                                       \
	}

/*
 * Whether the kernel makes a probed nop10 a call that harms no program, as a trial on this
 * program's own code shows. Tried once in a process; takes 50 ms where the kernel does.
 */
bool nop10_works(void);

enum nop10_verdict {
	NOP10_WORKS,
	NOP10_REFUSED, /* the kernel takes no probe there, or none at all */
	NOP10_TRAPS,   /* it stays a trap */
	NOP10_WRITES,  /* the red zone has changed */
	NOP10_KILLS    /* a process dies of it */
};

/*
 * The same for any nop: pass() runs over it, and says whether the stack is as it was;
 * site is where it lies in this program.
 */
enum nop10_verdict nop10_trial(bool (*pass)(void), const unsigned char *site);

#endif

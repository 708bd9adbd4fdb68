/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_wait: /proc/PID/task/TID/syscall -> what a thread waits for. Pure.
 */
#ifndef TELETAP_COLLECT_MEMORY_WAIT_H
#define TELETAP_COLLECT_MEMORY_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct memory_wait {
	bool running;
	int call;         /* the system call; -1: it is in none */
	int descriptor;   /* that it is about; -1: about none */
	bool pauses;      /* a call that waits for descriptors, and is given none */
	uint64_t futex;   /* the address it waits on; 0: on none */
	char channel[64]; /* when it is in no call */
};

/* Takes what the file says. */
void memory_wait_read(struct memory_wait *w, const char *text);

/* WAIT_... of line.h, but for the interpreter lock. */
int memory_wait_kind(const struct memory_wait *w);

#endif

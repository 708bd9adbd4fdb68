// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: proc(5), /proc/PID/syscall: the number, six arguments, two registers; "running"; or
 * -1 and two registers for a thread that is in no call.
 */
#include "collect/memory_wait.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "model/line.h"

/* Calls whose first argument is a descriptor. */
static bool has_descriptor(int call)
{
	static const int calls[] = { SYS_read,    SYS_write,     SYS_pread64, SYS_pwrite64,
				     SYS_readv,   SYS_writev,    SYS_accept,  SYS_accept4,
				     SYS_connect, SYS_recvfrom,  SYS_recvmsg, SYS_sendto,
				     SYS_sendmsg, SYS_fsync,     SYS_flock,   SYS_fcntl,
				     SYS_ioctl,   SYS_epoll_wait };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i] == call)
			return true;
	}
	return false;
}

void memory_wait_read(struct memory_wait *w, const char *text)
{
	uint64_t a[6] = { 0 };

	*w = (struct memory_wait){ .call = -1, .descriptor = -1 };
	w->running = !strncmp(text, "running", 7);
	if (w->running ||
	    sscanf(text, "%d %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64,
		   &w->call, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]) != 7)
		return;
	if (has_descriptor(w->call) && a[0] <= INT32_MAX)
		w->descriptor = (int)a[0];
	if (w->call == SYS_select || w->call == SYS_pselect6)
		w->pauses = !a[0];
	if (w->call == SYS_poll || w->call == SYS_ppoll)
		w->pauses = !a[1];
	if (w->call == SYS_futex)
		w->futex = a[0];
}

int memory_wait_kind(const struct memory_wait *w)
{
	if (w->futex)
		return WAIT_LOCK;
	if (w->pauses)
		return WAIT_PAUSE;
	return w->call >= 0 ? WAIT_CALL : WAIT_CHANNEL;
}

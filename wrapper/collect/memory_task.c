// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: proc(5) for stat, syscall and wchan; Documentation/scheduler/sched-stats.rst for
 * schedstat. syscall says "running" of a thread that is not off its processor for good.
 */
#include "collect/memory_task.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/line.h"

#define FIELD_PROCESSOR 39

int memory_task_text(pid_t pid, pid_t tid, const char *file, char *text, size_t size)
{
	char path[80];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, (int)tid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

int64_t memory_task_given(pid_t pid, pid_t tid)
{
	char text[128];
	int64_t n;

	if (memory_task_text(pid, tid, "schedstat", text, sizeof(text)) ||
	    sscanf(text, "%*u %*u %" SCNd64, &n) != 1)
		return -1;
	return n > 0 ? n : -1; /* a kernel that does not count says 0 */
}

void memory_task_stat(pid_t pid, pid_t tid, struct memory_task *now)
{
	char text[1024], *open, *at;

	now->state = 'X';
	if (memory_task_text(pid, tid, "stat", text, sizeof(text)) || !(open = strchr(text, '(')) ||
	    !(at = strrchr(text, ')')) || at[1] != ' ')
		return;
	now->state = at[2];
	snprintf(now->name, sizeof(now->name), "%.*s", (int)(at - open - 1), open + 1);
	for (int field = 2; at && field < FIELD_PROCESSOR; field++)
		at = strchr(at + 1, ' ');
	now->processor = at ? atoi(at) : -1;
}

bool memory_task_take(int processor)
{
	cpu_set_t one;

	if (processor < 0 || processor >= CPU_SETSIZE)
		return false;
	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	return !sched_setaffinity(0, sizeof(one), &one);
}

bool memory_task_hold(pid_t pid, pid_t tid, struct memory_task *now)
{
	char text[256];

	now->given = memory_task_given(pid, tid);
	memory_task_stat(pid, tid, now);
	now->wait = (struct memory_wait){ .running = true, .call = -1, .descriptor = -1 };
	if (now->state == 'R') {
		if (!memory_task_take(now->processor))
			return false;
		now->given = memory_task_given(pid, tid);
		memory_task_stat(pid, tid, now);
		if (now->state == 'R')
			return now->given >= 0 && now->processor == sched_getcpu();
	}
	if (now->state == 'X' || now->state == 'Z')
		return true;
	if (now->given < 0 || memory_task_text(pid, tid, "syscall", text, sizeof(text)))
		return false;
	memory_wait_read(&now->wait, text);
	if (memory_wait_kind(&now->wait) == WAIT_CHANNEL &&
	    memory_task_text(pid, tid, "wchan", now->wait.channel, sizeof(now->wait.channel)))
		*now->wait.channel = '\0';
	return !now->wait.running;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/ring_collector.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "collect/ring_lines.h"
#include "collect/ring_previous.h"
#include "collect/ring_read.h"
#include "collect/stap_run.h"

#ifndef TELETAP_VERSION
#define TELETAP_VERSION "unknown"
#endif

#define ARGUMENTS_MAX 2000

static char *read_arguments(int pid)
{
	char path[40], text[ARGUMENTS_MAX + 1];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, ARGUMENTS_MAX);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return NULL;
	for (ssize_t i = 0; i < n - 1; i++)
		text[i] = text[i] ? text[i] : ' ';
	text[n] = '\0';
	return strdup(text);
}

/* The process's ring anew; as it was when it cannot be read any more. */
static bool refresh(struct feeder *f, char **msg)
{
	struct ring now;

	if (ring_read_process(&now, f->pid, msg))
		return false;
	ring_free(&f->last);
	f->last = now;
	f->read = true;
	free(f->arguments);
	f->arguments = read_arguments(f->pid);
	if (!f->earlier) /* they stay as they are while the process runs */
		f->earlier = ring_earlier(f->pid);
	return true;
}

bool feeder_more(struct feeder *f)
{
	while (f->in >= 0 && f->lines) {
		ssize_t n = write(f->in, f->lines + f->sent, f->size - f->sent);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		f->sent += (size_t)n;
		if (f->sent < f->size)
			continue;
		free(f->lines);
		f->lines = NULL;
		if (f->last_wanted)
			return feeder_ask(f, true);
	}
	return true;
}

static bool send_lines(struct feeder *f, char *lines)
{
	f->lines = lines;
	f->size = lines ? strlen(lines) : 0;
	f->sent = 0;
	f->last_wanted = false;
	return lines && feeder_more(f);
}

int feeder_start(struct feeder *f, int pid, bool must, int *out, char **msg)
{
	static const char hello[] = "teletap\t1\t" FEEDER_MODULE "\tring\n";
	int fds[2];

	*f = (struct feeder){ .pid = pid, .in = -1 };
	if (must && !refresh(f, msg))
		return -ENOENT;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return fail(msg, errno, "pipe: %s", strerror(errno));
	fcntl(fds[0], F_SETPIPE_SZ, RUNNER_PIPE);
	*out = fds[0];
	f->in = fds[1];
	return send_lines(f, strdup(hello)) ? 0 : -EIO;
}

bool feeder_ask(struct feeder *f, bool final)
{
	struct ring_about about = { .final = final };
	struct utsname host;

	if (f->in < 0)
		return false;
	if (f->lines) { /* the last snapshot is still on its way */
		f->last_wanted |= final;
		return final;
	}
	about.sequence = ++f->sequence;
	uname(&host);
	about.ended = !refresh(f, NULL);
	about.arguments = f->arguments;
	about.earlier = f->earlier;
	about.kernel = host.release;
	about.teletap = TELETAP_VERSION;
	about.mono_ns = clock_ns(CLOCK_MONOTONIC);
	about.real_ns = clock_ns(CLOCK_REALTIME);
	return send_lines(f, ring_lines(f->read ? &f->last : NULL, &about));
}

void feeder_stop(struct feeder *f)
{
	if (f->in >= 0)
		close(f->in);
	f->in = -1;
	ring_free(&f->last);
	free(f->arguments);
	free(f->earlier);
	free(f->lines);
	f->arguments = f->earlier = f->lines = NULL;
	f->read = false;
}

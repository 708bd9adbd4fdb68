// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/stderr_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int messages_open(struct messages *m)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	*m = (struct messages){ .out = ends[0], .in = ends[1], .terminal = -1 };
	return 0;
}

void messages_catch(struct messages *m)
{
	if (!isatty(STDERR_FILENO))
		return;
	m->terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(m->in, STDERR_FILENO);
}

void messages_release(struct messages *m)
{
	if (m->terminal < 0)
		return;
	dup2(m->terminal, STDERR_FILENO);
	close(m->terminal);
	m->terminal = -1;
}

bool messages_take(struct messages *m, char *out, size_t size)
{
	char buf[4096];
	ssize_t n = read(m->out, buf, sizeof(buf) - 1);
	char *start;

	if (n <= 0)
		return false;
	buf[n] = '\0';
	if (buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	start = strrchr(buf, '\n');
	snprintf(out, size, "%.*s", (int)size - 1, start ? start + 1 : buf);
	return true;
}

void messages_close(struct messages *m)
{
	close(m->out);
	close(m->in);
}

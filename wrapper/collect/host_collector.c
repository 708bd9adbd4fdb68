// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/host_collector.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "collect/host_read.h"

static int make(const struct plan *plan, const struct target *t, const struct opts *o, void **ctx,
		char **msg)
{
	struct host_source *source = calloc(1, sizeof(*source));
	const char *root = getenv(HOST_ROOT);
	struct stat st;

	(void)plan, (void)o, (void)msg;
	*ctx = source;
	if (!source)
		return -ENOMEM;
	source->root = root ? root : "";
	source->threads.pid = t->pid;
	if (t->n_files && !fstat(t->files[0].fd, &st)) {
		source->threads.dev = st.st_dev;
		source->threads.ino = st.st_ino;
	}
	return 0;
}

static char *lines(void *ctx, bool final)
{
	return host_lines(ctx, final);
}

const struct child_ops host_ops = {
	.process = "teletap-host", .make = make, .free = free, .lines = lines
};

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/proc_collector.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "collect/host_read.h"
#include "collect/process_read.h"
#include "collect/processes.h"
#include "collect/socket_read.h"

struct proc_source {
	const char *module; /* the page's */
	bool exists;        /* the target is a process that ran before */
	struct host_source host;
	struct processes all;
	struct process_source process;
	struct socket_source sockets;
	int64_t sequence;
	char *kept; /* the records of the last look at which the target was alive */
	int64_t kept_ns;
};

static int make(const struct plan *plan, const struct target *t, const struct opts *o, void **ctx,
		char **msg)
{
	struct proc_source *s = calloc(1, sizeof(*s));
	const char *root = getenv(HOST_ROOT);

	(void)o, (void)msg;
	*ctx = s;
	if (!s)
		return -ENOMEM;
	s->module = plan->module;
	s->exists = t->kind == TARGET_PID;
	s->host.root = root ? root : "";
	target_members(t, t->n_files ? t->files[0].fd : -1, &s->all.who);
	s->host.threads.all.who = s->all.who;
	return 0;
}

static void end(void *ctx)
{
	struct proc_source *s = ctx;

	if (!s)
		return;
	process_free(&s->process);
	socket_free(&s->sockets);
	free(s->kept);
	free(s);
}

static int begin(void *ctx, char **msg)
{
	struct proc_source *s = ctx;

	if (strcmp(s->module, PAGE_SOCKETS) != 0)
		return 0;
	return socket_begin(&s->sockets, s->exists ? s->all.who.roots[0].pid : 0, msg);
}

/* The records of the target; NULL: out of memory. */
static char *look(struct proc_source *s)
{
	const struct look l = { .root = s->host.root };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	processes_look(&s->all, &l);
	fprintf(f, "procs\t%zu\n", s->all.n);
	if (!strcmp(s->module, PAGE_PROCESS))
		process_lines(f, &s->process, &l, &s->all);
	else
		socket_lines(f, &s->sockets, &s->all);
	return fclose(f) ? (free(text), NULL) : text;
}

/* When the target has ended, /proc has nothing to say any more: then it is the last look again. */
static void target_lines(FILE *f, struct proc_source *s)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC);
	char *text = look(s);

	if (!text || processes_live(&s->all) || !s->kept) {
		free(s->kept);
		s->kept = text;
		s->kept_ns = now;
	} else {
		free(text);
		fprintf(f, "gone\t%" PRId64 "\n", now - s->kept_ns);
	}
	fputs(s->kept ? s->kept : "", f);
}

static char *lines(void *ctx, bool final)
{
	struct proc_source *s = ctx;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!strcmp(s->module, PAGE_HOST))
		return host_lines(&s->host, final);
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fprintf(f, "snap\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\n", ++s->sequence,
		clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME), final);
	target_lines(f, s);
	fprintf(f, "loss\t0\t0\t%" PRId64 "\nend\t%" PRId64 "\n", s->all.unseen, s->sequence);
	return fclose(f) ? (free(text), NULL) : text;
}

const struct child_ops proc_ops = {
	.process = "teletap-proc", .make = make, .free = end, .begin = begin, .lines = lines
};

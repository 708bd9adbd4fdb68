// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "collect/bpf_collector.h"
#include "collect/crash_file.h"
#include "collect/memory_collector.h"
#include "collect/proc_collector.h"
#include "collect/session_explain.h"
#include "collect/stap_settings.h"
#include "model/escape.h"
#include "model/sum.h"

#define ATTACH_MS 60000
#define ASK_MS 100 /* between questions, until the module hears one */
#define SILENT_S 5 /* an answer takes less */

static void drop_semaphores(struct session *s)
{
	for (int i = 0; i < s->plan.n_files; i++)
		semaphores_drop(&s->semaphores[i]);
}

static int reserve_sites(struct session *s, char **msg)
{
	const struct plan *plan = &s->plan;
	int err = 0;

	for (int i = 0; i < plan->n_files && !err; i++)
		err = semaphores_reserve(&s->semaphores[i], plan->files[i]->fd,
					 &plan->files[i]->sdt, plan->origin->provider,
					 plan->origin->markers, msg);
	return err;
}

static int raise_semaphores(struct session *s, const char *const *markers, char **msg)
{
	const struct plan *plan = &s->plan;
	int err = 0;

	for (int i = 0; i < plan->n_files && !err; i++)
		err = semaphores_raise(&s->semaphores[i], plan->files[i]->fd, &plan->files[i]->sdt,
				       plan->origin->provider, markers, msg);
	return err;
}

/* The collectors that are processes of their own. */
static const struct child_ops *const children[COLLECTORS] = {
	[COLLECT_MEMORY] = &memory_ops,
	[COLLECT_BPF] = &bpf_ops,
	[COLLECT_PROC] = &proc_ops,
};

/* A group has one process, or the page is refused. */
static pid_t ring_pid(const struct target *t)
{
	return t->kind == TARGET_GROUP ? t->group.pids[0] : t->pid;
}

int session_start(struct session *s, const struct plan *plan, const struct pack_ko *ko,
		  const struct target *t, const struct opts *o, char **msg)
{
	struct stap_files files = { .sites = s->plan.sites, .n = plan->n_files };
	struct stap_settings settings;
	int err;

	*s = (struct session){
		.plan = *plan,
		.runner = { .out = -1, .err = -1, .folder = { .lock = -1 }, .only = -1 }
	};
	s->feeder.in = s->child.in = -1;
	if (plan->collector != COLLECT_MEMORY) /* which counts processes of any file */
		uncounted_begin(&s->uncounted, plan, t);
	gc_unmarked_begin(&s->unmarked, plan, t);
	crash_begin(&s->crash, o->crashes ? o->crashes : crash_file_folder(), plan->file->path);
	if (plan->collector == COLLECT_RING)
		return feeder_start(&s->feeder, ring_pid(t),
				    t->kind == TARGET_PID || t->kind == TARGET_GROUP,
				    &s->runner.out, msg);
	if (plan->collector != COLLECT_STAP)
		return child_start(&s->child, children[plan->collector], plan, t, o, &s->runner.out,
				   msg);
	err = stap_settings_read(&settings, plan, o, msg);
	s->counts = settings.counts;
	if (!err)
		err = reserve_sites(s, msg);
	for (int i = 0; i < plan->n_files; i++)
		files.fds[i] = plan->files[i]->fd;
	return err ? err : runner_start(&s->runner, ko, &files, t->pid, settings.list, msg);
}

/* Takes one line, for which line[len] is writable. As state_take. */
static int take_line(struct session *s, char *line, size_t len, bool overlong, char **msg)
{
	int ret;

	if (s->recorder)
		recorder_line(s->recorder, s->source, line, overlong ? 0 : len);
	ret = overlong ? 0 : state_take(&s->state, line, len);
	s->state.malformed = sum_add(s->state.malformed, overlong);
	if (ret < 0)
		return fail(msg, -ret,
			    "the module %s speaks another version of the protocol: "
			    "build it again with this teletap",
			    s->plan.module);
	if (ret && s->recorder)
		recorder_snapshot(s->recorder, s->source);
	return ret;
}

static int feed(struct session *s, const char *bytes, size_t n, char **msg)
{
	int complete = 0;

	for (size_t i = 0; i < n; i++) {
		int ret;

		if (bytes[i] != '\n') {
			if (s->len < LINE_BYTES)
				s->buf[s->len++] = bytes[i];
			else
				s->overlong = true;
			continue;
		}
		ret = take_line(s, s->buf, s->len, s->overlong, msg);
		s->overlong = false;
		s->len = 0;
		if (ret < 0)
			return ret;
		if (ret)
			s->waits_ms = 0;
		complete += ret;
	}
	return complete;
}

/* Lines of our own (to be freed; NULL: none); a line of the module may be half read. */
static void feed_own(struct session *s, char *lines)
{
	char *rest = lines, *line;

	while (lines && (line = strsep(&rest, "\n"))) {
		if (*line)
			take_line(s, line, strlen(line), false, NULL);
	}
	free(lines);
}

/* What has to be done outside of the kernel with the crashes that a snapshot tells of. */
static void settle_crashes(struct session *s)
{
	char *path = NULL, *msg = NULL;
	int err;

	feed_own(s, crash_lines(&s->crash, &s->state));
	err = crash_keep(&s->crash, &s->state, &path, &msg);
	if (err)
		say_why(msg, err);
	else if (path)
		say("a crash: %s", path);
	free(path);
	free(msg);
}

int session_read(struct session *s, char **msg)
{
	char bytes[65536];
	int complete = 0;

	if (s->runner.err >= 0)
		runner_listen(&s->runner);
	/* As much as the pipe holds: an endless stream must not keep the caller here. */
	for (int i = 0; i < RUNNER_PIPE / (int)sizeof(bytes) && s->runner.out >= 0; i++) {
		ssize_t n = read(s->runner.out, bytes, sizeof(bytes));
		int ret;

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? complete : -errno;
		if (n == 0) {
			close(s->runner.out);
			s->runner.out = -1;
			state_ended(&s->state);
			return complete;
		}
		feeder_more(&s->feeder);
		ret = feed(s, bytes, (size_t)n, msg);
		if (ret < 0)
			return ret;
		complete += ret;
		if (ret && !strcmp(s->plan.module, PAGE_CRASH))
			settle_crashes(s);
	}
	return complete;
}

static bool ask(struct session *s)
{
	if (s->plan.collector == COLLECT_RING)
		return feeder_ask(&s->feeder, s->stopped);
	return s->plan.collector == COLLECT_STAP ? runner_ask(&s->runner)
						 : child_ask(&s->child, s->stopped);
}

/* What figures lack, into the stream of lines, so that a recording has it, too. */
static void tell_lacking(struct session *s)
{
	char *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return;
	if (s->plan.beside) {
		fputs("beside\t1", f);
		escape_field_cut(f, s->plan.beside->path);
		fputc('\n', f);
	}
	if (s->plan.unbuilt)
		fprintf(f, "unbuilt\t1\t%s\n", s->plan.unbuilt);
	if (!fclose(f))
		feed(s, line, size, NULL);
	free(line);
}

/*
 * The module's first line comes before its probes are in place, and a question is
 * not heard before they are: an answer means that everything is ready.
 */
int session_attach_step(struct session *s, char **msg)
{
	/* Calls that are only counted need no entries: their marker stays off. */
	static const char *const counted[] = { "function__return", NULL };
	int ret;

	if (!s->attach_end)
		s->attach_end = clock_ms(CLOCK_MONOTONIC) + ATTACH_MS;
	ret = session_read(s, msg);
	if (ret < 0)
		return ret;
	if (!s->state.snapshots && s->runner.out < 0)
		return -ECANCELED; /* session_finish knows why */
	if (!s->state.snapshots && clock_ms(CLOCK_MONOTONIC) > s->attach_end)
		return s->plan.collector != COLLECT_STAP
			       ? fail(msg, ETIME,
				      "page %d: was not read within %d s: is the machine busy?",
				      s->plan.page->number, ATTACH_MS / 1000)
			       : fail(msg, ETIME,
				      "the module did not answer within %d s: 'dmesg' may say why",
				      ATTACH_MS / 1000);
	if (!s->state.snapshots) {
		/* The pipe to a process of ours keeps the first question. */
		bool heard = s->attach_asked && s->plan.collector != COLLECT_STAP &&
			     s->plan.collector != COLLECT_RING;

		if (s->state.hello && !heard &&
		    clock_ms(CLOCK_MONOTONIC) - s->attach_asked >= ASK_MS) {
			ask(s);
			s->attach_asked = clock_ms(CLOCK_MONOTONIC);
		}
		return 0;
	}
	if (s->state.refused)
		return session_refused(&s->plan, s->state.refused, msg);
	runner_started(&s->runner);
	if (s->plan.beside || s->plan.unbuilt)
		tell_lacking(s);
	s->asked = s->state.snapshots;
	drop_semaphores(s); /* its probes have taken the place of ours */
	ret = s->plan.collector == COLLECT_STAP
		      ? raise_semaphores(s, s->counts ? counted : s->plan.origin->markers, msg)
		      : 0;
	gc_unmarked_marked(&s->unmarked);
	state_begin(&s->state, clock_ns(CLOCK_MONOTONIC));
	return ret ? ret : 1;
}

int session_attach(struct session *s, int wake, char **msg)
{
	int ret;

	while (!(ret = session_attach_step(s, msg))) {
		struct pollfd fds[] = { { .fd = s->runner.out, .events = POLLIN },
					{ .fd = s->runner.err, .events = POLLIN },
					{ .fd = wake, .events = POLLIN } };

		poll(fds, 3, ASK_MS);
		if (fds[2].revents)
			return -EINTR;
	}
	return ret < 0 ? ret : 0;
}

void session_ask(struct session *s)
{
	feed_own(s, gc_unmarked_line(&s->unmarked));
	feed_own(s,
		 s->state.hello ? uncounted_lines(&s->uncounted, clock_ms(CLOCK_MONOTONIC)) : NULL);
	s->asked += ask(s);
	s->due = s->state.snapshots + 1;
	if (!s->waits_ms)
		s->waits_ms = clock_ms(CLOCK_MONOTONIC);
}

int session_silent_s(const struct session *s)
{
	int64_t ms = s->waits_ms ? clock_ms(CLOCK_MONOTONIC) - s->waits_ms : 0;

	return ms < SILENT_S * 1000 ? 0 : (int)(ms / 1000);
}

bool session_answered(const struct session *s)
{
	if (s->state.now.final)
		return s->stopped;
	return s->state.snapshots >= s->due;
}

int session_lag_ms(const struct session *s)
{
	return s->plan.ticks && s->runner.out >= 0 ? 2 * PLAN_TICK_MS : 0;
}

void session_stop(struct session *s)
{
	s->stopped = true;
	s->stopping = s->runner.out >= 0;
	session_ask(s);
	/* Not the answer to an earlier question. */
	if (s->due < s->asked)
		s->due = s->asked;
}

void session_unload(struct session *s)
{
	feeder_stop(&s->feeder);
	child_stop(&s->child);
	drop_semaphores(s);
	runner_stop(&s->runner);
}

int session_finish(struct session *s, char **msg)
{
	struct session_end end;

	drop_semaphores(s);
	uncounted_end(&s->uncounted);
	gc_unmarked_end(&s->unmarked);
	if (s->plan.collector != COLLECT_STAP) {
		if (s->runner.out >= 0)
			close(s->runner.out);
		feeder_stop(&s->feeder);
		child_stop(&s->child);
		return s->stopping
			       ? 0
			       : fail(msg, ECANCELED,
				      "what reads the figures of page %d has ended: start again",
				      s->plan.page->number);
	}
	end = (struct session_end){ .status = runner_finish(&s->runner, msg),
				    .final = s->state.now.final,
				    .stopping = s->stopping };
	if (end.status < 0)
		return end.status;
	return s->stopping && session_answered(s)
		       ? 0
		       : session_explain(&s->plan, &s->runner, &end, msg);
}

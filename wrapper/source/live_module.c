// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/live.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/fail.h"
#include "base/log.h"
#include "module/module.h"
#include "module/resolve.h"
#include "module/utf8_paths.h"
#include "target/pid_namespace.h"
#include "target/program.h"

#define ASKED_MS 1000  /* the frontend does not tell of each request */
#define FIRST_MS 1000  /* until the first page of a module */
#define ANSWER_MS 3000 /* for the last snapshot */

/*
 * Compiled modules of any target that are starting. One of them holds a lock, perhaps the one
 * that the next would wait for: that wait would be for ourselves.
 */
static int n_locks;

void live_module_go(struct live *l, struct module *m, enum phase phase)
{
	if (m->collector == COLLECT_STAP)
		n_locks += (phase == LOADING) - (m->phase == LOADING);
	m->phase = phase;
	m->since_ms = l->now_ms;
	m->version++;
}

void live_modules_stop(struct live *l)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (l->modules[i].phase == LIVE) {
			session_stop(l->modules[i].session);
			live_module_go(l, &l->modules[i], LAST);
		}
	}
}

/* Its pages stay as they are, marked with the reason. */
static void end_pages(struct module *m, const char *why)
{
	m->ended = true;
	free(m->ended_why);
	m->ended_why = strdup(why ? why : "the target is gone");
}

static void fail_module(struct live *l, struct module *m, char *why, int err)
{
	free(m->why);
	m->why = why ? why : strdup(strerror(-err));
	say_why(m->why, err);
	if (m->drawn && !m->ended)
		end_pages(m, m->why);
	live_module_go(l, m, FAILED);
}

static int make_plan(struct live *l, struct module *m, struct plan *plan, char **msg)
{
	for (int i = 0; i < n_pages; i++) {
		if (l->pages[i].module == m)
			return resolve_page(&pages[i], m->collector, &l->target, plan, msg);
	}
	return -ENOENT;
}

/*
 * In a child: closes locks, markers and all else that is the parent's. What stays: the plan's
 * files and one more.
 */
static void keep_files(const struct plan *plan, int fd)
{
	int keep[PLAN_FILES + 1] = { fd }, n = 1;

	for (int i = 0; i < plan->n_files; i++)
		keep[n++] = plan->files[i]->fd;
	descriptors_keep(keep, n);
}

/* In a child: the compiler's last word goes to the pipe. */
static void compile(struct live *l, struct module *m, const struct plan *plan)
{
	struct utsname host;
	int ends[2];

	uname(&host);
	if (pipe2(ends, O_CLOEXEC)) {
		fail_module(l, m, NULL, -errno);
		return;
	}
	m->compiler = fork();
	if (m->compiler == 0) {
		char *msg = NULL;
		sigset_t none;
		int err;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		keep_files(plan, ends[1]);
		err = module_compile(plan, host.release, NULL, NULL, &msg);
		if (err)
			dprintf(ends[1], "%s", msg ? msg : strerror(-err));
		_exit(err ? 1 : 0);
	}
	if (m->compiler < 0) {
		int err = -errno;

		m->compiler = 0;
		close(ends[0]);
		close(ends[1]);
		fail_module(l, m, NULL, err);
		return;
	}
	close(ends[1]);
	m->compiler_fd = ends[0];
	say("compiling the module %s, which takes 10 to 60 s ('teletap build' does it ahead of "
	    "time)",
	    m->name);
	live_module_go(l, m, COMPILING);
}

void live_module_begin(struct live *l, struct module *m)
{
	struct plan plan;
	char *msg = NULL, *stap;
	int err = make_plan(l, m, &plan, &msg);

	free(m->ko.path);
	m->ko.path = NULL;
	if (!err && plan.collector == COLLECT_STAP)
		err = numbers_check(&msg);
	if (!err)
		err = module_find(&plan, l->o.pack, &m->ko, &msg);
	if (!err) {
		live_module_go(l, m, WAITING);
	} else if (err == -ENOENT && !msg && !program_find("stap", &stap, NULL)) {
		free(stap);
		compile(l, m, &plan);
	} else {
		if (!msg)
			fail(&msg, ENOENT,
			     "no module %s is ready, and none can be compiled here: bring a pack "
			     "(--pack)",
			     m->name);
		fail_module(l, m, msg, err);
	}
}

bool live_module_ready(struct live *l, struct module *m)
{
	struct plan plan;
	struct pack_ko ko = { 0 };
	bool ready = !make_plan(l, m, &plan, NULL) &&
		     (plan.collector != COLLECT_STAP || !numbers_check(NULL)) &&
		     !module_find(&plan, l->o.pack, &ko, NULL);

	free(ko.path);
	return ready;
}

/* Most modules of a target are never loaded. */
static int make_session(struct live *l, struct module *m)
{
	free(m->exe);
	m->exe = l->exe ? strdup(l->exe) : NULL;
	if (!m->exe)
		return -ENOMEM;
	if (m->session) {
		state_free(&m->session->state);
		return 0;
	}
	m->session = calloc(1, sizeof(*m->session));
	if (!m->session)
		return -ENOMEM;
	m->session->runner.out = m->session->runner.err = -1;
	return 0;
}

static void load(struct live *l, struct module *m)
{
	struct plan plan;
	char *msg = NULL;
	int err = make_plan(l, m, &plan, &msg);
	bool started;

	m->ended = m->drawn = false;
	m->number = 0;
	if (!err)
		err = make_session(l, m);
	if (!err)
		err = guard(&plan, &l->target, &plan.jit, &msg);
	started = !err;
	if (!err)
		err = session_start(m->session, &plan, &m->ko, &l->target, &l->o, &msg);
	snprintf(m->python, sizeof(m->python), "%s",
		 l->interpreter.path ? l->interpreter.version : "");
	free(m->group);
	m->group = l->target.kind == TARGET_GROUP ? strdup(l->target.group.name) : NULL;
	m->shown = (struct render_target){
		.pid = l->target.pid, .exe = m->exe, .python = m->python, .group = m->group
	};
	if (!err) {
		vsay("loading %s", m->name);
		live_module_go(l, m, LOADING);
		return;
	}
	if (started)
		session_finish(m->session, NULL);
	fail_module(l, m, msg, err);
}

void live_module_unload(struct live *l, struct module *m, enum phase after)
{
	vsay("unloading %s", m->name);
	session_unload(m->session);
	m->after = after;
	live_module_go(l, m, UNLOADING);
}

static void finish(struct live *l, struct module *m)
{
	char *msg = NULL;
	int err;

	err = session_finish(m->session, &msg);
	if (m->after == FAILED) {
		char *why = m->why ? m->why : msg;

		if (why != msg)
			free(msg);
		m->why = NULL;
		fail_module(l, m, why, err);
		return;
	}
	if (err == -EBUSY)
		say_why(msg, err);
	free(msg);
	live_module_go(l, m, COLD);
}

void live_module_compiled(struct live *l, struct module *m)
{
	char words[1024] = "";
	ssize_t n = read(m->compiler_fd, words, sizeof(words) - 1);
	int status = 0;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	close(m->compiler_fd);
	m->compiler_fd = -1;
	waitpid(m->compiler, &status, 0);
	m->compiler = 0;
	if (status)
		fail_module(l, m, strdup(n > 0 ? words : "the compiler was ended"), -EIO);
	else if (live_module_ready(l, m))
		live_module_begin(l, m);
	else
		fail_module(l, m, strdup("the module was compiled, and cannot be found"), -EIO);
}

/* A snapshot has come: the next page. */
static void show(struct module *m)
{
	m->pending = false;
	m->drawn = true;
	m->number++;
	m->version++;
	state_shown(&m->session->state); /* the next interval begins here */
}

static bool one_is_loading(const struct live *l)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (l->modules[i].phase == LOADING)
			return true;
	}
	return false;
}

/* Reads what a loaded module has sent. False: it has ended, or speaks nonsense. */
static bool hear(struct live *l, struct module *m)
{
	char *msg = NULL;
	int ret = session_read(m->session, &msg);

	if (ret >= 0 && m->session->runner.out >= 0)
		return true;
	free(m->why);
	m->why = msg;
	live_module_unload(l, m, FAILED);
	return false;
}

static void step_loading(struct live *l, struct module *m)
{
	char *msg = NULL;
	int ret = session_attach_step(m->session, &msg);

	if (ret > 0) {
		m->next_ms = l->now_ms + FIRST_MS;
		m->pending = false;
		live_module_go(l, m, LIVE);
	} else if (ret < 0) {
		free(m->why);
		m->why = msg;
		live_module_unload(l, m, FAILED);
	}
}

static void step_live(struct live *l, struct module *m)
{
	if (!hear(l, m))
		return;
	if (m->pending && session_answered(m->session))
		show(m);
	if (l->now_ms - m->asked_ms > (int64_t)(l->o.idle * 1000) + ASKED_MS) {
		m->drawn = false;
		live_module_unload(l, m, COLD);
		return;
	}
	if (l->now_ms < m->next_ms)
		return;
	session_ask(m->session);
	m->pending = true;
	m->version += session_silent_s(m->session) > 0; /* the page says how long */
	m->next_ms += (int64_t)(l->o.interval * 1000);
	if (m->next_ms < l->now_ms)
		m->next_ms = l->now_ms + (int64_t)(l->o.interval * 1000);
}

void live_module_step(struct live *l, struct module *m)
{
	switch (m->phase) {
	case WAITING:
		if (l->gone)
			live_module_go(l, m, COLD);
		else if (!one_is_loading(l) && (m->collector != COLLECT_STAP || !n_locks))
			load(l, m);
		break;
	case LOADING:
		step_loading(l, m);
		break;
	case LIVE:
		step_live(l, m);
		break;
	case LAST:
		if (session_read(m->session, NULL) < 0 || m->session->runner.out < 0 ||
		    session_answered(m->session) || l->now_ms - m->since_ms > ANSWER_MS) {
			end_pages(m, l->gone_why);
			show(m);
			live_module_unload(l, m, COLD);
		}
		break;
	case UNLOADING:
		if (m->session->runner.out >= 0)
			session_read(m->session, NULL);
		if (m->session->runner.out < 0 || l->now_ms - m->since_ms > LIVE_UNLOAD_MS)
			finish(l, m);
		break;
	default:
		break;
	}
}

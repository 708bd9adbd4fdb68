// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A target as a source. Each module goes through these states, never waited for:
 *
 *   COLD       not loaded; a page that is asked for makes it
 *   COMPILING  a child process compiles it, when it is not ready
 *   WAITING    for its turn: a session that starts holds the lock on its target
 *   LOADING    staprun is there, the module has not answered yet
 *   LIVE       snapshots are taken; unloaded when nobody has asked for a while
 *   LAST       the target has ended: the last snapshot is on its way
 *   UNLOADING  its lines have not ended yet
 *   FAILED     and why; tried again when it is asked for after some seconds
 *
 * The pages of a target that has ended are kept as they were drawn last, and marked.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "guard.h"
#include "interpreter.h"
#include "module.h"
#include "presence.h"
#include "program.h"
#include "render.h"
#include "session.h"
#include "source.h"
#include "teletap.h"

#define ASKED_MS 1000   /* the desk does not tell of each request */
#define FIRST_MS 1000   /* until the first page of a module */
#define RETRY_MS 10000  /* after a failure */
#define LOOK_MS 1000    /* between two looks at the target */
#define ANSWER_MS 3000  /* for the last snapshot */
#define UNLOAD_MS 15000 /* until the lines end */
#define LOAD_S 3        /* what a client is told */
#define COMPILE_S 30

enum phase { COLD, COMPILING, WAITING, LOADING, LIVE, LAST, UNLOADING, FAILED };

struct module {
	const char *name;
	enum phase phase;
	enum phase after; /* of UNLOADING */
	char *ko, *why;   /* why: of FAILED */
	int64_t asked_ms; /* by a client */
	int64_t since_ms; /* of the phase */
	int64_t next_ms;  /* next snapshot */
	bool pending;     /* one was asked for */
	bool drawn;       /* a page of it can be drawn */
	bool ended;       /* no later one will come */
	char *ended_why;
	long number; /* of its pages */
	uint32_t version;
	pid_t compiler;
	int compiler_fd; /* its words; -1: none */
	struct session *session;
	/* whose pages they are; a later target may be another one */
	struct render_target shown;
	char exe[PATH_MAX], python[PYTHON_VERSION_MAX];
};

struct live {
	struct source source;
	struct opts o;
	bool has_target;
	bool gone; /* the target has ended; nothing new is started */
	char *gone_why;
	struct target target;
	struct interpreter interpreter;
	char *exe;
	struct presence presence;
	bool idle; /* no process runs the binary now */
	int64_t looked_ms, now_ms;
	struct module *modules;
	int n_modules;
	struct {
		struct module *module; /* which its figures come from with this target; NULL: */
		char *why;             /* none, and why */
	} * pages;                     /* by place in pages[] */
	uint32_t versions;             /* of pages without a module */
	int sort;                      /* struct render has it */
};

/* The module behind a page; NULL: there is none, see l->pages. */
static struct module *module_of(struct live *l, const struct page *page)
{
	return l->pages[page - pages].module;
}

static struct module *module_named(struct live *l, const char *name)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (!strcmp(l->modules[i].name, name))
			return &l->modules[i];
	}
	return NULL;
}

static void go(struct live *l, struct module *m, enum phase phase)
{
	m->phase = phase;
	m->since_ms = l->now_ms;
	m->version++;
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
	go(l, m, FAILED);
}

/* ---- the target --------------------------------------------------------------- */

/* Sees which module each page has its figures from. */
static void find_modules(struct live *l)
{
	for (int i = 0; i < n_pages; i++) {
		struct plan plan;
		const char *against = NULL;

		free(l->pages[i].why);
		l->pages[i].why = NULL;
		l->pages[i].module = NULL;
		if (resolve_page(&pages[i], &l->target, &plan, &l->pages[i].why))
			continue;
		against = interpreter_objects(&l->interpreter, plan.origin);
		if (against)
			l->pages[i].why = strdup(against);
		else
			l->pages[i].module = module_named(l, plan.module);
	}
	l->versions++;
}

/* Opens the target; without one the pages wait for it. Returns 0, or -errno with *msg. */
static int open_target(struct live *l, char **msg)
{
	int err = l->o.pid_file ? presence_pid(l->o.pid_file, &l->o.pid, msg) : 0;

	if (!err)
		err = target_open(&l->target, &l->o, msg);
	if (err)
		return err;
	l->has_target = true;
	l->gone = false;
	free(l->exe);
	l->exe = strdup(l->target.n_files ? l->target.files[0].path : "?");
	interpreter_read(&l->interpreter, &l->target);
	find_modules(l);
	presence_begin(&l->presence, &l->target, l->o.n_files ? l->o.files[0] : NULL,
		       l->o.pid_file);
	return 0;
}

static void close_target(struct live *l)
{
	if (l->has_target) {
		target_close(&l->target);
		interpreter_free(&l->interpreter);
	}
	l->has_target = false;
}

static bool all_cold(const struct live *l)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (l->modules[i].phase != COLD && l->modules[i].phase != FAILED)
			return false;
	}
	return true;
}

/* The target has ended: modules send their last snapshot and go. */
static void lose_target(struct live *l, char *why)
{
	l->gone = true;
	free(l->gone_why);
	l->gone_why = why;
	say_why(why, -ESRCH);
	l->idle = false;
	for (int i = 0; i < l->n_modules; i++) {
		struct module *m = &l->modules[i];

		if (m->phase == LIVE) {
			session_stop(m->session);
			go(l, m, LAST);
		}
	}
}

/* Whether a process runs the binary decides whether its pages go on. */
static void look_for_processes(struct live *l)
{
	bool idle = presence_idle(&l->presence, l->now_ms);

	if (idle == l->idle)
		return;
	l->idle = idle;
	if (idle) {
		free(l->gone_why);
		l->gone_why = NULL;
		fail(&l->gone_why, 0, "no process runs %s any more", l->exe);
	}
	for (int i = 0; i < l->n_modules; i++)
		l->modules[i].version++;
}

/* Sees whether the target is still there, or there again. */
static void look(struct live *l)
{
	char *why = NULL;

	if (l->now_ms - l->looked_ms < LOOK_MS)
		return;
	l->looked_ms = l->now_ms;
	if (l->has_target && !l->gone) {
		why = presence_lost(&l->presence, &l->target);
		if (why) {
			lose_target(l, why);
			return;
		}
		look_for_processes(l);
	}
	if (l->has_target && l->gone && all_cold(l) && presence_back(&l->presence))
		close_target(l);
	if (l->has_target)
		return;
	if (!open_target(l, &why))
		say("the target is there: %s", l->exe);
	free(why);
}

/* ---- modules ------------------------------------------------------------------ */

static int make_plan(struct live *l, struct module *m, struct plan *plan, char **msg)
{
	for (int i = 0; i < n_pages; i++) {
		if (l->pages[i].module == m)
			return resolve_page(&pages[i], &l->target, plan, msg);
	}
	return -ENOENT;
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
		close(ends[0]);
		err = module_compile(plan, host.release, NULL, NULL, &msg);
		if (err)
			dprintf(ends[1], "%s", msg ? msg : strerror(-err));
		_exit(err ? 1 : 0);
	}
	close(ends[1]);
	m->compiler_fd = ends[0];
	say("compiling the module %s, which takes 10 to 60 s ('teletap build' does it ahead of "
	    "time)",
	    m->name);
	go(l, m, COMPILING);
}

static void begin_module(struct live *l, struct module *m)
{
	struct plan plan;
	char *msg = NULL, *stap;
	int err = make_plan(l, m, &plan, &msg);

	free(m->ko);
	m->ko = NULL;
	if (!err)
		err = module_find(&plan, l->o.pack, &m->ko, &msg);
	if (!err) {
		go(l, m, WAITING);
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

static void load(struct live *l, struct module *m)
{
	struct plan plan;
	char *msg = NULL;
	int err = make_plan(l, m, &plan, &msg);
	bool started;

	state_free(&m->session->state);
	m->ended = m->drawn = false;
	m->number = 0;
	if (!err)
		err = guard(&plan, &l->target, &plan.jit, &msg);
	started = !err;
	if (!err)
		err = session_start(m->session, &plan, m->ko, &l->target, &l->o, &msg);
	snprintf(m->exe, sizeof(m->exe), "%s", l->exe);
	snprintf(m->python, sizeof(m->python), "%s",
		 l->interpreter.path ? l->interpreter.version : "");
	m->shown =
		(struct render_target){ .pid = l->target.pid, .exe = m->exe, .python = m->python };
	if (!err) {
		vsay(&l->o, "loading %s", m->ko);
		go(l, m, LOADING);
		return;
	}
	if (started)
		session_finish(m->session, NULL);
	fail_module(l, m, msg, err);
}

static void unload(struct live *l, struct module *m, enum phase after)
{
	vsay(&l->o, "unloading %s", m->name);
	session_unload(m->session);
	m->after = after;
	go(l, m, UNLOADING);
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
	go(l, m, COLD);
}

/* Whether a module that is starting holds the lock. */
static bool one_is_loading(const struct live *l)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (l->modules[i].phase == LOADING)
			return true;
	}
	return false;
}

static void end_compiling(struct live *l, struct module *m)
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
	else
		begin_module(l, m);
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

/* Reads what a loaded module has sent. False: it has ended, or speaks nonsense. */
static bool hear(struct live *l, struct module *m)
{
	char *msg = NULL;
	int ret = session_read(m->session, &msg);

	if (ret >= 0 && m->session->runner.out >= 0)
		return true;
	free(m->why);
	m->why = msg;
	unload(l, m, FAILED);
	return false;
}

static void step_loading(struct live *l, struct module *m)
{
	char *msg = NULL;
	int ret = session_attach_step(m->session, &msg);

	if (ret > 0) {
		m->next_ms = l->now_ms + FIRST_MS;
		m->pending = false;
		go(l, m, LIVE);
	} else if (ret < 0) {
		free(m->why);
		m->why = msg;
		unload(l, m, FAILED);
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
		unload(l, m, COLD);
		return;
	}
	if (l->now_ms < m->next_ms)
		return;
	session_ask(m->session);
	m->pending = true;
	m->next_ms += (int64_t)(l->o.interval * 1000);
	if (m->next_ms < l->now_ms)
		m->next_ms = l->now_ms + (int64_t)(l->o.interval * 1000);
}

static void step_module(struct live *l, struct module *m)
{
	switch (m->phase) {
	case WAITING:
		if (l->gone)
			go(l, m, COLD);
		else if (!one_is_loading(l))
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
			unload(l, m, COLD);
		}
		break;
	case UNLOADING:
		if (m->session->runner.out >= 0)
			session_read(m->session, NULL);
		if (m->session->runner.out < 0 || l->now_ms - m->since_ms > UNLOAD_MS)
			finish(l, m);
		break;
	default:
		break;
	}
}

/* ---- the source --------------------------------------------------------------- */

static void live_want(struct source *s, const struct page *page, int64_t now_ms)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	l->now_ms = now_ms;
	if (!m)
		return;
	m->asked_ms = now_ms;
	if (l->has_target && !l->gone &&
	    (m->phase == COLD || (m->phase == FAILED && now_ms - m->since_ms > RETRY_MS)))
		begin_module(l, m);
}

static uint32_t live_version(struct source *s, const struct page *page)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	return 1 + l->versions + (m ? m->version : 0);
}

/* The last page of a target that has ended, with a line that says so above it. */
static char *draw_ended(const char *why, bool json, char *page)
{
	char *out = NULL;

	if (json || !page)
		return page;
	if (asprintf(&out, "ENDED: %s; this is its last page.\n\n%s",
		     why ? why : "the target is gone", page) < 0)
		out = NULL;
	free(page);
	return out;
}

static enum page_state draw_state(struct live *l, struct module *m, const struct page *page,
				  bool json, char **text)
{
	struct render r = { .page = page,
			    .target = &m->shown,
			    .state = &m->session->state,
			    .number = m->number,
			    .last = m->ended,
			    .sort = l->sort };

	*text = json ? render_json(&r) : render_text(&r);
	if (m->ended || l->idle) {
		*text = draw_ended(m->ended ? m->ended_why : l->gone_why, json, *text);
		return PAGE_ENDED;
	}
	return PAGE_LIVE;
}

static enum page_state warming(const struct page *page, bool json, int seconds, char **text)
{
	*text = source_notice(page, json, "warming", seconds,
			      "The page is warming up: ask again in %d s.", seconds);
	return PAGE_WARMING;
}

static const char *no_module(const struct live *l, const struct page *page)
{
	const char *why = l->pages[page - pages].why;

	return why ? why : l->gone_why ? l->gone_why : "there is no target yet";
}

static enum page_state live_draw(struct source *s, const struct page *page, bool json, char **text)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	if (!m) {
		*text = source_notice(page, json, "cannot", 0, "It does not work here: %s",
				      no_module(l, page));
		return PAGE_CANNOT;
	}
	if (m->drawn)
		return draw_state(l, m, page, json, text);
	switch (m->phase) {
	case FAILED:
		*text = source_notice(page, json, "cannot", RETRY_MS / 1000, "It does not work: %s",
				      m->why ? m->why : "no reason is known");
		return PAGE_CANNOT;
	case COMPILING:
		return warming(page, json, COMPILE_S, text);
	case COLD:
		if (!l->has_target || l->gone) {
			*text = source_notice(page, json, "cannot", LOOK_MS / 1000,
					      "There is nothing to watch: %s",
					      l->gone_why ? l->gone_why : "no target yet");
			return PAGE_CANNOT;
		}
		return warming(page, json, LOAD_S, text);
	default:
		return warming(page, json, LOAD_S, text);
	}
}

static enum page_state live_judge(struct source *s, const struct page *page, char **why)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	if (!m)
		*why = strdup(no_module(l, page));
	else if (m->drawn)
		return m->ended || l->idle ? PAGE_ENDED : PAGE_LIVE;
	else if (m->phase == FAILED)
		*why = strdup(m->why ? m->why : "it failed");
	else if (m->phase != COLD)
		return PAGE_WARMING;
	else if (!l->has_target || l->gone)
		*why = strdup(l->gone_why ? l->gone_why : "there is no target yet");
	else
		return PAGE_NONE; /* can work */
	return PAGE_CANNOT;
}

static char *live_headline(struct source *s)
{
	struct live *l = (struct live *)s;
	char *line = NULL;

	if (!l->exe)
		fail(&line, 0, "no target yet: %s", l->gone_why ? l->gone_why : "");
	else if (l->gone)
		fail(&line, 0, "%s: %s", l->exe, l->gone_why);
	else if (l->o.pid)
		fail(&line, 0, "%s, process %d", l->exe, l->o.pid);
	else
		fail(&line, 0, "%s, every process", l->exe);
	return line;
}

static int live_fds(struct source *s, struct pollfd *fds)
{
	struct live *l = (struct live *)s;
	int n = 0;

	if (l->has_target && !l->gone && l->target.pidfd >= 0)
		fds[n++] = (struct pollfd){ .fd = l->target.pidfd, .events = POLLIN };
	for (int i = 0; i < l->n_modules && n < SOURCE_FDS - 3; i++) {
		struct module *m = &l->modules[i];
		bool loaded = m->phase >= LOADING && m->phase <= UNLOADING;

		if (loaded && m->session->runner.out >= 0)
			fds[n++] = (struct pollfd){ m->session->runner.out, POLLIN, 0 };
		if (loaded && m->session->runner.err >= 0)
			fds[n++] = (struct pollfd){ m->session->runner.err, POLLIN, 0 };
		if (m->compiler_fd >= 0)
			fds[n++] = (struct pollfd){ m->compiler_fd, POLLIN, 0 };
	}
	return n;
}

static int live_step(struct source *s, int64_t now_ms)
{
	struct live *l = (struct live *)s;
	int due = LOOK_MS;

	l->now_ms = now_ms;
	if (l->has_target && !l->gone && l->target.pidfd >= 0) {
		struct pollfd fd = { .fd = l->target.pidfd, .events = POLLIN };

		if (poll(&fd, 1, 0) > 0)
			l->looked_ms = 0;
	}
	look(l);
	for (int i = 0; i < l->n_modules; i++) {
		struct module *m = &l->modules[i];
		struct pollfd fd = { .fd = m->compiler_fd, .events = POLLIN };

		if (m->compiler_fd >= 0 && poll(&fd, 1, 0) > 0)
			end_compiling(l, m);
		step_module(l, m);
		if (m->phase == LIVE && m->next_ms - now_ms < due)
			due = m->next_ms > now_ms ? (int)(m->next_ms - now_ms) : 0;
		if (m->phase == LOADING || m->phase == WAITING)
			due = due < 100 ? due : 100;
	}
	return due;
}

static void live_tune(struct source *s, double interval, int sort)
{
	struct live *l = (struct live *)s;

	l->o.interval = interval;
	l->sort = sort;
	l->versions++;
	for (int i = 0; i < l->n_modules; i++) {
		int64_t next = l->now_ms + (int64_t)(interval * 1000);

		if (l->modules[i].next_ms > next)
			l->modules[i].next_ms = next;
	}
}

static void live_close(struct source *s)
{
	struct live *l = (struct live *)s;
	bool busy = true;

	for (int i = 0; i < l->n_modules; i++) {
		struct module *m = &l->modules[i];

		if (m->compiler)
			kill(m->compiler, SIGKILL);
		if (m->phase == LOADING || m->phase == LIVE || m->phase == LAST)
			unload(l, m, COLD);
	}
	for (int i = 0; i < UNLOAD_MS / 50 && busy; i++) {
		struct pollfd fds[SOURCE_FDS];

		busy = false;
		l->now_ms += 50;
		for (int k = 0; k < l->n_modules; k++) {
			if (l->modules[k].phase == UNLOADING) {
				step_module(l, &l->modules[k]);
				busy = true;
			}
		}
		if (busy)
			poll(fds, (nfds_t)live_fds(s, fds), 50);
	}
	for (int i = 0; i < l->n_modules; i++) {
		state_free(&l->modules[i].session->state);
		free(l->modules[i].session);
		free(l->modules[i].ko);
		free(l->modules[i].why);
		free(l->modules[i].ended_why);
	}
	close_target(l);
	for (int i = 0; l->pages && i < n_pages; i++)
		free(l->pages[i].why);
	free(l->pages);
	free(l->modules);
	free(l->exe);
	free(l->gone_why);
	free(l);
}

static bool add_module(struct live *l, const char *name)
{
	struct module *m = &l->modules[l->n_modules];

	if (!name || module_named(l, name))
		return true;
	*m = (struct module){ .name = name, .compiler_fd = -1 };
	m->session = calloc(1, sizeof(*m->session));
	if (!m->session)
		return false;
	m->session->runner.out = m->session->runner.err = -1;
	l->n_modules++;
	return true;
}

/* One entry for each module that pages have. */
static bool list_modules(struct live *l)
{
	l->modules = calloc(2 * (size_t)n_pages, sizeof(*l->modules));
	l->pages = calloc((size_t)n_pages, sizeof(*l->pages));
	for (int i = 0; l->modules && l->pages && i < n_pages; i++) {
		if (!add_module(l, pages[i].origin.module) ||
		    !add_module(l, pages[i].extension.module))
			return false;
	}
	return l->modules && l->pages;
}

struct source *live_open(const struct opts *o, int *err, char **msg)
{
	struct live *l = calloc(1, sizeof(*l));

	*err = -ENOMEM;
	if (!l)
		return NULL;
	l->source = (struct source){ .want = live_want,
				     .draw = live_draw,
				     .version = live_version,
				     .judge = live_judge,
				     .headline = live_headline,
				     .fds = live_fds,
				     .step = live_step,
				     .tune = live_tune,
				     .close = live_close };
	l->o = *o;
	*err = list_modules(l) ? open_target(l, msg) : -ENOMEM;
	if (!*err)
		*err = target_start(&l->target, msg);
	if (*err == -ESRCH && o->pid_file) { /* not yet */
		l->gone_why = *msg;
		*msg = NULL;
		*err = 0;
	}
	if (*err) {
		live_close(&l->source);
		return NULL;
	}
	target_release(&l->target);
	return &l->source;
}

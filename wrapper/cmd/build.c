// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/page_list.h"
#include "cmd/spelling.h"
#include "module/module.h"
#include "module/pack.h"
#include "module/plans.h"
#include "module/resolve.h"
#include "target/target.h"

#define JOBS_MAX 512

struct job {
	struct plan plan;
	const char *release;
	bool compiled; /* it is there, and only has to be signed */
	pid_t pid;     /* 0: not begun */
	bool done;
	double started;
};

static double now(void)
{
	return (double)clock_ms(CLOCK_MONOTONIC) / 1e3;
}

/* Pages that share a module are one job. */
static bool known(const struct job *jobs, int n, const struct plan *plan, const char *release)
{
	for (int i = 0; i < n; i++) {
		if (jobs[i].release == release && !strcmp(jobs[i].plan.module, plan->module) &&
		    !strcmp(jobs[i].plan.id, plan->id) && !strcmp(jobs[i].plan.sites, plan->sites))
			return true;
	}
	return false;
}

static void start(const struct opts *o, struct job *job, const struct signer *signer)
{
	pid_t parent = getpid();
	char *msg = NULL;
	int err = 0;

	job->started = now();
	job->pid = fork();
	if (job->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody waits for it then */
	if (getppid() != parent)
		_exit(1);
	if (!job->compiled)
		err = module_compile(&job->plan, job->release, o->pack, NULL, &msg);
	if (!err && signer)
		err = module_sign(&job->plan, job->release, o->pack, signer, &msg);
	if (err)
		say("%s", msg ? msg : strerror(-err));
	_exit(err ? 1 : 0);
}

#define BAR 40

/* On a terminal: how many jobs are done, and for how long we have been at it. */
static void show_bar(int done, int n, double seconds)
{
	int filled = BAR * done / n;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r[%.*s%.*s] %d of %d, %.0f s ", filled,
			"########################################", BAR - filled,
			"----------------------------------------", done, n, seconds);
}

static void hide_bar(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%*s\r", BAR + 30, "");
}

/* Waits for one job; true when it went well. */
static bool reap(struct job *jobs, int n, int done, double begun)
{
	int status = 1; /* what could not even be begun has failed */
	pid_t pid;

	while (!(pid = waitpid(-1, &status, WNOHANG))) {
		show_bar(done - 1, n, now() - begun);
		clock_sleep_ms(100);
	}
	hide_bar();
	for (int i = 0; i < n; i++) {
		if (jobs[i].pid != pid)
			continue;
		jobs[i].done = true;
		printf("[%d/%d] %s for %s on %s: %s, %.1f s\n", done, n, jobs[i].plan.module,
		       jobs[i].plan.file->path, jobs[i].release,
		       status             ? "FAILED"
		       : jobs[i].compiled ? "signed"
					  : "built",
		       now() - jobs[i].started);
		fflush(stdout);
	}
	return status == 0;
}

/* stap keeps what it finds out about a kernel: is another job about to be the first to ask? */
static bool waits(const struct job *jobs, int n, const struct job *job)
{
	bool asked = false, known = false;

	for (const struct job *j = jobs; j < jobs + n && !job->compiled; j++) {
		if (j->release != job->release || j->compiled)
			continue;
		asked |= j->pid != 0;
		known |= j->done;
	}
	return asked && !known;
}

/* All jobs, as many at once as there are processors. */
static bool run(const struct opts *o, const struct signer *signer, struct job *jobs, int n)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int started = 0, done = 0;
	double begun = now();
	bool good = true;

	while (done < n) {
		for (int i = 0; i < n && started - done < cpus; i++) {
			if (jobs[i].pid || waits(jobs, n, &jobs[i]))
				continue;
			start(o, &jobs[i], signer);
			started++;
		}
		done++;
		good &= reap(jobs, n, done, begun);
	}
	return good;
}

/* The pages that are named. */
struct wanted {
	const struct page *pages[PLAN_PAGES];
	int n;
};

static bool read_pages(const struct opts *o, struct wanted *wanted)
{
	for (int i = 0; i < o->n_args; i++) {
		char *rest = o->args[i], *word;

		while ((word = strsep(&rest, ","))) {
			const struct page *page = page_find(word);

			if (!page || wanted->n == PLAN_PAGES) {
				char hint[SPELLING_MAX] = "";

				say("%s%s: %s", word, page ? "" : spelling_pages(word, hint),
				    page ? "too many pages" : page_missing(word));
				return false;
			}
			wanted->pages[wanted->n++] = page;
		}
	}
	return true;
}

static bool add_jobs(const struct opts *o, const struct wanted *wanted, const struct target *t,
		     const char *release, const struct signer *signer, struct job *jobs, int *n)
{
	int n_wanted = wanted->n ? wanted->n : n_pages, possible = 0;

	/* All pages: those that the target can have. */
	for (int i = 0; i < n_wanted && *n < JOBS_MAX; i++) {
		const struct page *page = wanted->n ? wanted->pages[i] : &pages[i];
		struct plan plan;
		char *msg = NULL;

		if (!(page->by & BY_STAP)) {
			possible++;
			vsay("page %d needs no module", page->number);
			continue;
		}
		if (resolve_page(page, COLLECT_STAP, t, &plan, &msg)) {
			if (wanted->n)
				say("%s", msg);
			else
				vsay("%s", msg);
			free(msg);
			if (wanted->n)
				return false;
			continue;
		}
		possible++;
		if (module_ready(&plan, release, o->pack, signer))
			vsay("%s for %s on %s is ready", plan.module, plan.file->path, release);
		else if (!known(jobs, *n, &plan, release))
			jobs[(*n)++] = (struct job){
				.plan = plan,
				.release = release,
				.compiled = module_ready(&plan, release, o->pack, NULL),
			};
	}
	if (!possible)
		say("%s has the markers of no page: 'teletap probes' shows what it has",
		    t->n_files ? t->files[0].path : "the target");
	return possible > 0;
}

static bool has_target(const struct opts *o, const struct wanted *wanted)
{
	if (o->pid || o->n_files || plan_is_host(o, wanted->pages, wanted->n))
		return true;
	say(o->n_pids ? "one -p is enough: a module is for every process of its file"
		      : "no target: give -p PID or -e FILE");
	return false;
}

enum status cmd_build(const struct opts *o)
{
	struct target targets[OPTS_LIST_MAX];
	static struct job jobs[JOBS_MAX];
	int n = 0, opened = 0, n_targets = o->n_files ? o->n_files : 1;
	int n_releases = o->n_releases ? o->n_releases : 1;
	struct wanted wanted = { .n = 0 };
	struct signer *signer = NULL;
	enum status status = STATUS_REFUSED;
	struct utsname host;
	char *msg = NULL;
	int err;

	uname(&host);
	if (!read_pages(o, &wanted))
		return STATUS_USAGE;
	if (!o->key != !o->cert) {
		say("%s: give --key and --cert together", o->key ? "--key" : "--cert");
		return STATUS_USAGE;
	}
	if (!has_target(o, &wanted))
		return STATUS_USAGE;
	if (o->key && (err = signer_open(&signer, o->key, o->cert, &msg))) {
		say_why(msg, err);
		free(msg);
		return STATUS_REFUSED;
	}
	for (; opened < n_targets; opened++) {
		struct opts one = *o;

		one.files[0] = o->files[opened];
		one.n_files = o->n_files ? 1 : 0;
		err = plan_target(&one, wanted.pages, wanted.n, &targets[opened], &msg);
		if (err) {
			say("%s", msg ? msg : strerror(-err));
			free(msg);
			status = err == -EINVAL ? STATUS_USAGE : STATUS_REFUSED;
			goto out;
		}
	}
	for (int k = 0; k < n_releases; k++) {
		const char *release = o->n_releases ? o->releases[k] : host.release;

		for (int i = 0; i < n_targets; i++) {
			if (!add_jobs(o, &wanted, &targets[i], release, signer, jobs, &n))
				goto out;
		}
	}
	if (!n)
		puts("all modules are ready");
	if (run(o, signer, jobs, n))
		status = STATUS_OK;
out:
	while (opened > 0)
		target_close(&targets[--opened]);
	signer_close(signer);
	return status;
}

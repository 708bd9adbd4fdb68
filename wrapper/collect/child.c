// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/child.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/fail.h"
#include "collect/stap_run.h"

#define ASK 'a'
#define FINAL 'f'
#define BEGIN_MS 20000
#define END_TRIES 20 /* of 10 ms */

enum { QUESTIONS, LINES, VERDICT, PIPES };

/* Those that had not ended by then, which a busy machine or the removal of probes may take. */
static pid_t *late;
static size_t n_late;

/* What has ended since is no zombie then. */
static void reap_late(void)
{
	size_t n = 0;

	for (size_t i = 0; i < n_late; i++) {
		if (!waitpid(late[i], NULL, WNOHANG))
			late[n++] = late[i];
	}
	n_late = n;
}

static void wait_later(pid_t pid)
{
	pid_t *more = reallocarray(late, n_late + 1, sizeof(*late));

	if (!more)
		return;
	late = more;
	late[n_late++] = pid;
}

static bool send_all(const char *text)
{
	size_t size = strlen(text), done = 0;

	while (done < size) {
		ssize_t n = write(STDOUT_FILENO, text + done, size - done);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* Answers questions until their pipe ends, and does what is due in between. */
static void answer(const struct child_ops *ops, void *ctx)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				 { .fd = -1, .events = POLLIN } };
	char question, *lines;

	for (;;) {
		fds[1].fd = ops->fd ? ops->fd(ctx) : -1;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].fd >= 0 && fds[1].revents)
			ops->work(ctx);
		if (!fds[0].revents)
			continue;
		if (read(STDIN_FILENO, &question, 1) != 1)
			return;
		lines = ops->lines(ctx, question == FINAL);
		if (!lines || !send_all(lines))
			return;
		free(lines);
	}
}

static void __attribute__((noreturn))
run(const struct child *c, const struct plan *plan, const int *ends, pid_t parent)
{
	int keep[CHILD_FILES + 1] = { ends[VERDICT] }, n = 1, err;
	char *msg = NULL, hello[128];
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, c->ops->process);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The terminal's Ctrl-C is for the parent, which then asks for the last snapshot. */
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (getppid() != parent)
		_exit(0);
	if (c->ops->files)
		n += c->ops->files(c->ctx, keep + n);
	dup2(ends[QUESTIONS], STDIN_FILENO);
	dup2(ends[LINES], STDOUT_FILENO);
	descriptors_keep(keep, n);
	err = c->ops->begin ? c->ops->begin(c->ctx, &msg) : 0;
	if (err) {
		dprintf(ends[VERDICT], "%d %s", -err, msg ? msg : strerror(-err));
		_exit(1);
	}
	malloc_trim(0); /* what beginning took, and what the parent had freed */
	close(ends[VERDICT]);
	snprintf(hello, sizeof(hello), "teletap\t1\t%s\t%s\n", plan->module,
		 collector_name(plan->collector));
	if (send_all(hello))
		answer(c->ops, c->ctx);
	_exit(0);
}

/* Waits until the child closes fd, having begun; or says why it has not. */
static int wait_for_verdict(int fd, char **msg)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char text[1024], *why;
	ssize_t n;
	long err;

	if (poll(&ready, 1, BEGIN_MS) == 0)
		return fail(msg, ETIME,
			    "the collector did not begin within %d s: is the machine busy?",
			    BEGIN_MS / 1000);
	n = read(fd, text, sizeof(text) - 1);
	if (n == 0)
		return 0;
	if (n < 0)
		return fail(msg, errno, "the collector's pipe: %s", strerror(errno));
	text[n] = '\0';
	err = strtol(text, &why, 10);
	return fail(msg, err > 0 && err < 4096 ? (int)err : EIO, "%s", why + strspn(why, " "));
}

/* ours and theirs: our end of each pipe and the child's. */
static int open_pipes(int *ours, int *theirs, char **msg)
{
	for (int i = 0; i < PIPES; i++)
		ours[i] = theirs[i] = -1;
	for (int i = 0; i < PIPES; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC)) {
			int err = errno;

			descriptors_close(ours, PIPES);
			descriptors_close(theirs, PIPES);
			return fail(msg, err, "pipe: %s", strerror(err));
		}
		ours[i] = ends[i == QUESTIONS];
		theirs[i] = ends[i != QUESTIONS];
	}
	return 0;
}

static void forget(struct child *c)
{
	if (c->ctx)
		c->ops->free(c->ctx);
	c->ctx = NULL;
}

int child_start(struct child *c, const struct child_ops *ops, const struct plan *plan,
		const struct target *t, const struct opts *o, int *out, char **msg)
{
	int ours[PIPES], theirs[PIPES], err;
	pid_t parent = getpid();

	*c = (struct child){ .ops = ops, .in = -1 };
	err = ops->make(plan, t, o, &c->ctx, msg);
	if (!err)
		err = open_pipes(ours, theirs, msg);
	if (err)
		return err;
	c->pid = fork();
	if (c->pid == 0)
		run(c, plan, theirs, parent);
	err = c->pid < 0 ? fail(msg, errno, "fork: %s", strerror(errno)) : 0;
	forget(c); /* the child has it, and those that are started later need none of it */
	descriptors_close(theirs, PIPES);
	c->in = ours[QUESTIONS];
	*out = ours[LINES];
	fcntl(*out, F_SETPIPE_SZ, RUNNER_PIPE);
	fcntl(*out, F_SETFL, O_NONBLOCK);
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	if (err)
		c->pid = 0;
	else
		err = wait_for_verdict(ours[VERDICT], msg);
	close(ours[VERDICT]);
	return err;
}

bool child_ask(const struct child *c, bool final)
{
	char question = final ? FINAL : ASK;

	reap_late();
	return c->in >= 0 && write(c->in, &question, 1) == 1;
}

void child_stop(struct child *c)
{
	if (!c->ops)
		return;
	if (c->in >= 0)
		close(c->in);
	c->in = -1;
	reap_late();
	if (c->pid) {
		bool ended = false;

		/* One that hangs in the kernel cannot be waited for. */
		kill(c->pid, SIGKILL);
		for (int i = 0; i < END_TRIES && !ended; i++) {
			ended = waitpid(c->pid, NULL, WNOHANG);
			if (!ended)
				clock_sleep_ms(10);
		}
		if (!ended)
			wait_later(c->pid);
	}
	forget(c);
	*c = (struct child){ .in = -1 };
}

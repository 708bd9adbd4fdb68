// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/host_collector.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "collect/host_read.h"
#include "collect/stap_run.h"
#include "pages/page.h"
#include "target/target.h"

#define ASK 'a'
#define FINAL 'f'
#define END_TRIES 20 /* of 10 ms */

static bool send_lines(const char *lines)
{
	size_t size = strlen(lines), done = 0;

	while (done < size) {
		ssize_t n = write(STDOUT_FILENO, lines + done, size - done);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* In the child: questions come in on one end, lines go out at the other. */
static void __attribute__((noreturn)) sample(const struct target *t, int in, int out, pid_t parent)
{
	const char *root = getenv(HOST_ROOT);
	struct host_source source = { .root = root ? root : "", .threads.pid = t->pid };
	struct stat st;
	char question;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "teletap-host");
	if (getppid() != parent)
		_exit(0);
	if (t->n_files && !fstat(t->files[0].fd, &st)) {
		source.threads.dev = st.st_dev;
		source.threads.ino = st.st_ino;
	}
	/* Nothing of the other pages, such as their markers' switches, stays open here. */
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (!send_lines("teletap\t1\t" PAGE_HOST "\n"))
		_exit(0);
	while (read(STDIN_FILENO, &question, 1) == 1) {
		char *lines = host_lines(&source, question == FINAL);

		if (!lines || !send_lines(lines))
			break;
		free(lines);
	}
	_exit(0);
}

int sampler_start(struct sampler *s, const struct target *t, int *out, char **msg)
{
	int questions[2] = { -1, -1 }, lines[2];
	pid_t parent = getpid();

	*s = (struct sampler){ .in = -1 };
	if (pipe2(questions, O_CLOEXEC) || pipe2(lines, O_CLOEXEC)) {
		int err = errno;

		if (questions[0] >= 0) {
			close(questions[0]);
			close(questions[1]);
		}
		return fail(msg, err, "pipe: %s", strerror(err));
	}
	s->pid = fork();
	if (s->pid == 0)
		sample(t, questions[0], lines[1], parent);
	close(questions[0]);
	close(lines[1]);
	*out = lines[0];
	s->in = questions[1];
	if (s->pid < 0) {
		s->pid = 0;
		return fail(msg, errno, "fork: %s", strerror(errno));
	}
	fcntl(*out, F_SETPIPE_SZ, RUNNER_PIPE);
	fcntl(*out, F_SETFL, O_NONBLOCK);
	fcntl(s->in, F_SETFL, O_NONBLOCK);
	return 0;
}

bool sampler_ask(const struct sampler *s, bool final)
{
	char question = final ? FINAL : ASK;

	return s->in >= 0 && write(s->in, &question, 1) == 1;
}

void sampler_stop(struct sampler *s)
{
	if (s->in >= 0)
		close(s->in);
	s->in = -1;
	if (!s->pid)
		return;
	/* One that hangs in the kernel cannot be waited for. */
	kill(s->pid, SIGKILL);
	for (int i = 0; i < END_TRIES && !waitpid(s->pid, NULL, WNOHANG); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	s->pid = 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * systemctl(1) says which units have failed: a line for each, "UNIT LOAD ACTIVE SUB
 * DESCRIPTION". sd_booted(3) is the source for how to know that systemd runs here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/host_read.h"
#include "model/escape.h"

#define WAIT_MS 1000
#define AGAIN_MS 2000
#define TEXT 65536 /* bytes of what it says; the rest is cut off */
#define SHOWN 100

enum { UNITS_KNOWN, UNITS_NO_SYSTEMD, UNITS_NO_ANSWER };

/* In the child. */
static void run(const char *path, int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("SYSTEMD_COLORS", "0", 1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	execl(path, path, "list-units", "--failed", "--plain", "--no-legend", "--no-pager",
	      "--full", (char *)NULL);
	_exit(127);
}

/* Reads until the end, or the time is up: false. */
static bool read_text(int fd, char *text)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + WAIT_MS;
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_ms(CLOCK_MONOTONIC);
		char waste[4096];
		bool full = len == TEXT - 1;
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		n = full ? read(fd, waste, sizeof(waste)) : read(fd, text + len, TEXT - 1 - len);
		if (n <= 0) {
			text[len] = '\0';
			return n == 0;
		}
		len += full ? 0 : (size_t)n;
	}
}

/* What systemctl says, to be freed; NULL: nothing in time. */
static char *ask(const char *path)
{
	char *text = malloc(TEXT);
	int ends[2], status = 0;
	bool good;
	pid_t pid;

	if (!text || pipe2(ends, O_CLOEXEC)) {
		free(text);
		return NULL;
	}
	pid = fork();
	if (pid == 0)
		run(path, ends[1]);
	close(ends[1]);
	good = pid > 0 && read_text(ends[0], text);
	close(ends[0]);
	if (pid > 0 && !good)
		kill(pid, SIGKILL);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (good && WIFEXITED(status) && !WEXITSTATUS(status))
		return text;
	free(text);
	return NULL;
}

static bool unit_line(FILE *f, char *line)
{
	char *words[4];

	line += strspn(line, " ");
	for (int i = 0; i < 4; i++) {
		words[i] = strsep(&line, " ");
		if (!words[i] || !*words[i])
			return false;
		if (line)
			line += strspn(line, " ");
	}
	fputs("unit", f);
	for (int i = 0; i < 4; i++)
		escape_field_cut(f, words[i]);
	escape_field_cut(f, line ? line : "");
	fputc('\n', f);
	return true;
}

/* Returns how many there are. */
static int unit_lines(FILE *f, const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	FILE *none = fopen("/dev/null", "we");
	int n = 0;

	while (none && (line = strsep(&rest, "\n")))
		n += unit_line(n < SHOWN ? f : none, line);
	if (none)
		fclose(none);
	free(copy);
	return n;
}

void host_units_lines(FILE *f, const struct look *l, struct host_units *units)
{
	char path[PATH_MAX];
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	int n;

	if (!look_exists(l, "/run/systemd/system")) {
		fprintf(f, "units\t%d\t-1\n", UNITS_NO_SYSTEMD);
		return;
	}
	if (!units->asked_ms || now - units->asked_ms >= AGAIN_MS) {
		units->asked_ms = now;
		free(units->text);
		units->text = look_program(l, "systemctl", path) ? ask(path) : NULL;
	}
	if (!units->text) {
		fprintf(f, "units\t%d\t-1\n", UNITS_NO_ANSWER);
		return;
	}
	n = unit_lines(f, units->text);
	fprintf(f, "units\t%d\t%d\n", UNITS_KNOWN, n);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The socket is an abstract one, "teletap/pid:[NAMESPACE]/PID", both as the program sees
 * them, in the program's network namespace; what answers there has to be the process
 * itself, says the kernel. Answers are in the words of python/teletap/_pages.py.
 */
#include "source/program_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/rights.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define WORDS 512  /* bytes of name and title */
#define LIST 32768 /* of the list */
#define NAME 24    /* of these, as many are shown */
#define TITLE 60
#define BYTES (OWN_TEXT + WORDS + 1)

struct own {
	pid_t pid;
	char *why;                                /* no process */
	struct own_answer answers[OWN_PAGES + 1]; /* the last one: the list */
	struct {
		char name[NAME + 1], title[TITLE + 1];
	} listed[OWN_PAGES]; /* name "": it is not */
};

bool own_is(int number)
{
	return number >= OWN_FIRST && number <= OWN_LAST;
}

static struct own_answer *answer_of(struct own *o, int number)
{
	return &o->answers[own_is(number) ? number - OWN_FIRST : OWN_PAGES];
}

const struct own_answer *own_answer(const struct own *o, int number)
{
	return &o->answers[own_is(number) ? number - OWN_FIRST : OWN_PAGES];
}

struct own *own_open(void)
{
	struct own *o = calloc(1, sizeof(*o));

	for (int i = 0; o && i <= OWN_PAGES; i++)
		o->answers[i].fd = -1;
	return o;
}

static void forget(struct own_answer *a)
{
	free(a->name);
	free(a->title);
	free(a->text);
	a->name = a->title = a->text = NULL;
	a->good = a->cut = a->none = false;
}

void own_close(struct own *o)
{
	for (int i = 0; o && i <= OWN_PAGES; i++) {
		if (o->answers[i].fd >= 0)
			close(o->answers[i].fd);
		forget(&o->answers[i]);
	}
	if (o)
		free(o->why);
	free(o);
}

void own_process(struct own *o, pid_t pid, const char *why)
{
	if (o->pid != pid)
		memset(o->listed, 0, sizeof(o->listed));
	o->pid = pid;
	free(o->why);
	o->why = why ? strdup(why) : NULL;
}

/* A socket in the process's network namespace. */
static int open_socket(pid_t pid)
{
	struct stat ours, theirs;
	char path[40];
	int here, there, fd, err;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (stat("/proc/self/ns/net", &ours) || stat(path, &theirs))
		return -errno;
	if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev) {
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		return fd < 0 ? -errno : fd;
	}
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	there = open(path, O_RDONLY | O_CLOEXEC);
	fd = -1;
	err = here < 0 || there < 0 || setns(there, CLONE_NEWNET) ? -errno : 0;
	if (!err) {
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		err = fd < 0 ? -errno : 0;
		if (setns(here, CLONE_NEWNET))
			abort(); /* nothing may go on elsewhere */
	}
	if (here >= 0)
		close(here);
	if (there >= 0)
		close(there);
	return err ? err : fd;
}

struct process {
	char state;
	uid_t uids[4]; /* real, effective, saved, of the file system */
	int number;    /* as it sees it itself; 0: not known */
};

static bool read_process(pid_t pid, struct process *p)
{
	char path[40], line[256], *last;
	bool uids = false;
	FILE *f;

	*p = (struct process){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && !p->number && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "State:\t", 7))
			p->state = line[7];
		else if (!strncmp(line, "Uid:", 4))
			uids = sscanf(line, "Uid: %u %u %u %u", &p->uids[0], &p->uids[1],
				      &p->uids[2], &p->uids[3]) == 4;
		else if (!strncmp(line, "NSpid:", 6) && (last = strrchr(line, '\t')))
			p->number = atoi(last + 1);
	}
	if (f)
		fclose(f);
	return uids;
}

/*
 * Whether what answers is the process itself. The number alone does not tell: the kernel
 * keeps that of a process that has ended, while another one may have got it since. So the
 * one that listened must be alive, where the kernel can say so (6.5), and be root's or of
 * one of the process's users: then it could fool nobody but itself.
 */
static bool is_process(int fd, pid_t pid, const struct process *p)
{
	socklen_t size = sizeof(struct ucred);
	struct pollfd ended = { .fd = -1, .events = POLLIN };
	struct ucred peer;
	bool same;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.pid != pid)
		return false;
	same = !peer.uid;
	for (int i = 0; i < 4; i++)
		same |= peer.uid == p->uids[i];
	size = sizeof(ended.fd);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &ended.fd, &size))
		return same && errno == ENOPROTOOPT;
	same &= poll(&ended, 1, 0) == 0;
	close(ended.fd);
	return same;
}

static socklen_t socket_name(pid_t pid, int number, struct sockaddr_un *to)
{
	char path[40], space[40];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	n = readlink(path, space, sizeof(space) - 1);
	if (n < 0)
		return 0;
	space[n] = '\0';
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(to->sun_path + 1, sizeof(to->sun_path) - 1, "teletap/%s/%d", space, number);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

/* The question is on its way; or -errno, with *msg set. */
static int ask(struct own *o, int number, int *fd, char **msg)
{
	struct sockaddr_un to;
	struct process process;
	char question[16];
	socklen_t len;

	if (read_process(o->pid, &process) && (process.state == 'Z' || process.state == 'X'))
		return fail(msg, ESRCH, "process %d has ended: its parent has not noticed yet",
			    (int)o->pid);
	len = socket_name(o->pid, process.number, &to);
	if (!len)
		return fail(msg, errno, "process %d: %s", (int)o->pid, strerror(errno));
	*fd = open_socket(o->pid);
	if (*fd < 0)
		return fail(msg, -*fd, "process %d: its network's sockets: %s: %s", (int)o->pid,
			    strerror(-*fd), rights_remedy("run as root"));
	if (connect(*fd, (struct sockaddr *)&to, len) && errno == EAGAIN)
		return fail(msg, EAGAIN, "process %d has too many questions open", (int)o->pid);
	if (!is_process(*fd, o->pid, &process))
		return fail(msg, ENOENT,
			    "process %d has registered no pages: a Python program does with "
			    "teletap.page",
			    (int)o->pid);
	snprintf(question, sizeof(question), own_is(number) ? "%d" : "list", number);
	if (send(*fd, question, strlen(question), MSG_NOSIGNAL) < 0)
		return fail(msg, errno, "process %d: its pages: %s", (int)o->pid, strerror(errno));
	return 0;
}

static void finish(struct own_answer *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	a->version += 1 + (a->version == UINT32_MAX);
}

/* There is no page, because of why, which becomes the answer's. */
static void no_answer(struct own_answer *a, char *why)
{
	forget(a);
	a->text = why;
	finish(a);
}

void own_want(struct own *o, int number, int64_t now_ms)
{
	struct own_answer *a = answer_of(o, number);
	char *msg = NULL;

	if (a->fd >= 0)
		return;
	if (!o->pid) {
		no_answer(a,
			  strdup(o->why ? o->why : "it is drawn by one process: name it (-p PID)"));
		return;
	}
	a->until_ms = now_ms + OWN_MS;
	if (ask(o, number, &a->fd, &msg))
		no_answer(a, msg);
}

bool own_waits(const struct own *o, int number)
{
	return own_answer(o, number)->fd >= 0;
}

int own_fds(const struct own *o, struct pollfd *fds)
{
	int n = 0;

	for (int i = OWN_PAGES; i >= 0 && n < OWN_FDS; i--) {
		if (o->answers[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = o->answers[i].fd, .events = POLLIN };
	}
	return n;
}

/* Lines of number, name and title, separated by tabs. */
static void take_list(struct own *o, char *line)
{
	char *next, *name, *title;

	memset(o->listed, 0, sizeof(o->listed));
	for (; *line; line = next) {
		int number = atoi(line);

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		name = strchr(line, '\t');
		title = name ? strchr(name + 1, '\t') : NULL;
		if (!title || !own_is(number))
			continue;
		*title++ = '\0';
		snprintf(o->listed[number - OWN_FIRST].name, NAME + 1, "%s", name + 1);
		snprintf(o->listed[number - OWN_FIRST].title, TITLE + 1, "%s", title);
	}
}

/* "name<TAB>title<NEWLINE>text" */
static void take_page(struct own_answer *a, char letter, char *words)
{
	char *title = strchr(words, '\t'), *text = strchr(words, '\n');

	if (!title || !text || title > text || text - words > WORDS) {
		a->text = strdup("the program's answer is not understood");
		return;
	}
	*title++ = *text++ = '\0';
	a->name = strndup(words, NAME);
	a->title = strndup(title, TITLE);
	a->text = strndup(text, OWN_TEXT);
	a->good = letter != 'e';
	a->cut = letter == 'c' || strlen(text) > OWN_TEXT;
}

static void take(struct own *o, struct own_answer *a, int number)
{
	static char bytes[BYTES + 1];
	ssize_t n = recv(a->fd, bytes, BYTES, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	bytes[n > 0 ? n : 0] = '\0';
	forget(a);
	if (*bytes == 'l' && !own_is(number)) {
		bytes[LIST] = '\0';
		take_list(o, bytes + 1);
		a->good = true;
	} else if (*bytes == 't' || *bytes == 'c' || *bytes == 'e') {
		take_page(a, *bytes, bytes + 1);
	} else if (*bytes == 'n') {
		a->none = true;
		fail(&a->text, 0, "process %d has registered no page %d", (int)o->pid, number);
	} else {
		fail(&a->text, 0, "process %d did not answer: it serves root and its own user only",
		     (int)o->pid);
	}
	finish(a);
}

int own_step(struct own *o, int64_t now_ms)
{
	int due = -1;

	for (int i = 0; i <= OWN_PAGES; i++) {
		struct own_answer *a = &o->answers[i];
		char *why = NULL;

		if (a->fd >= 0)
			take(o, a, i < OWN_PAGES ? OWN_FIRST + i : OWN_LIST);
		if (a->fd < 0)
			continue;
		if (now_ms >= a->until_ms) {
			fail(&why, 0, "the program did not answer within %d s", OWN_MS / 1000);
			no_answer(a, why);
		} else if (due < 0 || a->until_ms - now_ms < due) {
			due = (int)(a->until_ms - now_ms);
		}
	}
	return due;
}

uint32_t own_version(const struct own *o, int number)
{
	return own_answer(o, number)->version;
}

bool own_listed(const struct own *o, int number, const char **name, const char **title)
{
	*name = o->listed[number - OWN_FIRST].name;
	*title = o->listed[number - OWN_FIRST].title;
	return **name != '\0';
}

struct own *own_ask(pid_t pid)
{
	struct own *o = own_open();

	if (!o)
		return NULL;
	own_process(o, pid, NULL);
	own_want(o, OWN_LIST, clock_ms(CLOCK_MONOTONIC));
	while (own_waits(o, OWN_LIST)) {
		struct pollfd fds[OWN_FDS];
		int n = own_fds(o, fds), due = own_step(o, clock_ms(CLOCK_MONOTONIC));

		if (due >= 0)
			poll(fds, (nfds_t)n, due);
	}
	return o;
}

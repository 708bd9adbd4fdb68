// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel's place taken, inside the process: a breakpoint at each marker of the
 * extension, and a handler that reads the marker's arguments as its note says and
 * adds up what they point to. For tests on machines that load no modules.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define NAMES 20000
#define SITES 16
#define EVENTS 4096
#define KIND_EVENTS 3
#define KIND_ERROR 8

struct sum {
	const char *file, *function;
	int64_t line;
	uint64_t calls, inclusive, exclusive;
};

struct name {
	char file[200], function[100];
	int64_t line, calls, inclusive, exclusive, entries, returns;
};

/* An argument is a register (its place in gregs), or, when that is -1, a number. */
struct site {
	unsigned char *pc;
	int kind; /* by its place in catch.py's KINDS: 0 sums, 1 entry, 2 return */
	int reg[4];
	int64_t number[4];
};

static struct site sites[SITES];
static int n_sites;
struct name names[NAMES];
int n_names;
/* Of teletap.h's markers, as they come. */
struct event {
	char name[200], text[100];
	int64_t kind, a, b;
} events[EVENTS];
int n_events;
int64_t batches, lost, largest, malformed, untimed;
static volatile int busy;

static struct name *name_of(const char *file, const char *function, int64_t line)
{
	for (int i = 0; i < n_names; i++) {
		if (names[i].line == line && !strcmp(names[i].function, function) &&
		    !strcmp(names[i].file, file))
			return &names[i];
	}
	if (n_names == NAMES)
		return &names[0];
	snprintf(names[n_names].file, sizeof(names[0].file), "%s", file);
	snprintf(names[n_names].function, sizeof(names[0].function), "%s", function);
	names[n_names].line = line;
	return &names[n_names++];
}

static void take_event(int kind, const int64_t arg[4])
{
	struct event *e = &events[n_events];

	if (n_events == EVENTS)
		return;
	n_events++;
	snprintf(e->name, sizeof(e->name), "%s", (const char *)arg[0]);
	if (kind == KIND_ERROR)
		snprintf(e->text, sizeof(e->text), "%s", (const char *)arg[1]);
	e->kind = kind;
	e->a = arg[1];
	e->b = arg[2];
}

static void take(const struct site *s, const int64_t arg[4])
{
	const struct sum *rows = (const struct sum *)arg[0];

	if (s->kind == 0) {
		batches++;
		lost += arg[3];
		largest = arg[1] > largest ? arg[1] : largest;
		if (arg[2] != sizeof(*rows)) {
			malformed++;
			return;
		}
		for (int64_t i = 0; i < arg[1]; i++) {
			struct name *n = name_of(rows[i].file, rows[i].function, rows[i].line);

			n->calls += (int64_t)rows[i].calls;
			if (rows[i].inclusive == UINT64_MAX && rows[i].exclusive == UINT64_MAX) {
				untimed++;
				continue;
			}
			n->inclusive += (int64_t)rows[i].inclusive;
			n->exclusive += (int64_t)rows[i].exclusive;
		}
	} else if (s->kind >= KIND_EVENTS) {
		take_event(s->kind, arg);
	} else {
		struct name *n = name_of((const char *)arg[0], (const char *)arg[1], (int)arg[2]);

		if (s->kind == 1)
			n->entries++;
		else
			n->returns++;
	}
}

static void trap(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	unsigned char *pc = (unsigned char *)u->uc_mcontext.gregs[REG_RIP] - 1;

	(void)number, (void)info;
	for (int i = 0; i < n_sites; i++) {
		int64_t arg[4];

		if (sites[i].pc != pc)
			continue;
		for (int k = 0; k < 4; k++)
			arg[k] = sites[i].reg[k] < 0 ? sites[i].number[k]
						     : u->uc_mcontext.gregs[sites[i].reg[k]];
		while (__sync_lock_test_and_set(&busy, 1))
			;
		take(&sites[i], arg);
		__sync_lock_release(&busy);
		return; /* behind the breakpoint, which stands where a nop was */
	}
	signal(SIGTRAP, SIG_DFL);
	raise(SIGTRAP);
}

int catch_site(unsigned char *pc, int kind, const int reg[4], const int64_t number[4])
{
	struct sigaction action = { .sa_sigaction = trap, .sa_flags = SA_SIGINFO | SA_RESTART };
	long page = sysconf(_SC_PAGESIZE);
	unsigned char *start = (unsigned char *)((uintptr_t)pc & ~(uintptr_t)(page - 1));

	if (n_sites == SITES || *pc != 0x90 || sigaction(SIGTRAP, &action, NULL) ||
	    mprotect(start, (size_t)page, PROT_READ | PROT_WRITE | PROT_EXEC))
		return -1;
	sites[n_sites] = (struct site){ .pc = pc, .kind = kind };
	memcpy(sites[n_sites].reg, reg, sizeof(sites[0].reg));
	memcpy(sites[n_sites].number, number, sizeof(sites[0].number));
	n_sites++;
	*pc = 0xcc;
	return 0;
}

/* The threads of a child that is forked here and does nothing: -1, not known. */
int catch_fork(void)
{
	int status, n = -2; /* without "." and ".." */
	pid_t pid = fork();

	if (!pid) {
		DIR *d = opendir("/proc/self/task");

		while (d && readdir(d))
			n++;
		_exit(n);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A service that uses every macro of teletap.h. It does what it is told on standard
 * input, a command a line, and answers "done":
 *   all N               every macro N times
 *   tally THREADS N     N events in each of so many threads, which then end
 *   flush N             N events in this thread, handed over at once
 *   log TEXT            a line; "\xHH" in TEXT is that byte, "%1m" a megabyte of x
 *   storm THREADS MS    threads that write lines as fast as they can: "LENGTH cccc..."
 *   fork                a child that writes a line and ends
 *   handler             a line from a signal handler
 *   span OPERATION ID STATUS MS    one span of that length
 *   heap N              N blocks of 10,000 bytes; answers "grown BYTES" of the main heap
 *   arenas THREADS      so many threads that all have memory of their own at once
 *   fight THREADS MS    threads that want one lock
 *   begin OPERATION ID, end OPERATION ID STATUS
 *   abort, kill, exit N, segv, divide, eat MB   the end
 *   hook, jump, protect, forbid, maps           likewise: a call of a null pointer, a call of
 *                       nothing, a non-canonical address, a system call forbidden by a
 *                       filter, segv with 9000 mappings
 *   thread COMMAND      a thread called "worker" that ends everything like that
 *   child COMMAND       a child that ends itself like that
 */
#define TELETAP_PROVIDER service
#include "teletap.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 64

static volatile int stopping;

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static void all(int n)
{
	for (int i = 1; i <= n; i++) {
		TELETAP_START("1.2.3", "0123abc", "77");
		TELETAP_CONFIG("port", "8080");
		TELETAP_LOG(TELETAP_WARNING, "request %d of %d: %s", i, n, "slow");
		TELETAP_ERROR(TELETAP_HERE, "no such file", 1);
		TELETAP_ERROR("load", "out of range", 0);
		TELETAP_STATE_INPUT("speed", "pulses", "%d /s", i);
		TELETAP_STATE_STEP("speed", "filtered", "%.1f /s", i * 0.5);
		TELETAP_STATE_RESULT("speed", "%.2f km/h", i * 1.25);
		TELETAP_COUNTER("requests", 1);
		TELETAP_COUNTER("bytes", 100 * i);
		TELETAP_GAUGE("queue", n - i);
		TELETAP_SPAN_BEGIN("fetch", i);
		TELETAP_SPAN_END("fetch", i, i % 4 == 0);
		TELETAP_STOP("told to");
	}
}

static void *tally_thread(void *arg)
{
	long n = *(const long *)arg;

	for (long i = 0; i < n; i++) {
		TELETAP_TALLY("events");
		TELETAP_TALLY_ADD("weight", 3);
		TELETAP_TALLY(i % 1024 < 24 ? "some" : "most");
	}
	return NULL;
}

static void *storm_thread(void *arg)
{
	char text[256];

	for (unsigned i = 0; !stopping; i++) {
		unsigned length = i * 7 % 180;

		memset(text, 'a' + (int)(i % 26), length);
		text[length] = '\0';
		TELETAP_LOG(TELETAP_DEBUG, "%u %s", length, text);
	}
	return arg;
}

static void threads(int n, void *(*fn)(void *), long arg, long ms)
{
	pthread_t ids[THREADS];

	stopping = 0;
	for (int i = 0; i < n && i < THREADS; i++)
		pthread_create(&ids[i], NULL, fn, &arg);
	nap_ms(ms);
	stopping = 1;
	for (int i = 0; i < n && i < THREADS; i++)
		pthread_join(ids[i], NULL);
}

/* Replaces \xHH in place. */
static void unescape(char *text)
{
	char *to = text;
	unsigned byte;

	for (; *text; to++) {
		if (sscanf(text, "\\x%2x", &byte) == 1) {
			*to = (char)byte;
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

static void log_text(char *text)
{
	char *huge = NULL;

	unescape(text);
	if (!strcmp(text, "%1m")) {
		huge = malloc((1 << 20) + 1);
		if (!huge)
			abort();
		memset(huge, 'x', 1 << 20);
		huge[1 << 20] = '\0';
	}
	TELETAP_LOG(TELETAP_INFO, "%s", huge ? huge : text);
	free(huge);
}

static void in_handler(int number)
{
	TELETAP_LOG(TELETAP_NOTICE, "signal %d", number);
}

static void child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		TELETAP_LOG(TELETAP_INFO, "in the child %d", (int)getpid());
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* What is allocated here stays: it is to be seen. */
static void *volatile kept;

static void heap(long n)
{
	char *before = sbrk(0);

	for (long i = 0; i < n; i++)
		kept = malloc(10000);
	printf("grown %ld\n", (long)((char *)sbrk(0) - before));
}

static pthread_barrier_t all_here;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *arena_thread(void *arg)
{
	kept = malloc(100);
	pthread_barrier_wait(&all_here);
	return arg;
}

static void *fight_thread(void *arg)
{
	while (!stopping) {
		pthread_mutex_lock(&lock);
		nap_ms(1);
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

static void arenas(int n)
{
	pthread_barrier_init(&all_here, NULL, (unsigned)n);
	threads(n, arena_thread, 0, 0);
	pthread_barrier_destroy(&all_here);
}

static void span(const char *operation, long id, long status, long ms)
{
	TELETAP_SPAN_BEGIN(operation, id);
	nap_ms(ms);
	TELETAP_SPAN_END(operation, id, status);
}

/* Not to be optimised away, so that a backtrace has something to show. */
static __attribute__((noinline)) void fall(int *where)
{
	*(volatile int *)where = 1;
}

static void (*volatile hook)(void);

static __attribute__((noinline)) void call_hook(void)
{
	hook();
	kept = "back";
}

/* getppid ends the process from now on. */
static void forbid(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Neighbours with other rights are not merged. They lie below the libraries. */
static void map_many(long n)
{
	for (long i = 0; i < n; i++)
		mmap((char *)0x100000000000 + i * 8192, 4096, PROT_READ,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void eat(long mb)
{
	for (long i = 0; i < mb; i++) {
		char *more = malloc(1 << 20);

		if (more)
			memset(more, 1, 1 << 20);
		kept = more;
	}
}

/* The end, if the line is one. */
static int end(const char *line)
{
	volatile int zero = 0;
	long n;

	if (!strcmp(line, "abort"))
		abort();
	else if (!strcmp(line, "kill"))
		raise(SIGKILL);
	else if (!strcmp(line, "segv"))
		fall((int *)(uintptr_t)(0xdead + zero));
	else if (!strcmp(line, "protect"))
		fall((int *)(uintptr_t)(0x8000000000000000 + (unsigned)zero));
	else if (!strcmp(line, "hook"))
		call_hook();
	else if (!strcmp(line, "jump")) {
		hook = (void (*)(void))(uintptr_t)(0x123456789000 + zero);
		call_hook();
	} else if (!strcmp(line, "forbid")) {
		forbid();
		kept = getppid() ? "allowed" : "";
	} else if (!strcmp(line, "maps")) {
		map_many(9000);
		fall((int *)(uintptr_t)(0xdead + zero));
	} else if (!strcmp(line, "divide"))
		kept = &"x"[1 / zero];
	else if (sscanf(line, "eat %ld", &n) == 1)
		eat(n);
	else if (sscanf(line, "exit %ld", &n) == 1)
		exit((int)n);
	else
		return 0;
	return 1;
}

static void *worker(void *arg)
{
	pthread_setname_np(pthread_self(), "worker");
	TELETAP_LOG(TELETAP_ERR, "the worker is about to %s", (const char *)arg);
	end(arg);
	return NULL;
}

static void end_in_thread(char *line)
{
	pthread_t id;

	pthread_create(&id, NULL, worker, line);
	pthread_join(id, NULL);
}

static void end_in_child(const char *line)
{
	pid_t pid = fork();

	if (pid == 0) {
		TELETAP_LOG(TELETAP_ERR, "child %d is about to %s", (int)getpid(), line);
		end(line);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int obey(char *line)
{
	char word[64];
	long a, b, c;

	if (sscanf(line, "all %ld", &a) == 1)
		all((int)a);
	else if (sscanf(line, "tally %ld %ld", &a, &b) == 2)
		threads((int)a, tally_thread, b, 0);
	else if (sscanf(line, "flush %ld", &a) == 1)
		tally_thread(&a);
	else if (sscanf(line, "storm %ld %ld", &a, &b) == 2)
		threads((int)a, storm_thread, 0, b);
	else if (sscanf(line, "span %63s %ld %ld %ld", word, &a, &b, &c) == 4)
		span(word, a, b, c);
	else if (sscanf(line, "begin %63s %ld", word, &a) == 2)
		TELETAP_SPAN_BEGIN(word, a);
	else if (sscanf(line, "end %63s %ld %ld", word, &a, &b) == 3)
		TELETAP_SPAN_END(word, a, b);
	else if (sscanf(line, "heap %ld", &a) == 1)
		heap(a);
	else if (sscanf(line, "arenas %ld", &a) == 1)
		arenas((int)a);
	else if (sscanf(line, "fight %ld %ld", &a, &b) == 2)
		threads((int)a, fight_thread, 0, b);
	else if (!strncmp(line, "log ", 4))
		log_text(line + 4);
	else if (!strcmp(line, "fork"))
		child();
	else if (!strcmp(line, "handler"))
		raise(SIGUSR1);
	else if (!strncmp(line, "thread ", 7))
		end_in_thread(line + 7);
	else if (!strncmp(line, "child ", 6))
		end_in_child(line + 6);
	else if (end(line))
		return 1;
	else
		return 0;
	TELETAP_TALLY_FLUSH();
	return 1;
}

int main(void)
{
	static char line[4096];

	signal(SIGUSR1, in_handler);
	TELETAP_START("1.0", "fedcba9", "1");
	TELETAP_CONFIG("threads", "at most 64");
	TELETAP_LOG(TELETAP_INFO, "ready, process %d", (int)getpid());
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		puts(obey(line) ? "done" : "what?");
		fflush(stdout);
	}
	TELETAP_STOP("end of input");
	return 0;
}

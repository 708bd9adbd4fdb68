// SPDX-License-Identifier: 0BSD
/*
 * The light switch. The semaphores of our markers are counters in this process's
 * memory that the kernel raises when somebody listens and lowers when he does not any
 * more, or has died. Nothing can be told of that, so a thread looks at them, every
 * TICK_MS: two loads, no lock of the interpreter, some microseconds a second. Only
 * when one is up it takes the lock.
 *
 * It is not a Python thread until then, blocks the program's signals, and does not live through
 * a fork: CPython counts the process's threads after os.fork() and warns when there
 * are several, so it is ended before, and started again after.
 *
 * What it does with the lock can run the program's own code: audit hooks, and what is called
 * when objects are collected. That may wait for what the thread that ends the helper holds. So
 * that one waits JOIN_S at most, and leaves the thread alone then: it ends when it can.
 */
#include "app.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STACK (256 * 1024)
#define SLACK_NS 20000000ul /* wake-ups may be put together with others */
#define JOIN_S 3
#define JOIN_TRIES 20000 /* of 50 us */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static uintptr_t turn; /* under lock: the helper of another one is to end */
static uint64_t due;   /* under lock: the next tick, in ns */
static bool runs;      /* under the interpreter's lock */
static struct thread_own thread;

/* Not by the C library, where programs are given another time (libfaketime): waits are not. */
static uint64_t now_ns(void)
{
	struct timespec t;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct timespec time_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u),
				  .tv_nsec = (long)(ns % 1000000000u) };
}

/*
 * A tick goes by, and that time; false: to stop. Forks in between, however many, put it off for
 * no one.
 */
static bool wait_tick(uintptr_t mine, uint64_t least)
{
	struct timespec until;
	bool goes_on;

	pthread_mutex_lock(&lock);
	until = time_of(due < least ? least : due);
	while (turn == mine && !pthread_cond_clockwait(&wake, &lock, CLOCK_MONOTONIC, &until))
		;
	goes_on = turn == mine;
	if (goes_on)
		due = now_ns() + TICK_MS * 1000000u;
	pthread_mutex_unlock(&lock);
	return goes_on;
}

/* Where its work takes long, the program is left as much time as it took. */
static void *helper(void *mine)
{
	uint64_t rest = 0;

	prctl(PR_SET_NAME, "teletap");
	prctl(PR_SET_TIMERSLACK, SLACK_NS);
	while (wait_tick((uintptr_t)mine, rest)) {
		bool wanted = markers_wanted() != 0, tallies = app_wanted();

		if (wanted || switch_is_on() || tallies) {
			PyGILState_STATE state = PyGILState_Ensure();
			uint64_t begun = now_ns();

			if (wanted || switch_is_on())
				switch_look();
			if (tallies)
				app_hand_over();
			rest = 2 * now_ns() - begun;
			PyGILState_Release(state);
		}
	}
	return NULL;
}

static void *thread_main(void *own)
{
	struct thread_own *t = own;

	t->tid = (int)syscall(SYS_gettid);
	return t->run(t->arg);
}

bool thread_start(struct thread_own *t, size_t stack, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	/* What a thread does to itself kills the process when it is blocked. */
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	sigset_t all, old;
	bool made;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack);
	sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	*t = (struct thread_own){ .run = run, .arg = arg };
	made = !pthread_create(&t->handle, &attr, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return made;
}

bool thread_join(struct thread_own *t)
{
	const struct timespec until = time_of(now_ns() + JOIN_S * 1000000000ull);

	if (pthread_clockjoin_np(t->handle, NULL, CLOCK_MONOTONIC, &until))
		return false;
	/* The kernel tells pthread_join before it has taken the thread off its count. */
	for (int i = 0; i < JOIN_TRIES && !syscall(SYS_tgkill, getpid(), t->tid, 0); i++)
		usleep(50);
	return true;
}

static uintptr_t next_turn(void)
{
	uintptr_t now;

	pthread_mutex_lock(&lock);
	now = ++turn;
	pthread_cond_broadcast(&wake);
	pthread_mutex_unlock(&lock);
	return now;
}

void helper_start(void)
{
	if (!runs)
		runs = thread_start(&thread, STACK, helper, (void *)next_turn());
}

void helper_stop(void)
{
	if (!runs)
		return;
	runs = false;
	Py_BEGIN_ALLOW_THREADS next_turn();
	if (!thread_join(&thread))
		pthread_detach(thread.handle);
	Py_END_ALLOW_THREADS
}

void helper_forget(void)
{
	runs = false;
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&wake, NULL);
}

bool helper_runs(void)
{
	return runs;
}

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
 */
#include "app.h"

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#define STACK (256 * 1024)
#define SLACK_NS 20000000ul /* wake-ups may be put together with others */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static bool stop; /* under lock */
static bool runs; /* under the interpreter's lock */
static pthread_t thread;

/* A tick goes by; true: to stop. */
static bool wait_tick(void)
{
	struct timespec ts;
	bool ended = false;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_nsec += TICK_MS * 1000000l;
	if (ts.tv_nsec >= 1000000000l) {
		ts.tv_nsec -= 1000000000l;
		ts.tv_sec++;
	}
	pthread_mutex_lock(&lock);
	while (!stop && !pthread_cond_clockwait(&wake, &lock, CLOCK_MONOTONIC, &ts))
		;
	ended = stop;
	pthread_mutex_unlock(&lock);
	return ended;
}

static void *helper(void *arg)
{
	bool on = false;

	(void)arg;
	prctl(PR_SET_NAME, "teletap");
	prctl(PR_SET_TIMERSLACK, SLACK_NS);
	while (!wait_tick()) {
		bool wanted = markers_wanted() != 0, tallies = app_wanted();

		if (wanted || on || tallies) {
			PyGILState_STATE state = PyGILState_Ensure();

			if (wanted || on)
				switch_look();
			if (tallies)
				app_hand_over();
			PyGILState_Release(state);
		}
		on = wanted;
	}
	return NULL;
}

bool thread_start(pthread_t *t, size_t stack, void *(*run)(void *), void *arg)
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
	made = !pthread_create(t, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return made;
}

void helper_start(void)
{
	if (runs)
		return;
	stop = false;
	runs = thread_start(&thread, STACK, helper, NULL);
}

void helper_stop(void)
{
	if (!runs)
		return;
	runs = false;
	Py_BEGIN_ALLOW_THREADS pthread_mutex_lock(&lock);
	stop = true;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
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

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
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STACK (256 * 1024)
#define SLACK_NS 20000000ul /* wake-ups may be put together with others */
#define JOIN_TRIES 20000    /* of 50 us */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static bool stop; /* under lock */
static bool runs; /* under the interpreter's lock */
static struct thread_own thread;

/* A tick goes by; true: to stop. Forks in between, however many, put it off for no one. */
static bool wait_tick(void)
{
	static struct timespec due;
	bool ended = false;

	pthread_mutex_lock(&lock);
	while (!stop && !pthread_cond_clockwait(&wake, &lock, CLOCK_MONOTONIC, &due))
		;
	ended = stop;
	pthread_mutex_unlock(&lock);
	if (ended)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &due);
	due.tv_nsec += TICK_MS * 1000000l;
	if (due.tv_nsec >= 1000000000l) {
		due.tv_nsec -= 1000000000l;
		due.tv_sec++;
	}
	return false;
}

static void *helper(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "teletap");
	prctl(PR_SET_TIMERSLACK, SLACK_NS);
	while (!wait_tick()) {
		bool wanted = markers_wanted() != 0, tallies = app_wanted();

		if (wanted || switch_is_on() || tallies) {
			PyGILState_STATE state = PyGILState_Ensure();

			if (wanted || switch_is_on())
				switch_look();
			if (tallies)
				app_hand_over();
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

void thread_join(struct thread_own *t)
{
	pthread_join(t->handle, NULL);
	/* The kernel tells pthread_join before it has taken the thread off its count. */
	for (int i = 0; i < JOIN_TRIES && !syscall(SYS_tgkill, getpid(), t->tid, 0); i++)
		usleep(50);
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
	thread_join(&thread);
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

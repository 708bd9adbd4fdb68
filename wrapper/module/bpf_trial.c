// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/bpf_trial.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "module/bpf_program.h"

#define TRIALS_MAX 32
#define THREADS 4

static struct trial {
	const char *module; /* NULL: free */
	bool done, loads;
	char *why;
} trials[TRIALS_MAX];

/* The module's trial, which may not have been done yet; one too many replaces the last. */
static struct trial *trial_of(const char *module)
{
	int i = 0;

	while (i < TRIALS_MAX - 1 && trials[i].module && strcmp(trials[i].module, module) != 0)
		i++;
	if (!trials[i].module || strcmp(trials[i].module, module) != 0) {
		free(trials[i].why);
		trials[i] = (struct trial){ .module = module };
	}
	return &trials[i];
}

/* Loads the module's programs, with no place to probe. */
static void trial_do(struct trial *t)
{
	static const struct site site;
	static const struct config config;
	struct bpf_loaded l;

	if (t->done)
		return;
	t->loads = !bpf_load(&l, t->module, &config, &site, 1, &t->why);
	if (t->loads)
		bpf_unload(&l);
	t->done = true;
}

bool bpf_loads(const char *module, char **why)
{
	struct trial *t = trial_of(module);

	trial_do(t);
	if (!t->loads)
		fail(why, 0, "%s", t->why ? t->why : strerror(ENOMEM));
	return t->loads;
}

static void *trials_work(void *arg)
{
	atomic_int *next = arg;
	int i;

	while ((i = atomic_fetch_add(next, 1)) < TRIALS_MAX && trials[i].module)
		trial_do(&trials[i]);
	return NULL;
}

void bpf_want(const char *module)
{
	trial_of(module);
}

void bpf_try(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[THREADS - 1];
	atomic_int next = 0;
	int started = 0;

	/* This thread works too; where no other can be started, it does all. */
	while (started < THREADS - 1 && started + 1 < cpus &&
	       pthread_create(&threads[started], NULL, trials_work, &next) == 0)
		started++;
	trials_work(&next);
	while (started)
		pthread_join(threads[--started], NULL);
}

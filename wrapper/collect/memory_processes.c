// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_processes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/rootfs.h"

#define FIELD_FAULTS 11 /* cminflt */
#define FIELD_BEGUN 22
#define FIELD_STACK 28

static const struct look here = { .root = "" };

/* A field of /proc/PID/stat behind the name; 0: there is no such process. */
static uint64_t stat_field(pid_t pid, int wanted)
{
	char path[64], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (look_text(&here, path, text, sizeof(text)) || !(at = strrchr(text, ')')))
		return 0;
	for (int field = 2; at && field < wanted; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

/* Tells the programs apart that a process runs one after the other, the same one too. */
static uint64_t image_of(pid_t pid)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return (stat(path, &st) ? 0 : (uint64_t)st.st_ino) ^ stat_field(pid, FIELD_STACK);
}

static struct memory_process *find(struct memory_processes *all, pid_t pid, uint64_t begun)
{
	struct memory_process *more;

	for (size_t i = 0; i < all->n; i++) {
		if (all->list[i].pid == pid && all->list[i].begun == begun)
			return &all->list[i];
	}
	more = reallocarray(all->list, all->n + 1, sizeof(*more));
	if (!more)
		return NULL;
	all->list = more;
	more[all->n] = (struct memory_process){ .pid = pid, .begun = begun };
	return &more[all->n++];
}

void memory_processes_at(struct memory_processes *all, const struct memory_process *process)
{
	all->memory.pid = process->pid;
	memory_forget(&all->memory);
}

static void add(struct memory_processes *all, pid_t pid)
{
	uint64_t begun = stat_field(pid, FIELD_BEGUN), image = image_of(pid);
	struct memory_process *process = begun ? find(all, pid, begun) : NULL;
	uint64_t faults;

	if (!process)
		return;
	faults = stat_field(pid, FIELD_FAULTS);
	all->ended |= process->seen && faults > process->faults;
	process->faults = faults;
	process->seen = all->look;
	/* Python may not be there yet: a library that is loaded, a program that begins. */
	if (process->image == image && process->python.state == PYTHON_READ &&
	    process->python.runtime)
		return;
	process->image = image;
	memory_processes_at(all, process);
	python_find(&all->memory, &process->python);
	if (all->locked)
		python_want_lock(&process->python);
}

void memory_processes_look(struct memory_processes *all)
{
	all->look++;
	processes_look(&all->now, &here);
	for (size_t i = 0; i < all->now.n; i++)
		add(all, all->now.list[i]);
	for (size_t i = 0; i < all->n && processes_live(&all->now); i++)
		all->ended |= all->list[i].seen < all->look;
}

void memory_processes_free(struct memory_processes *all)
{
	for (size_t i = 0; i < all->n; i++)
		memory_gc_free(&all->list[i].gc);
	free(all->list);
	memory_end(&all->memory);
}

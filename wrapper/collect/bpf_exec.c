// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 250: processes as they start, run programs and end. The last ones, in a ring: a row is
 * taken again when so many others have started since, and the row of a process is the newest
 * with its number.
 */
#include "bpf/exec.h"

#include <inttypes.h>
#include <string.h>

#include "collect/bpf_collector.h"
#include "collect/bpf_words.h"
#include "model/escape.h"

#define PROCESSES 1024

struct process {
	uint64_t number; /* of all that were seen, from 1 */
	uint32_t pid, parent, programs;
	int32_t status;
	uint64_t start_ns, end_ns; /* end: 0 while it runs */
	size_t len;                /* of the arguments */
	bool cut, changed;
	char parent_name[EXEC_NAME], name[EXEC_NAME], arguments[EXEC_ARGUMENTS];
};

struct processes {
	uint64_t number;
	struct process rows[PROCESSES];
};

static uint64_t room(const struct bpf_loaded *l)
{
	return l->room && l->room < PROCESSES ? l->room : PROCESSES;
}

static struct process *newest(const struct bpf_loaded *l, uint32_t pid)
{
	struct processes *s = l->state;
	uint64_t n = s->number, first = n > room(l) ? n - room(l) : 0;

	while (n-- > first) {
		struct process *p = &s->rows[n % room(l)];

		if (p->pid == pid)
			return p;
	}
	return NULL;
}

static struct process *add(const struct bpf_loaded *l, const struct exec_event *e)
{
	struct exec_tables *t = l->tables;
	struct processes *s = l->state;
	struct process *p = &s->rows[s->number % room(l)];

	if (p->changed) /* nobody has seen it */
		__atomic_fetch_add(&t->totals.full, 1, __ATOMIC_SEQ_CST);
	*p = (struct process){
		.number = ++s->number, .pid = e->pid, .parent = e->parent, .start_ns = e->start_ns
	};
	memcpy(p->parent_name, e->parent_name, EXEC_NAME);
	return p;
}

/* Arguments lie one behind the other, each with a NUL at its end. */
static void take_arguments(struct process *p, const struct exec_event *e)
{
	p->len = e->size < EXEC_ARGUMENTS ? (size_t)e->size : EXEC_ARGUMENTS;
	p->cut = e->size > EXEC_ARGUMENTS;
	memcpy(p->arguments, e->arguments, p->len);
	for (size_t i = 0; i + 1 < p->len; i++) {
		if (!p->arguments[i])
			p->arguments[i] = ' ';
	}
	if (p->len && !p->arguments[p->len - 1])
		p->len--;
}

static void event(const struct bpf_loaded *l, const void *data, size_t size)
{
	const struct exec_event *e = data;
	struct process *p;

	if (size < offsetof(struct exec_event, size) ||
	    (e->kind == EXEC_PROGRAM && size < sizeof(*e)))
		return;
	p = newest(l, e->pid);
	if (e->kind == EXEC_FORK || !p || p->end_ns)
		p = add(l, e);
	memcpy(p->name, e->name, EXEC_NAME);
	p->changed = true;
	if (e->kind == EXEC_PROGRAM) {
		p->programs++;
		take_arguments(p, e);
	} else if (e->kind == EXEC_END) {
		p->status = e->status;
		p->end_ns = e->now_ns;
	}
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct exec_tables *t = l->tables;
	struct processes *s = l->state;

	(void)settings;
	for (size_t i = 0; i < PROCESSES; i++) {
		struct process *p = &s->rows[i];

		if (!p->changed)
			continue;
		p->changed = false;
		fprintf(f, "process\t%zu\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32, i + 1, p->number,
			p->pid, p->parent);
		bpf_text_field(f, p->parent_name, EXEC_NAME, false);
		bpf_text_field(f, p->name, EXEC_NAME, false);
		escape_field_part(f, p->arguments, p->len);
		fprintf(f, "%s\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId32 "\n",
			p->cut ? "..." : "", p->programs, p->start_ns, p->end_ns, p->status);
	}
	fprintf(f, "starts\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", t->forks,
		t->programs, t->ends, t->failures);
}

const struct bpf_module bpf_exec = { .name = "exec",
				     .size = sizeof(struct exec_tables),
				     .state_size = sizeof(struct processes),
				     .event = event,
				     .lines = lines };

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page: every page's number, name and title, the module it lives in, the
 * markers it needs, and how its rows are made. The table is in page.c.
 */
#ifndef TELETAP_PAGES_PAGE_H
#define TELETAP_PAGES_PAGE_H

#include "model/origin.h"
#include "model/state.h"
#include "model/table.h"

#define PAGE_ALSO 8

/* The module of pages that come from a program's ring, read without any module (ring.h). */
#define PAGE_RING "ring"

/* That of the page that comes from the kernel's files, likewise without one. */
#define PAGE_HOST "host"

/* Those of the target's processes and sockets, from the kernel, too. */
#define PAGE_PROCESS "process"
#define PAGE_SOCKETS "sockets"

/* The module of the page about crashes, of which a ring file tells something, too. */
#define PAGE_CRASH "crash"

/* Those of the pages about threads and tasks, which are read from the program's memory. */
#define PAGE_THREADS "threads"
#define PAGE_TASKS "tasks"

/* What can collect a page's figures: see docs/architecture.md. */
enum collector {
	COLLECT_STAP,   /* a script, compiled into a module of the kernel */
	COLLECT_BPF,    /* a BPF program */
	COLLECT_MEMORY, /* a reader of the target's memory */
	COLLECT_RING,   /* a reader of the program's flight recorder */
	COLLECT_PROC,   /* a reader of the kernel's files */
	COLLECTORS
};

#define BY_STAP (1U << COLLECT_STAP)
#define BY_BPF (1U << COLLECT_BPF)
#define BY_MEMORY (1U << COLLECT_MEMORY)
#define BY_RING (1U << COLLECT_RING)
#define BY_PROC (1U << COLLECT_PROC)

/* As users write and read it: "stap"; and back, -1 when there is none of that name. */
const char *collector_name(enum collector collector);
int collector_find(const char *name);

struct status_limits;

/* What several modules know, for a page that draws from all of them. */
#define STATES 32
struct states {
	const struct state *list[STATES]; /* the page's own one first */
	int n;
	const struct status_limits *limits; /* NULL: as built in */
};

struct page {
	int number;
	const char *name;
	const char *title;
	struct origin origin;
	struct origin extension; /* taken instead where the target has its markers */
	unsigned by;             /* the collectors that can have them: BY_... */
	unsigned incomplete;     /* those of them that cannot know everything */
	bool whole;              /* of the host, whatever the target is */
	bool now;                /* of one moment: it needs no interval, */
	bool once;               /* and is shown once when no count is given */
	bool common;             /* what every program has: says nothing about one */
	const char *takes;       /* letters of its options, see cmd/options.c; NULL: none */
	void (*fill)(const struct state *s, struct table *t); /* the table is to be freed */
	/*
	 * In its place, for a page that draws from the modules of other pages, too, where
	 * they can be had: the numbers of these pages, 0 at the end.
	 */
	void (*fill_all)(const struct states *all, struct table *t);
	int also[PAGE_ALSO];
};

extern const struct page pages[];
extern const int n_pages;

/* The page of all pages, which has no figures of its own: see contents.h. */
#define PAGE_CONTENTS 255
#define PAGE_LOG 245 /* whose last lines are the newest */

/* Finds a page by its number or name; NULL when there is none. */
const struct page *page_find(const char *word);

/* Then: why there is none of that name. */
const char *page_missing(const char *word);

/* Whether the page is about the host: it needs no target. */
bool page_is_host(const struct page *page);

/* Whether the page's figures may come from this module. */
bool page_has_module(const struct page *page, const char *module);

/* Whether a page of this module takes the option with this letter. */
bool module_takes(const char *module, char letter);

/* fill.c: whether nothing is missing from the figures. */
bool page_is_exact(const struct state *s);

/* Whether nothing is known of what its markers would tell: its note says why. */
bool page_is_unknown(const struct state *s);

/* Says that the target has ended; more: what follows from that. */
void page_note_gone(const struct state *s, struct table *t, const char *more);

/* Makes its table. all may be NULL: there is nothing but s. */
void page_fill(const struct page *page, const struct state *s, const struct states *all,
	       struct table *t);

/* Whether the page is about the program with this path, and not only about the host. */
bool page_has_target(const struct page *page, const char *exe);

/*
 * The rows of each page, in page_NAME.c; 201, 202, 240 and 245 in app.c, 260 in
 * spans.c.
 */
void page_status_fill(const struct states *all, struct table *t);
void page_about_fill(const struct state *s, struct table *t);
void page_config_fill(const struct state *s, struct table *t);
void page_host_fill(const struct state *s, struct table *t);
void page_process_fill(const struct state *s, struct table *t);
void page_sockets_fill(const struct state *s, struct table *t);
void page_gc_fill(const struct state *s, struct table *t);
void page_gc_events_fill(const struct state *s, struct table *t);
void page_gc_pauses_fill(const struct state *s, struct table *t);
void page_gc_cost_fill(const struct state *s, struct table *t);
void page_calls_fill(const struct state *s, struct table *t);
void page_call_times_fill(const struct state *s, struct table *t);
void page_flow_fill(const struct state *s, struct table *t);
void page_stacks_fill(const struct state *s, struct table *t);
void page_threads_fill(const struct state *s, struct table *t);
void page_tasks_fill(const struct state *s, struct table *t);
void page_imports_fill(const struct state *s, struct table *t);
void page_audit_fill(const struct state *s, struct table *t);
void page_gil_fill(const struct state *s, struct table *t);
void page_syscalls_fill(const struct state *s, struct table *t);
void page_faults_fill(const struct state *s, struct table *t);
void page_offcpu_fill(const struct state *s, struct table *t);
void page_state_fill(const struct state *s, struct table *t);
void page_counters_fill(const struct state *s, struct table *t);
void page_spans_fill(const struct state *s, struct table *t);
void page_log_fill(const struct state *s, struct table *t);
void page_errors_fill(const struct state *s, struct table *t);
void page_crash_fill(const struct state *s, struct table *t);
void page_exec_fill(const struct state *s, struct table *t);
void page_disk_io_fill(const struct state *s, struct table *t);
void page_short_files_fill(const struct state *s, struct table *t);
void page_postgres_fill(const struct state *s, struct table *t);
void page_glibc_fill(const struct state *s, struct table *t);

#endif

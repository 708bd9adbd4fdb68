// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of pages. To add one: see CONTRIBUTING.md.
 */
#include "pages/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct page pages[] = {
	{ .number = 200,
	  .name = "status",
	  .title = "Is it working, and if not, what to read",
	  .by = BY_PROC,
	  .origin = { PAGE_HOST },
	  .also = { 247, 246, 245, 242, 210 },
	  .fill_all = page_status_fill },
	{ .number = 201,
	  .name = "about",
	  .title = "What the program says it is",
	  .by = BY_RING,
	  .origin = { PAGE_RING,
		      PAGE_ANY,
		      { "teletap__start", "teletap__stop", "teletap__config", "teletap__log",
			"teletap__error", "teletap__state" } },
	  .now = true,
	  .fill = page_about_fill },
	{ .number = 202,
	  .name = "config",
	  .title = "The configuration in force",
	  .by = BY_RING,
	  .origin = { PAGE_RING, PAGE_ANY, { "teletap__config" } },
	  .now = true,
	  .fill = page_config_fill },
	{ .number = 203,
	  .name = "host",
	  .title = "This host: space, memory, pressure, units",
	  .by = BY_PROC,
	  .origin = { PAGE_HOST },
	  .whole = true,
	  .fill = page_host_fill },
	{ .number = 204,
	  .name = "process",
	  .title = "Its processes against their limits",
	  .by = BY_PROC,
	  .origin = { PAGE_PROCESS, PAGE_PROGRAM },
	  .common = true,
	  .fill = page_process_fill },
	{ .number = 205,
	  .name = "sockets",
	  .title = "Is it talking: queues, peers, drops",
	  .by = BY_PROC,
	  .origin = { PAGE_SOCKETS, PAGE_PROGRAM },
	  .common = true,
	  .fill = page_sockets_fill },
	{ .number = 210,
	  .name = "gc",
	  .title = "Garbage collection by generation",
	  .by = BY_STAP | BY_BPF | BY_MEMORY,
	  .incomplete = BY_MEMORY,
	  .origin = { "gc", "python", { "gc__start", "gc__done" } },
	  .extension = { "gc", "teletap_python", { "gc__start", "gc__done", "loaded" } },
	  .takes = "B",
	  .fill = page_gc_fill },
	{ .number = 211,
	  .name = "gc-events",
	  .title = "The last collections, and who caused them",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "gc_events", "python", { "gc__start", "gc__done" }, .layout = true },
	  .extension = { "gc_events", "teletap_python", { "gc__start", "gc__done", "loaded" } },
	  .fill = page_gc_events_fill },
	{ .number = 212,
	  .name = "gc-pauses",
	  .title = "Histogram of pauses by generation",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "gc", "python", { "gc__start", "gc__done" } },
	  .extension = { "gc", "teletap_python", { "gc__start", "gc__done", "loaded" } },
	  .takes = "B",
	  .fill = page_gc_pauses_fill },
	{ .number = 213,
	  .name = "gc-cost",
	  .title = "Page faults, forks and exits in collections",
	  .by = BY_STAP | BY_BPF,
	  .incomplete = BY_BPF,
	  .origin = { "gc_cost", "python", { "gc__start", "gc__done" }, .layout = true },
	  .extension = { "gc_cost", "teletap_python", { "gc__start", "gc__done", "loaded" } },
	  .takes = "B",
	  .fill = page_gc_cost_fill },
	{ .number = 220,
	  .name = "calls",
	  .title = "Calls of Python functions",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "calls",
		      "python",
		      { "function__entry", "function__return" },
		      .layout = true },
	  .extension = { "sums", "teletap_python", { "sums" } },
	  .takes = "568B",
	  .fill = page_calls_fill },
	{ .number = 221,
	  .name = "call-times",
	  .title = "How long calls of chosen functions take",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "call_times",
		      "python",
		      { "function__entry", "function__return" },
		      .layout = true },
	  .extension = { "call_times_extension",
			 "teletap_python",
			 { "function__entry", "function__return" } },
	  .takes = "56",
	  .fill = page_call_times_fill },
	{ .number = 222,
	  .name = "flow",
	  .title = "Calls and returns as they come",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "flow", "python", { "function__entry", "function__return" }, .layout = true },
	  .extension = { "flow_extension",
			 "teletap_python",
			 { "function__entry", "function__return" } },
	  .takes = "567",
	  .fill = page_flow_fill },
	{ .number = 223,
	  .name = "stacks",
	  .title = "Sampled Python stacks",
	  .by = BY_STAP | BY_BPF | BY_MEMORY,
	  .origin = { "stacks", "python", .layout = true },
	  .takes = "HWB7",
	  .fill = page_stacks_fill },
	{ .number = 224,
	  .name = "threads",
	  .title = "Every thread now: its stack, its wait",
	  .by = BY_MEMORY,
	  .origin = { PAGE_THREADS, "python" },
	  .now = true,
	  .once = true,
	  .takes = "m",
	  .fill = page_threads_fill },
	{ .number = 230,
	  .name = "imports",
	  .title = "Imports as a tree",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "imports",
		      "python",
		      { "import__find__load__start", "import__find__load__done" },
		      .layout = true },
	  .extension = { "imports",
			 "teletap_python",
			 { "import__find__load__start", "import__find__load__done", "loaded" } },
	  .takes = "B",
	  .fill = page_imports_fill },
	{ .number = 231,
	  .name = "audit",
	  .title = "Audit events by name",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "audit", "python", { "audit" }, .layout = true },
	  .extension = { "audit", "teletap_python", { "audit", "loaded" } },
	  .takes = "B",
	  .fill = page_audit_fill },
	{ .number = 232,
	  .name = "gil",
	  .title = "Waits for the interpreter lock",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "gil", "python", .layout = true },
	  .fill = page_gil_fill },
	{ .number = 233,
	  .name = "syscalls",
	  .title = "System calls by Python function",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "syscalls", "python", .layout = true },
	  .takes = "NB",
	  .fill = page_syscalls_fill },
	{ .number = 234,
	  .name = "faults",
	  .title = "Page faults and memory by Python function",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "faults", "python", .layout = true },
	  .takes = "B",
	  .fill = page_faults_fill },
	{ .number = 235,
	  .name = "off-cpu",
	  .title = "Where threads wait, and what for",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "offcpu", "python", .layout = true },
	  .takes = "B",
	  .fill = page_offcpu_fill },
	{ .number = 236,
	  .name = "tasks",
	  .title = "asyncio: every task now, who awaits whom",
	  .by = BY_MEMORY,
	  .origin = { PAGE_TASKS, "python" },
	  .now = true,
	  .once = true,
	  .fill = page_tasks_fill },
	{ .number = 240,
	  .name = "state",
	  .title = "Calculations: inputs, steps and result",
	  .by = BY_RING,
	  .origin = { PAGE_RING, PAGE_ANY, { "teletap__state" } },
	  .now = true,
	  .fill = page_state_fill },
	{ .number = 241,
	  .name = "counters",
	  .title = "Counters, gauges and tallies",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "counters",
		      PAGE_ANY,
		      { "teletap__counter", "teletap__gauge", "teletap__tally" } },
	  .extension = { "counters",
			 "teletap_app",
			 { "teletap__counter", "teletap__gauge", "teletap__tally",
			   "teletap__loaded" } },
	  .fill = page_counters_fill },
	{ .number = 242,
	  .name = "spans",
	  .title = "Operations: rate, errors, latency",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "spans", PAGE_ANY, { "teletap__span__begin", "teletap__span__end" } },
	  .extension = { "spans",
			 "teletap_app",
			 { "teletap__span__begin", "teletap__span__end", "teletap__loaded" } },
	  .fill = page_spans_fill },
	{ .number = 245,
	  .name = "log",
	  .title = "The last lines of the log",
	  .by = BY_RING,
	  .origin = { PAGE_RING,
		      PAGE_ANY,
		      { "teletap__log", "teletap__error", "teletap__start", "teletap__stop" } },
	  .now = true,
	  .fill = page_log_fill },
	{ .number = 246,
	  .name = "errors",
	  .title = "Errors by place",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "errors", PAGE_ANY, { "teletap__error" } },
	  .extension = { "errors", "teletap_app", { "teletap__error", "teletap__loaded" } },
	  .fill = page_errors_fill },
	{ .number = 247,
	  .name = "crash",
	  .title = "The last crash: why, where, last words",
	  .by = BY_STAP,
	  .origin = { PAGE_CRASH,
		      PAGE_PROGRAM,
		      { "teletap__span__begin", "teletap__span__end" },
		      .layout = true },
	  .common = true,
	  .fill = page_crash_fill },
	{ .number = 250,
	  .name = "exec",
	  .title = "Processes started on this host",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "exec" },
	  .fill = page_exec_fill },
	{ .number = 251,
	  .name = "disk-io",
	  .title = "Requests to block devices",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "disk_io" },
	  .whole = true,
	  .fill = page_disk_io_fill },
	{ .number = 252,
	  .name = "short-files",
	  .title = "Files that lived less than a second",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "short_files", .hooks = true },
	  .fill = page_short_files_fill },
	{ .number = 260,
	  .name = "postgres",
	  .title = "PostgreSQL: queries, transactions, waits",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "postgres",
		      "postgresql",
		      { "query__start", "query__done", "query__parse__start", "query__parse__done",
			"query__plan__start", "query__plan__done", "transaction__start",
			"transaction__commit", "transaction__abort", "lock__wait__start",
			"lock__wait__done", "lwlock__wait__start", "lwlock__wait__done",
			"checkpoint__start", "checkpoint__done" } },
	  .fill = page_postgres_fill },
	{ .number = 261,
	  .name = "glibc",
	  .title = "The C library: memory arenas, contended locks",
	  .by = BY_STAP | BY_BPF,
	  .origin = { "glibc",
		      "libc",
		      { "lll_lock_wait", "lll_lock_wait_private", "memory_arena_new",
			"memory_arena_reuse", "memory_arena_reuse_free_list", "memory_arena_retry",
			"memory_heap_new", "memory_heap_free", "memory_sbrk_more",
			"memory_sbrk_less" } },
	  .common = true,
	  .fill = page_glibc_fill },
};

const int n_pages = sizeof(pages) / sizeof(pages[0]);

const struct page *page_find(const char *word)
{
	char *end;
	long number = strtol(word, &end, 10);

	for (int i = 0; i < n_pages; i++) {
		if (!strcmp(word, pages[i].name) ||
		    (end != word && !*end && number == pages[i].number))
			return &pages[i];
	}
	return NULL;
}

static const char *const collectors[] = { "stap", "bpf", "memory", "ring", "proc" };

const char *collector_name(enum collector collector)
{
	return collectors[collector];
}

int collector_find(const char *name)
{
	for (int i = 0; i < COLLECTORS; i++) {
		if (!strcmp(name, collectors[i]))
			return i;
	}
	return -1;
}

bool page_has_target(const struct page *page, const char *exe)
{
	return !page_is_host(page) || (page->fill_all && *exe == '/');
}

const char *page_missing(const char *word)
{
	return !strcmp(word, "255") || !strcmp(word, "contents")
		       ? "the contents: 'teletap page' asks a 'teletap serve' for them, 'teletap "
			 "doctor' says the same"
		       : "no such page: 'teletap list' shows them";
}

bool page_is_host(const struct page *page)
{
	return !page->origin.provider;
}

bool page_has_module(const struct page *page, const char *module)
{
	return !strcmp(page->origin.module, module) ||
	       (page->extension.module && !strcmp(page->extension.module, module));
}

bool module_takes(const char *module, char letter)
{
	for (int i = 0; i < n_pages; i++) {
		if (page_has_module(&pages[i], module) && pages[i].takes &&
		    strchr(pages[i].takes, letter))
			return true;
	}
	return false;
}

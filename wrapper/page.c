// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To add a page: a row here, its rows in page_NAME.c, its script in stp/, its
 * records in line.c.
 */
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct page pages[] = {
	{ .number = 210,
	  .name = "gc",
	  .title = "Garbage collection by generation",
	  .module = "gc",
	  .provider = "python",
	  .markers = { "gc__start", "gc__done" },
	  .fill = page_gc_fill },
	{ .number = 211,
	  .name = "gc-events",
	  .title = "The last collections, and who caused them",
	  .module = "gc_events",
	  .provider = "python",
	  .markers = { "gc__start", "gc__done" },
	  .fill = page_gc_events_fill },
	{ .number = 212,
	  .name = "gc-pauses",
	  .title = "Histogram of pauses by generation",
	  .module = "gc",
	  .provider = "python",
	  .markers = { "gc__start", "gc__done" },
	  .fill = page_gc_pauses_fill },
	{ .number = 213,
	  .name = "gc-cost",
	  .title = "Page faults, forks and exits in collections",
	  .module = "gc_cost",
	  .provider = "python",
	  .markers = { "gc__start", "gc__done" },
	  .fill = page_gc_cost_fill },
	{ .number = 220,
	  .name = "calls",
	  .title = "Calls of Python functions",
	  .module = "calls",
	  .provider = "python",
	  .markers = { "function__entry", "function__return" },
	  .takes = "56",
	  .fill = page_calls_fill },
	{ .number = 223,
	  .name = "stacks",
	  .title = "Sampled Python stacks",
	  .module = "stacks",
	  .provider = "python",
	  .takes = "HW",
	  .fill = page_stacks_fill },
	{ .number = 230,
	  .name = "imports",
	  .title = "Imports as a tree",
	  .module = "imports",
	  .provider = "python",
	  .markers = { "import__find__load__start", "import__find__load__done" },
	  .fill = page_imports_fill },
	{ .number = 231,
	  .name = "audit",
	  .title = "Audit events by name",
	  .module = "audit",
	  .provider = "python",
	  .markers = { "audit" },
	  .fill = page_audit_fill },
	{ .number = 250,
	  .name = "exec",
	  .title = "Processes started on this host",
	  .module = "exec",
	  .fill = page_exec_fill },
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

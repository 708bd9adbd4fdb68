// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all pages have in common: the notes that a page gets besides its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/sum.h"
#include "pages/page.h"

/* Threads that do not run pass no probe: without a word a hang would look well. */
static void note_still(const struct page *page, const struct state *s, struct table *t)
{
	const struct record *r = page_is_host(page) ? NULL : state_first(s, LINE_THREADS);

	if (record_now(r, THREADS_STILL))
		table_note(
			t,
			"%" PRId64 " of the target's %" PRId64
			" threads have not run since attaching, one of them for at least %.1f s%s",
			record_now(r, THREADS_STILL), record_now(r, THREADS_ALL),
			(double)record_now(r, THREADS_LONGEST_NS) / 1e9,
			page->number == 235               ? ""
			: !strcmp(s->collector, "memory") ? ": page 224 says where they stand"
							  : ": page 235 says what they wait for");
	if (record_now(r, THREADS_UNSEEN))
		table_note(t, "%" PRId64 " of the target's threads are too many to look at",
			   record_now(r, THREADS_UNSEEN));
}

/* A module is deaf to processors that came later, and what it misses there it cannot count. */
static void note_processors(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_PROCESSORS);
	int64_t later = record_now(r, PROCESSORS_LATER), blind = record_now(r, PROCESSORS_BLIND);

	if (later)
		table_note(t,
			   "%" PRId64 " of %" PRId64 " processors came after attaching: what runs "
			   "there is missing here: attach again",
			   later, record_now(r, PROCESSORS_ONLINE));
	if (blind > later)
		table_note(t,
			   "%" PRId64 " of %" PRId64 " processors went and came back after "
			   "attaching: what runs there is not sampled: attach again",
			   blind - later, record_now(r, PROCESSORS_ONLINE));
}

void page_note_gone(const struct state *s, struct table *t, const char *more)
{
	if (!record_now(state_first(s, LINE_PROCS), PROCS_COUNT))
		table_note(t, "the target has ended before it was looked at");
	else
		table_note(t, "the target has ended: this is as it was %.1f s before%s",
			   (double)record_now(state_first(s, LINE_GONE), GONE_AGO_NS) / 1e9, more);
}

bool page_is_exact(const struct state *s)
{
	const struct record *r = state_first(s, LINE_PROCESSORS);
	struct loss l = state_loss(s);

	return !l.skipped && !l.dropped && !l.table_full && !s->malformed && !s->unknown &&
	       !record_now(r, PROCESSORS_LATER) && !record_now(r, PROCESSORS_BLIND);
}

/* What the process runs or loads, and not what others do; false: there is no such note. */
static bool note_loaded(const struct record *r, struct table *t)
{
	const char *path = record_text(r, OTHER_PATH);

	switch (record_now(r, OTHER_NEW)) {
	case 2:
		table_note(t, "the process runs %s now, which is not watched: attach again", path);
		return true;
	case 3:
		table_note(t,
			   "the process has loaded %s since, which has these markers, too, and is "
			   "not counted: attach again, or name it (-e FILE, beside -c, too)",
			   path);
		return true;
	case 4:
		table_note(t,
			   "what has started or loaded %s since attaching is not counted: the "
			   "linker laid its data so that the kernel cannot switch its markers on "
			   "there: link it with -Wl,-z,separate-loadable-segments",
			   path);
		return true;
	default:
		return false;
	}
}

static void note_unlooked(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_UNLOOKED, &at))) {
		int64_t n = record_now(r, UNLOOKED_COUNT);

		if (record_now(r, UNLOOKED_WHAT) == 2)
			table_note(t,
				   "the process has loaded too many files: %" PRId64 " or more "
				   "were not looked at, and those of them with these markers are "
				   "not counted",
				   n);
		else
			table_note(t,
				   "there are too many processes: %" PRId64 " or more were not "
				   "looked at, and those of them that run another file with these "
				   "markers are not counted",
				   n);
	}
}

/* Processes that the module does not see although they belong to the target: see uncounted.h. */
static void note_others(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_OTHER, &at))) {
		const char *path = record_text(r, OTHER_PATH);
		int64_t n = record_now(r, OTHER_PROCESSES);
		char many[32];

		snprintf(many, sizeof(many), "%" PRId64 " process%s", n, n == 1 ? "" : "es");
		if (note_loaded(r, t))
			continue;
		if (!record_now(r, OTHER_NEW))
			table_note(t,
				   "%s below run%s %s, another file with these markers, and %s "
				   "not counted",
				   many, n == 1 ? "s" : "", path, n == 1 ? "is" : "are");
		else if (n)
			table_note(t,
				   "%s was replaced while watched: %s started since run%s the new "
				   "file and %s not counted",
				   path, many, n == 1 ? "s" : "", n == 1 ? "is" : "are");
		else
			table_note(t,
				   "%s was replaced while watched: processes that start from now "
				   "on run the new file and are not counted",
				   path);
	}
	note_unlooked(s, t);
}

/* How many collections the session's markers have told of, whichever of its records has them. */
static int64_t told_collections(const struct state *s)
{
	static const struct {
		enum line_kind kind;
		int field;
	} counts[] = { { LINE_GC, GC_RUNS },
		       { LINE_EVENTS, EVENTS_COUNT },
		       { LINE_COST, COST_RUNS } };
	int64_t told = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const struct record *r;

		for (size_t at = 0; (r = state_each(s, counts[i].kind, &at));)
			told = sum_add(told, record_total(r, counts[i].field));
	}
	return told;
}

/* Then 0 collections would be wrong: nothing is known. */
static bool is_unmarked(const struct state *s)
{
	const struct record *r = state_first(s, LINE_UNMARKED);

	return r && record_now(r, UNMARKED_MONO_NS) <= s->now.mono_ns && !told_collections(s) &&
	       !state_loss(s).skipped;
}

/* A command that was to load the extension: nothing is known of it before it does. */
static bool is_unloaded(const struct state *s)
{
	const struct record *r = state_first(s, LINE_EXTENSION);

	return r && !record_now(r, EXTENSION_LOADED);
}

bool page_is_unknown(const struct state *s)
{
	return is_unmarked(s) || is_unloaded(s);
}

static void note_unmarked(const struct state *s, struct table *t)
{
	if (!is_unmarked(s))
		return;
	t->n_rows = 0;
	table_note(t, "the interpreter has counted collections that no marker tells of, so nothing "
		      "is known: the notes of its file are wrong, or gc.callbacks lost teletap's "
		      "entry; page 210 with --collector memory needs no markers");
}

static void note_extension(const struct page *page, const struct state *s, struct table *t)
{
	bool app = origin_is_app(&page->origin); /* of which CPython itself has nothing */
	bool spans = !strcmp(page->origin.module, "spans");
	const struct record *r = state_first(s, LINE_UNBUILT);
	const char *version = record_text(r, UNBUILT_VERSION);

	if (r)
		table_note(t,
			   "CPython %s: teletap has no build of its extension for it, which would "
			   "tell more; in teletap's source: make python PYTHON=python%s, then make "
			   "install",
			   version, version);
	if (!state_first(s, LINE_EXTENSION))
		return;
	if (is_unloaded(s)) {
		t->n_rows = 0;
		table_note(t,
			   "the command has not loaded teletap's extension, so nothing is known: "
			   "it has not come so far, is no Python, or ignores PYTHONPATH "
			   "(python -I, -E, -S)%s",
			   app ? "" : "; --no-extension has what can be had without");
	} else {
		table_note(t,
			   "by teletap's extension, which the command was given: %s "
			   "(--no-extension: not given)",
			   spans ? "spans are of Django, Flask, SQLAlchemy, Celery, and what the "
				   "program has a line for, see teletap-python(3)"
				 : "from when it was loaded");
	}
}

void page_fill(const struct page *page, const struct state *s, const struct states *all,
	       struct table *t)
{
	const struct states alone = { .list = { s }, .n = 1 };
	const struct record *r;

	if (page->fill_all)
		page->fill_all(all ? all : &alone, t);
	else
		page->fill(s, t);
	for (size_t at = 0; (r = state_each(s, LINE_BESIDE, &at));)
		table_note(t, "not on this page: another CPython in the process, %s",
			   record_text(r, BESIDE_PATH));
	note_extension(page, s, t);
	note_unmarked(s, t);
	note_still(page, s, t);
	note_processors(s, t);
	note_others(s, t);
	if (s->cut)
		table_note(t,
			   "%" PRId64 " answer%s of the module found no room on the way out: what "
			   "they said is in the figures when a later one comes whole",
			   s->cut, s->cut == 1 ? "" : "s");
}

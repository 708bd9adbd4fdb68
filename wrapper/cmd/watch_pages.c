// SPDX-License-Identifier: GPL-2.0-or-later
/* The output of a run: pages to standard output, or moments to a recording. */
#include "cmd/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/stack_files.h"

int watch_record(struct watch *w, enum moment_kind kind)
{
	for (int i = 0; i < w->sessions.n; i++) {
		const struct session *s = &w->sessions.list[i];

		if (kind == MOMENT_BASE)
			recorder_begin(w->recorder, s->source, s->state.first.mono_ns);
		recorder_not_understood(w->recorder, s->source,
					s->state.unknown + s->state.malformed);
	}
	sessions_shown(&w->sessions);
	return recorder_moment(w->recorder, kind, w->printed, w->sessions.list[0].state.now.real_ns,
			       &w->why);
}

/* One page and a newline, as far as there is room for them. Returns an errno. */
static int put(struct watch *w, char *page)
{
	size_t len = strlen(page);
	int err;

	page[len] = '\n';
	err = outlet_add(&w->outlet, page, len + 1);
	return -(err ? err : outlet_write(&w->outlet));
}

/* The pages to be drawn now; returns how many there are. */
static int moment(struct watch *w, struct render *list, struct states *all)
{
	for (int p = 0; p < w->n_pages; p++) {
		const struct session *own = &w->sessions.list[w->of[p]];

		all[p] = (struct states){ .limits = &w->limits };
		sessions_states(&w->sessions, own, &all[p]);
		list[p] = (struct render){ .page = w->pages[p],
					   .target = &w->shown,
					   .state = &own->state,
					   .states = &all[p],
					   .color = w->color,
					   .width = want_width(),
					   .number = w->printed,
					   .last = w->last };
	}
	return w->n_pages;
}

void watch_print(struct watch *w)
{
	static struct render list[PLAN_PAGES];
	static struct states all[PLAN_PAGES];
	char *page;

	if (w->broken)
		return;
	w->printed++;
	if (w->recorder) {
		w->broken = -watch_record(w, w->last ? MOMENT_LAST : MOMENT_PAGE);
		return;
	}
	page = render_pages(w->o->output, list, moment(w, list, all));
	w->broken = page ? put(w, page) : ENOMEM;
	free(page);
	for (int p = 0; p < w->n_pages && !w->broken; p++)
		w->broken = export_write(w->o, list[p].page, list[p].state, w->shown.exe);
	sessions_shown(&w->sessions);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay: a recording -> the states of its modules, moment by moment.
 */
#ifndef TELETAP_SOURCE_REPLAY_H
#define TELETAP_SOURCE_REPLAY_H

#include "pages/page.h"
#include "recording/reader.h"
#include "render/render.h"

struct replay_module {
	char name[RECORDING_NAME];
	struct state state;
};

struct replay {
	struct recording recording;
	void *data; /* the file */
	struct render_target target;
	struct replay_module *modules[RECORDING_MODULES];
	int n_modules;
	int64_t number;  /* of the page at the present moment */
	int64_t real_ns; /* its time, */
	int64_t mono_ns; /* and that of a clock which is never set: the first module's */
	bool last;
	char *lines; /* of a ring file, whose one moment is still to come; NULL: none */
	char *crash; /* and of page 247 */
};

/*
 * A ring file (ring.h) is as good as a recording: it has one moment, of the ring.
 *
 * Opens a recording and takes what comes before its first page: replay_state then
 * knows every module. Returns 0, or -errno with *msg set.
 */
int replay_open(struct replay *r, const char *path, char **msg);

/* The same with a recording that lies in memory, for tests; data must stay there. */
int replay_open_data(struct replay *r, const char *path, const void *data, size_t size, char **msg);

/*
 * Goes to the next moment that has a page. Returns 1; 0 at the end; -errno with *msg
 * set when the recording is damaged.
 */
int replay_next(struct replay *r, char **msg);

/* The state behind a page; NULL when its module was not recorded. */
struct state *replay_state(struct replay *r, const struct page *page);

/* What all modules know, that of this page first; limits stay as they are. */
void replay_states(struct replay *r, const struct page *page, struct states *all);

/* The present moment was shown: the next interval begins with it. */
void replay_shown(struct replay *r);

void replay_close(struct replay *r);

#endif

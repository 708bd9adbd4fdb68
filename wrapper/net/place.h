/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place: in the engine, a target with its pages and who has asked for them. Place 0 is the one
 * target of the command line, or, when the configuration names targets, the host itself; those
 * are the others. They are opened when a page of theirs is asked for, and closed when nobody has
 * asked for a while and nothing is loaded, so that a target that nobody looks at costs nothing.
 */
#ifndef TELETAP_NET_PLACE_H
#define TELETAP_NET_PLACE_H

#include "net/action.h"
#include "net/targets.h"
#include "source/source.h"

#define PLACE_TRY_MS 2000 /* between two attempts to open a target, and two looks at it */

/* What the frontend has of a page. */
struct shown {
	int64_t asked_ms; /* 0: never */
	uint32_t version; /* 0: nothing */
};

struct place {
	uint32_t number;
	const struct served *served; /* NULL: place 0 */
	const struct opts *o;
	struct source *source; /* NULL: it is not open */
	char *why;             /* it could not be opened; NULL: it has not been tried */
	int64_t tried_ms, asked_ms;
	int64_t looked_ms;         /* for the list of targets: */
	char *absent;              /* it is not there, and why; NULL: it is */
	bool *metrics;             /* of each of pages[]: whether its metrics are wanted */
	struct shown *shown;       /* likewise */
	bool contents_asked;       /* and not sent yet */
	bool own_asked[OWN_PAGES]; /* the same for pages that the program draws itself */
};

struct places {
	struct place *list;
	int n;
	int ipc; /* to the frontend */
	const struct actions *actions;
};

/* Makes one for each target, and place 0, of which o is. metrics: as config_metrics has it. */
int places_open(struct places *all, const struct opts *o, const struct targets *targets,
		const bool *metrics);
void places_close(struct places *all);

/* Somebody asks for it: opens it, unless that has just been tried. */
void place_open(struct place *p, int64_t now_ms);

/* The page is to stay on, asked for or not. */
void place_keep(struct place *p, const struct page *page, int64_t now_ms);

/* Does what is due. Returns how many ms from now on it is due again. */
int place_step(struct place *p, int64_t now_ms);

/* The document of metrics; to be freed. NULL: out of memory. */
char *places_metrics(const struct places *all);

/* Whether a target is there, looked at not more often than every PLACE_TRY_MS. */
bool place_there(struct place *p, int64_t now_ms);

#endif

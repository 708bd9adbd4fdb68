/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render: state -> a page as text or JSON. Pure: no clock, no terminal, no process.
 */
#ifndef TELETAP_RENDER_RENDER_H
#define TELETAP_RENDER_RENDER_H

#include "model/subject.h"
#include "pages/page.h"

#define RENDER_WHOLE (-1)

struct render {
	const struct page *page;
	const struct render_target *target;
	const struct state *state;
	const struct states *states; /* for pages that draw from several; NULL: none */
	bool color;
	long number;  /* of this page in the run, from 1 */
	bool last;    /* of the run */
	int silent_s; /* so long the page has stood still, since no answer comes; 0: it does not */
	int width;    /* text: columns; 0: 80; RENDER_WHOLE: no text is cut, whatever its length */
	int sort;     /* text: by this one of its columns of numbers, from 1; 0: as the page is */
};

#define SILENT_NOTE                                                                                \
	"the module has not answered for %d s: these are the figures of before; 'dmesg' may say "  \
	"why"

/* Return the page (to be freed), NULL when out of memory. Text ends in a newline. */
char *render_text(const struct render *r);
char *render_json(const struct render *r);

#endif

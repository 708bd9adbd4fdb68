/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render: state -> pages in a format, each format in a file of its own. Pure: no clock, no
 * terminal, no process.
 */
#ifndef TELETAP_RENDER_RENDER_H
#define TELETAP_RENDER_RENDER_H

#include "model/output.h"
#include "model/subject.h"
#include "pages/page.h"

#define RENDER_WHOLE (-1)
#define RENDER_LEAST 20 /* columns */

struct render {
	const struct page *page;
	const struct render_target *target;
	const char *name; /* OpenMetrics: of the target in a configuration; NULL: it has none */
	const struct state *state;
	const struct states *states; /* for pages that draw from several; NULL: none */
	bool color;
	long number;  /* of this page in the run, from 1 */
	bool last;    /* of the run */
	int silent_s; /* so long the page has stood still, since no answer comes; 0: it does not */
	int width;    /* text: columns, RENDER_LEAST or more; 0: 80; RENDER_WHOLE: no text is cut,
			 whatever its length */
	int sort;     /* text: by this one of its columns of numbers, from 1; 0: as the page is */
};

#define SILENT_NOTE                                                                                \
	"the module has not answered for %d s: these are the figures of before; 'dmesg' may say "  \
	"why"

/*
 * Draws n pages of one moment. Returns them (to be freed), NULL when out of
 * memory. The last newline is the caller's; text ends in an empty line.
 */
char *render_pages(enum output output, const struct render *list, int n);

/* The formats. Text and JSON draw one page. */
char *render_text(const struct render *r);
char *render_json(const struct render *r);

/* The document has all pages of its moment; of those without a state it says that they are down. */
char *render_openmetrics(const struct render *list, int n);

#endif

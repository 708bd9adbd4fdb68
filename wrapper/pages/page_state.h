/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_state: what can be said of a page when it is asked for.
 */
#ifndef TELETAP_PAGES_PAGE_STATE_H
#define TELETAP_PAGES_PAGE_STATE_H

enum page_state {
	PAGE_LIVE,    /* as it is now */
	PAGE_WARMING, /* its module is being loaded: ask again */
	PAGE_ENDED,   /* the last one there will be, for now */
	PAGE_CANNOT,  /* and why */
	PAGE_NONE,    /* no such page */
};

#endif

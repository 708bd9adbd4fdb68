/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * availability: page, target and host -> whether the page works, and why (not). What 'teletap
 * doctor' and page 255 say beforehand, by what 'teletap watch' then goes by.
 */
#ifndef TELETAP_DOCTOR_AVAILABILITY_H
#define TELETAP_DOCTOR_AVAILABILITY_H

#include "base/check.h"
#include "doctor/host.h"
#include "pages/page.h"
#include "target/target.h"

struct judge {
	const struct host *host;
	const struct checks *checks; /* of the host */
	const struct target *target; /* NULL: none was named */
	bool unseen;                 /* one was, and may not be looked at; target is NULL */
	const char *pack;            /* --pack; NULL: none */
};

/*
 * Has what several pages need looked at at once, so that the answers below come sooner. They are
 * the same without it.
 */
void judge_prepare(const struct judge *j);

/* Whether the page works by this collector, one of its own. *why is to be freed. */
bool judge_collector(const struct judge *j, const struct page *page, enum collector by, char **why);

/*
 * Whether it works by any; *by: the one that would be taken, -1 when none works. *why is to be
 * freed; NULL when out of memory.
 */
bool judge_page(const struct judge *j, const struct page *page, int *by, char **why);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stap_settings: options of pages -> what a script's globals are set to when its module is
 * loaded.
 */
#ifndef TELETAP_COLLECT_STAP_SETTINGS_H
#define TELETAP_COLLECT_STAP_SETTINGS_H

#include "base/options.h"
#include "module/plan.h"

struct stap_settings {
	const char *list[OPTS_SETTINGS + 2]; /* "NAME=VALUE", NULL at the end */
	bool counts;                         /* calls are only counted */
	char hz[OPTS_SETTING_MAX];
};

/* Returns 0, or -EINVAL with *msg set: what the module cannot do. */
int stap_settings_read(struct stap_settings *out, const struct plan *plan, const struct opts *o,
		       char **msg);

#endif

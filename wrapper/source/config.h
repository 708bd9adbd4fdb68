/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: the configuration file (--config) -> its JSON, and the limits of page 200 in it.
 * It is {"actions": [...], "status": {...}, "metrics": [...], "targets": {...}}, all optional; a
 * list alone is the actions.
 */
#ifndef TELETAP_SOURCE_CONFIG_H
#define TELETAP_SOURCE_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "pages/page.h"
#include "pages/status_limits.h"

/* Its parts; NULL: it lacks it. */
struct config_parts {
	json_t *actions, *status, *metrics, *targets;
};

/*
 * Reads the file (NULL: there is none), which nobody but root or we may be able to write to.
 * Returns 0, or -errno with *msg set: -EINVAL for contents that are no good. To be released
 * in any case.
 */
int config_read(const char *path, struct config_parts *c, char **msg);
void config_release(struct config_parts *c);

/* The page that a word of a list in the file is: its number or name; NULL: none. */
const struct page *config_page(const json_t *word);

/*
 * The pages of "metrics", by number or name: a bool for each of pages[], none of them without
 * a file. Likewise.
 */
int config_metrics(const char *path, bool *wanted, char **msg);

/* The limits: those of the file (NULL: none) in the place of those built in. Likewise. */
int config_limits(const char *path, struct status_limits *limits, char **msg);

#endif

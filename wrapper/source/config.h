/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: the configuration file (--config) -> its JSON, and the limits of page 200 in it.
 * It is {"actions": [...], "status": {...}, "metrics": [...]}, all optional; a list alone is the
 * actions.
 */
#ifndef TELETAP_SOURCE_CONFIG_H
#define TELETAP_SOURCE_CONFIG_H

#include <jansson.h>
#include <stdbool.h>

#include "pages/status_limits.h"

/*
 * Reads the file, which nobody but root or we may be able to write to. Returns 0 with
 * *actions (NULL: none) and *status (NULL: none) references of the caller's, or -errno
 * with *msg set: -EINVAL for contents that are no good.
 */
int config_read(const char *path, json_t **actions, json_t **status, char **msg);

/*
 * The pages of "metrics", by number or name: a bool for each of pages[], none of them without
 * a file. Likewise.
 */
int config_metrics(const char *path, bool *wanted, char **msg);

/* The limits: those of the file (NULL: none) in the place of those built in. Likewise. */
int config_limits(const char *path, struct status_limits *limits, char **msg);

#endif

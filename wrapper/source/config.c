// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "pages/page.h"

#define CONFIG_MAX (1 << 20)

static int load(const char *path, json_t **root, char **msg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), err = 0;
	json_error_t error;
	struct stat st;

	*root = NULL;
	if (fd < 0 || fstat(fd, &st)) {
		err = fail(msg, errno, "--config %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || (st.st_uid && st.st_uid != geteuid()) ||
		   st.st_mode & 022 || st.st_size > CONFIG_MAX) {
		err = fail(msg, EPERM,
			   "--config %s: must be a file of root's or your own that nobody else may "
			   "write to: chmod 644",
			   path);
	} else {
		*root = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
		if (!*root)
			err = fail(msg, EINVAL, "--config %s: line %d: %s", path, error.line,
				   error.text);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* The same, with the references of all its parts; NULL: it lacks it. */
static int read_parts(const char *path, json_t **actions, json_t **status, json_t **metrics,
		      char **msg)
{
	json_t *root;
	int err = load(path, &root, msg);

	*actions = *status = *metrics = NULL;
	if (!err && json_is_array(root)) {
		*actions = json_incref(root);
	} else if (!err) {
		json_error_t error;

		if (json_unpack_ex(root, &error, JSON_STRICT, "{s?O, s?O, s?O}", "actions", actions,
				   "status", status, "metrics", metrics)) {
			/* some may have been taken before another was found wanting */
			json_decref(*actions);
			json_decref(*status);
			json_decref(*metrics);
			*actions = *status = *metrics = NULL;
			err = fail(
				msg, EINVAL,
				"--config %s: %s: it has \"actions\", \"status\" and \"metrics\"",
				path, error.text);
		}
	}
	json_decref(root);
	return err;
}

int config_read(const char *path, json_t **actions, json_t **status, char **msg)
{
	json_t *metrics;
	int err = read_parts(path, actions, status, &metrics, msg);

	json_decref(metrics);
	return err;
}

static const struct page *page_of(const json_t *word)
{
	char number[24];

	if (json_is_string(word))
		return page_find(json_string_value(word));
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(word));
	return json_is_integer(word) ? page_find(number) : NULL;
}

int config_metrics(const char *path, bool *wanted, char **msg)
{
	json_t *actions = NULL, *status = NULL, *metrics = NULL, *word;
	size_t i;
	int err = path ? read_parts(path, &actions, &status, &metrics, msg) : 0;

	memset(wanted, 0, (size_t)n_pages * sizeof(*wanted));
	if (!err && metrics && !json_is_array(metrics))
		err = fail(msg, EINVAL, "--config %s: metrics: not an array of pages", path);
	json_array_foreach (metrics, i, word) {
		const struct page *page = page_of(word);

		if (!err && !page)
			err = fail(msg, EINVAL,
				   "--config %s: metrics: the %zu. is no page: 'teletap list' "
				   "shows them",
				   path, i + 1);
		if (page)
			wanted[page - pages] = true;
	}
	json_decref(actions);
	json_decref(status);
	json_decref(metrics);
	return err;
}

static int limit_of(const char *name)
{
	for (int i = 0; i < LIMITS; i++) {
		if (!strcmp(name, status_limit_names[i]))
			return i;
	}
	return -1;
}

/* A number from 0, or null: never. False: it is neither. */
static bool read_number(const json_t *value, double *out)
{
	*out = json_is_number(value) ? json_number_value(value) : HUGE_VAL;
	return json_is_null(value) || (json_is_number(value) && *out >= 0);
}

int config_limits(const char *path, struct status_limits *limits, char **msg)
{
	json_t *actions = NULL, *status = NULL, *value;
	const char *name;
	int err = 0;

	*limits = status_defaults;
	if (path)
		err = config_read(path, &actions, &status, msg);
	if (!err && status && !json_is_object(status))
		err = fail(msg, EINVAL, "--config %s: status: not an object", path);
	json_object_foreach (status, name, value) {
		int which = limit_of(name);
		double warn, bad;

		if (err)
			break;
		if (which < 0) {
			err = fail(msg, EINVAL, "--config %s: status: %s: there is no such limit",
				   path, name);
		} else if (json_array_size(value) != 2 ||
			   !read_number(json_array_get(value, 0), &warn) ||
			   !read_number(json_array_get(value, 1), &bad) || warn > bad) {
			err = fail(msg, EINVAL,
				   "--config %s: status: %s: [WARN, FAIL], numbers from 0 or null, "
				   "the first not above the second",
				   path, name);
		} else {
			limits->limits[which].warn = warn;
			limits->limits[which].fail = bad;
		}
	}
	json_decref(actions);
	json_decref(status);
	return err;
}

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

void config_release(struct config_parts *c)
{
	json_decref(c->actions);
	json_decref(c->status);
	json_decref(c->metrics);
	json_decref(c->targets);
	*c = (struct config_parts){ 0 };
}

int config_read(const char *path, struct config_parts *c, char **msg)
{
	json_t *root = NULL;
	int err = path ? load(path, &root, msg) : 0;

	*c = (struct config_parts){ 0 };
	if (!err && json_is_array(root)) {
		c->actions = json_incref(root);
	} else if (!err && root) {
		json_error_t error;

		if (json_unpack_ex(root, &error, JSON_STRICT, "{s?O, s?O, s?O, s?O}", "actions",
				   &c->actions, "status", &c->status, "metrics", &c->metrics,
				   "targets", &c->targets)) {
			config_release(c); /* some may have been taken before another */
			err = fail(msg, EINVAL,
				   "--config %s: %s: it has \"actions\", \"status\", \"metrics\" "
				   "and \"targets\"",
				   path, error.text);
		}
	}
	json_decref(root);
	return err;
}

const struct page *config_page(const json_t *word)
{
	char number[24];

	if (json_is_string(word))
		return page_find(json_string_value(word));
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(word));
	return json_is_integer(word) ? page_find(number) : NULL;
}

int config_metrics(const char *path, bool *wanted, char **msg)
{
	struct config_parts c;
	json_t *word;
	size_t i;
	int err = config_read(path, &c, msg);

	memset(wanted, 0, (size_t)n_pages * sizeof(*wanted));
	if (!err && c.metrics && !json_is_array(c.metrics))
		err = fail(msg, EINVAL, "--config %s: metrics: not an array of pages", path);
	json_array_foreach (c.metrics, i, word) {
		const struct page *page = config_page(word);

		if (!err && !page)
			err = fail(msg, EINVAL,
				   "--config %s: metrics: the %zu. is no page: 'teletap list' "
				   "shows them",
				   path, i + 1);
		if (page)
			wanted[page - pages] = true;
	}
	config_release(&c);
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
	struct config_parts c;
	json_t *value;
	const char *name;
	int err = config_read(path, &c, msg);

	*limits = status_defaults;
	if (!err && c.status && !json_is_object(c.status))
		err = fail(msg, EINVAL, "--config %s: status: not an object", path);
	json_object_foreach (c.status, name, value) {
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
	config_release(&c);
	return err;
}

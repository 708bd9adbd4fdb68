// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

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

int config_read(const char *path, json_t **actions, json_t **status, char **msg)
{
	json_t *root;
	int err = load(path, &root, msg);

	*actions = *status = NULL;
	if (!err && json_is_array(root)) {
		*actions = json_incref(root);
	} else if (!err) {
		json_error_t error;

		if (json_unpack_ex(root, &error, JSON_STRICT, "{s?O, s?O}", "actions", actions,
				   "status", status)) {
			/* one may have been taken before the other was found wanting */
			json_decref(*actions);
			json_decref(*status);
			*actions = *status = NULL;
			err = fail(msg, EINVAL,
				   "--config %s: %s: it has \"actions\" and \"status\"", path,
				   error.text);
		}
	}
	json_decref(root);
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

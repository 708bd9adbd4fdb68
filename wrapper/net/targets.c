// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/targets.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "source/config.h"
#include "source/program_pages.h"
#include "source/source.h"

bool target_may(const struct served *s, int page)
{
	return !s->limited || page == PAGE_CONTENTS || s->pages[page - REQUEST_PAGE_MIN];
}

/* One of the program's own pages, by its number; 0: it is not. */
static int own_number(const json_t *word)
{
	json_int_t number = json_integer_value(word);

	return number >= OWN_FIRST && number <= OWN_LAST ? (int)number : 0;
}

static int read_pages(struct served *s, const json_t *list, char **msg)
{
	json_t *word;
	size_t i;

	if (!json_is_array(list))
		return fail(msg, EINVAL, "pages: not an array of pages");
	s->limited = true;
	json_array_foreach (list, i, word) {
		const struct page *page = config_page(word);
		int number = page ? page->number : own_number(word);

		if (!number)
			return fail(msg, EINVAL,
				    "pages: the %zu. (%s) is not a page: 'teletap list' shows them",
				    i + 1, json_is_string(word) ? json_string_value(word) : "?");
		s->pages[number - REQUEST_PAGE_MIN] = true;
	}
	return 0;
}

static int read_collectors(struct served *s, const json_t *list, char **msg)
{
	json_t *word;
	size_t i;

	if (!json_array_size(list))
		return fail(msg, EINVAL, "collectors: not an array of collectors");
	json_array_foreach (list, i, word) {
		int by = json_is_string(word) ? collector_find(json_string_value(word)) : -1;

		if (by < 0)
			return fail(
				msg, EINVAL,
				"collectors: the %zu. (%s) is none of stap, bpf, memory, ring and "
				"proc",
				i + 1, json_is_string(word) ? json_string_value(word) : "?");
		s->o.collectors |= 1U << by;
	}
	return 0;
}

/* By what a target can be named, and where its text goes. */
static const struct way {
	const char *key, *word;
	size_t at; /* in struct opts; 0: see take_way */
	bool path;
} ways[] = {
	{ "unit", "unit", offsetof(struct opts, group), false },
	{ "cgroup", "cgroup", offsetof(struct opts, group), false },
	{ "container", "container", offsetof(struct opts, group), false },
	{ "exe", "every process of", offsetof(struct opts, files), true },
	{ "pid", "process", 0, false },
	{ "pid_file", "PID file", offsetof(struct opts, pid_file), true },
	{ "command", "command", offsetof(struct opts, pattern), false },
};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static int take_pid(struct served *s, const json_t *value, char **msg)
{
	json_int_t pid = json_integer_value(value);

	if (pid < 1 || pid > INT_MAX)
		return fail(msg, EINVAL, "pid: not a process number");
	s->o.pid = s->o.pids[s->o.n_pids++] = (pid_t)pid;
	return fail(&s->what, 0, "process %d", (int)pid);
}

static int take_way(struct served *s, const struct way *way, const json_t *value, char **msg)
{
	const char *text = json_string_value(value);

	if (s->what)
		return fail(msg, EINVAL, "%s: the target is named already", way->key);
	if (!way->at)
		return take_pid(s, value, msg);
	if (!text || !*text || (way->path && *text != '/'))
		return fail(msg, EINVAL, "%s: not a %s", way->key,
			    way->path ? "full path" : "text");
	s->value = strdup(text);
	if (!s->value)
		return -ENOMEM;
	*(const char **)((char *)&s->o + way->at) = s->value;
	if (way->at == offsetof(struct opts, group))
		s->o.kind = way->key;
	s->o.n_files = way->at == offsetof(struct opts, files);
	return fail(&s->what, 0, "%s %s", way->word, text);
}

static int read_key(struct served *s, const char *key, const json_t *value, char **msg)
{
	if (!strcmp(key, "pages"))
		return read_pages(s, value, msg);
	if (!strcmp(key, "collectors"))
		return read_collectors(s, value, msg);
	for (size_t i = 0; i < N_WAYS; i++) {
		if (!strcmp(key, ways[i].key))
			return take_way(s, &ways[i], value, msg);
	}
	return fail(msg, EINVAL, "%s: there is no such key", key);
}

static int read_target(struct served *s, const char *name, json_t *entry, char **msg)
{
	const char *key;
	json_t *value;
	int err = 0;

	if (!request_is_name(name, sizeof(s->name)))
		return fail(msg, EINVAL,
			    "a name is small letters, digits and '-', a letter first, at most %zu",
			    sizeof(s->name) - 1);
	memcpy(s->name, name, strlen(name) + 1);
	if (!json_is_object(entry))
		return fail(msg, EINVAL, "not an object");
	json_object_foreach (entry, key, value)
		err = err ? err : read_key(s, key, value, msg);
	if (!err && !s->what)
		err = fail(msg, EINVAL,
			   "it is named by none of unit, cgroup, container, exe, pid, pid_file and "
			   "command");
	/* Whether it is there does not matter yet; whether it could be, does. */
	if (!err && live_there(&s->o, msg) == -EINVAL)
		err = -EINVAL;
	return err;
}

int targets_read(struct targets *t, const struct opts *o, char **msg)
{
	struct config_parts c;
	const char *name;
	json_t *entry;
	int err = config_read(o->config, &c, msg);
	size_t n = json_object_size(c.targets);

	if (!err && c.targets && (!n || n > TARGETS_MAX))
		err = fail(msg, EINVAL, "--config %s: targets: an object of 1 to %d targets",
			   o->config, TARGETS_MAX);
	if (!err && n) {
		t->list = calloc(n, sizeof(*t->list));
		err = t->list ? 0 : -ENOMEM;
	}
	json_object_foreach (c.targets, name, entry) {
		char *why = NULL;

		if (err)
			break;
		t->list[t->n].o = *o;
		t->list[t->n].o.waits = true;
		err = read_target(&t->list[t->n++], name, entry, &why);
		if (err)
			fail(msg, -err, "--config %s: targets: %s: %s", o->config, name,
			     why ? why : strerror(-err));
		free(why);
	}
	config_release(&c);
	return err;
}

void targets_free(struct targets *t)
{
	for (int i = 0; i < t->n; i++) {
		free(t->list[i].what);
		free(t->list[i].value);
	}
	free(t->list);
	*t = (struct targets){ 0 };
}

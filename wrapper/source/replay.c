// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "collect/ring_lines.h"
#include "model/sum.h"

static struct replay_module *module_of(struct replay *r, const char *name)
{
	struct replay_module *m;

	for (int i = 0; i < r->n_modules; i++) {
		if (!strcmp(r->modules[i]->name, name))
			return r->modules[i];
	}
	if (r->n_modules == RECORDING_MODULES)
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	memcpy(m->name, name, strlen(name)); /* recording/reader.c has seen to its length */
	r->modules[r->n_modules++] = m;
	return m;
}

/* Feeds one module's lines. */
static int take_part(struct replay *r, const struct moment_part *part, char **msg)
{
	struct replay_module *m = module_of(r, part->module);
	char *line = part->lines, *end = line + part->len, *stop;

	if (!m)
		return fail(msg, E2BIG, "the recording has too many modules");
	while (line < end && (stop = memchr(line, '\n', (size_t)(end - line)))) {
		int ret = state_take(&m->state, line, (size_t)(stop - line));

		if (ret < 0)
			return fail(msg, EPROTO,
				    "the module %s spoke another version of the protocol: "
				    "replay it with the teletap that recorded it",
				    m->name);
		line = stop + 1;
	}
	m->state.malformed = sum_add(m->state.malformed, part->not_understood);
	if (part->begin_ns)
		state_begin(&m->state, part->begin_ns);
	return 0;
}

/* Takes the next moment. As replay_next, of any kind. */
static int take_moment(struct replay *r, enum moment_kind *kind, char **msg)
{
	struct moment m;
	int ret = recording_next(&r->recording, &m);

	if (ret == -EBADMSG)
		return fail(msg, EBADMSG, "the recording is damaged after %zu bytes: no more pages",
			    r->recording.at);
	if (ret < 1)
		return ret;
	for (int i = 0; i < m.n_parts; i++) {
		int err = take_part(r, &m.parts[i], msg);

		if (err)
			return err;
	}
	*kind = m.kind;
	r->number = m.number;
	r->real_ns = m.real_ns;
	r->mono_ns = r->n_modules ? r->modules[0]->state.now.mono_ns : 0;
	r->last = m.kind == MOMENT_LAST;
	return 1;
}

static int take_lines(struct replay *r, const char *module, char *lines, char **msg)
{
	const struct moment_part part = { .module = module, .lines = lines, .len = strlen(lines) };

	return take_part(r, &part, msg);
}

/* What a ring says, as the modules of its pages would: a beginning, and one snapshot. */
static int open_ring(struct replay *r, const char *path, const void *data, size_t size, char **msg)
{
	char begin[] = "teletap\t1\t" PAGE_RING "\tring\nsnap\t1\t0\t0\t0\nend\t1\n", *why = NULL;
	char begin_crash[] = "teletap\t1\t" PAGE_CRASH "\nsnap\t1\t0\t0\t0\nend\t1\n";
	struct ring_about about = { .ended = 2, .sequence = 2, .final = true };
	struct ring ring;
	int err = ring_parse(&ring, data, data, size, &why);

	if (err) {
		fail(msg, -err, "%s: %s", path, why ? why : strerror(-err));
		free(why);
		return err;
	}
	about.real_ns = ring.start_ns;
	for (int lane = 0; lane < RING_LANES; lane++) {
		size_t n = ring.n_lines[lane];

		if (n && ring.lines[lane][n - 1].time_ns > about.real_ns)
			about.real_ns = ring.lines[lane][n - 1].time_ns;
	}
	r->lines = ring_lines(&ring, &about);
	r->target = (struct render_target){ .pid = ring.pid, .exe = path, .python = "" };
	r->real_ns = about.real_ns;
	r->crash = ring_lines_crash(&ring, about.real_ns);
	ring_free(&ring);
	err = r->lines && r->crash ? take_lines(r, PAGE_RING, begin, msg) : -ENOMEM;
	return err ? err : take_lines(r, PAGE_CRASH, begin_crash, msg);
}

int replay_open_data(struct replay *r, const char *path, const void *data, size_t size, char **msg)
{
	enum moment_kind kind;
	int err;

	*r = (struct replay){ 0 };
	if (ring_present(data, size))
		return open_ring(r, path, data, size, msg);
	err = recording_begin(&r->recording, data, size);
	if (err == -EPROTO)
		return fail(msg, EPROTO, "%s: was recorded by another version of teletap: use that",
			    path);
	if (err)
		return fail(msg, EINVAL, "%s: no recording: 'teletap record -w' makes one", path);
	r->target =
		(struct render_target){ .pid = r->recording.pid,
					.exe = r->recording.exe,
					.python = r->recording.python,
					.group = *r->recording.group ? r->recording.group : NULL };
	err = take_moment(r, &kind, msg);
	if (err < 0)
		return err;
	if (!err || kind != MOMENT_BASE)
		return fail(msg, EBADMSG, "%s: the recording ends before its first page", path);
	return 0;
}

int replay_open(struct replay *r, const char *path, char **msg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), err = 0;
	size_t size, len = 0;
	struct stat st;
	ssize_t n = 1;
	char *data;

	*r = (struct replay){ 0 };
	if (fd < 0 || fstat(fd, &st)) {
		err = fail(msg, errno, "%s: %s: check the name", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > RECORDING_FILE_MAX) {
		err = fail(msg, EINVAL, "%s: no recording: 'teletap record -w' makes one", path);
		goto out;
	}
	size = (size_t)st.st_size;
	data = malloc(size + 1);
	while (data && len < size && (n = read(fd, data + len, size - len)) > 0)
		len += (size_t)n;
	if (!data || n < 0) {
		err = fail(msg, errno, "%s: %s", path, strerror(errno));
		free(data);
		goto out;
	}
	err = replay_open_data(r, path, data, len, msg);
	r->data = data;
	if (err)
		replay_close(r);
out:
	if (fd >= 0)
		close(fd);
	return err;
}

int replay_next(struct replay *r, char **msg)
{
	enum moment_kind kind;
	int ret;

	if (r->lines) {
		ret = take_lines(r, PAGE_RING, r->lines, msg);
		if (!ret)
			ret = take_lines(r, PAGE_CRASH, r->crash, msg);
		free(r->lines);
		free(r->crash);
		r->lines = r->crash = NULL;
		r->number = 1;
		r->last = true;
		return ret ? ret : 1;
	}
	if (!r->recording.data)
		return 0;
	do {
		ret = take_moment(r, &kind, msg);
		if (ret == 1 && kind <= MOMENT_AGAIN)
			replay_shown(r);
	} while (ret == 1 && kind <= MOMENT_AGAIN);
	return ret;
}

struct state *replay_state(struct replay *r, const struct page *page)
{
	for (int i = 0; i < r->n_modules; i++) {
		if (page_has_module(page, r->modules[i]->name))
			return &r->modules[i]->state;
	}
	return NULL;
}

void replay_states(struct replay *r, const struct page *page, struct states *all)
{
	const struct state *own = replay_state(r, page);

	all->list[0] = own;
	all->n = 1;
	for (int i = 0; i < r->n_modules && all->n < STATES; i++) {
		if (&r->modules[i]->state != own)
			all->list[all->n++] = &r->modules[i]->state;
	}
}

void replay_shown(struct replay *r)
{
	for (int i = 0; i < r->n_modules; i++)
		state_shown(&r->modules[i]->state);
}

void replay_close(struct replay *r)
{
	for (int i = 0; i < r->n_modules; i++) {
		state_free(&r->modules[i]->state);
		free(r->modules[i]);
	}
	recording_end(&r->recording);
	free(r->lines);
	free(r->crash);
	free(r->data);
	*r = (struct replay){ 0 };
}

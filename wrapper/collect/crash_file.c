// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/crash_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "model/escape.h"
#include "model/quote.h"

#define PREFIX "crash-" /* crash-YYYYMMDDTHHMMSS.mmmZ-PID: sorted by name is sorted by time */

const char *crash_file_folder(void)
{
	static char path[4096];
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (!geteuid())
		return "/var/lib/teletap/crashes";
	if (state && *state == '/')
		snprintf(path, sizeof(path), "%s/teletap/crashes", state);
	else
		snprintf(path, sizeof(path), "%s/.local/state/teletap/crashes", home ? home : "");
	return path;
}

void crash_file_time(int64_t real_ns, char *out, size_t size)
{
	time_t s = (time_t)(real_ns / 1000000000);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, size - n, ".%03dZ", (int)(real_ns / 1000000 % 1000));
}

static int make_folder(const char *folder)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", folder);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static int is_crash(const struct dirent *entry)
{
	return !strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) && !strchr(entry->d_name, '~');
}

/* Removes the oldest ones. */
static void rotate(int dir)
{
	struct dirent **names;
	int n = scandirat(dir, ".", &names, is_crash, alphasort);

	for (int i = 0; i < n; i++) {
		if (i < n - CRASH_FILE_KEPT)
			unlinkat(dir, names[i]->d_name, 0);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) ? -errno : 0;
}

static int write_file(int dir, const char *name, const char *text)
{
	static const char cut[] = "... more did not fit\n";
	size_t size = strlen(text);
	char draft[80];
	int fd, err;

	snprintf(draft, sizeof(draft), "%s~", name);
	unlinkat(dir, draft, 0);
	fd = openat(dir, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (size <= CRASH_FILE_MAX) {
		err = write_all(fd, text, size);
	} else {
		size = CRASH_FILE_MAX - sizeof(cut);
		while (size && text[size - 1] != '\n')
			size--;
		err = write_all(fd, text, size);
		if (!err)
			err = write_all(fd, cut, sizeof(cut) - 1);
	}
	close(fd);
	if (!err && renameat(dir, draft, dir, name))
		err = -errno;
	if (err)
		unlinkat(dir, draft, 0);
	else
		fsync(dir);
	return err;
}

int crash_file_write(const char *folder, int pid, int64_t real_ns, const char *text, char **path,
		     char **msg)
{
	char name[64], when[32];
	time_t s = (time_t)(real_ns / 1000000000);
	struct tm tm;
	int dir, err = make_folder(folder);

	dir = err ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail(msg, err ? -err : errno, "%s: %s: the crash is not kept: --crashes DIR",
			    folder, strerror(err ? -err : errno));
	gmtime_r(&s, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(name, sizeof(name), PREFIX "%s.%03dZ-%d", when, (int)(real_ns / 1000000 % 1000),
		 pid);
	err = write_file(dir, name, text);
	if (err)
		fail(msg, -err, "%s/%s: %s: the crash is not kept", folder, name, strerror(-err));
	else
		rotate(dir);
	close(dir);
	if (!err && asprintf(path, "%s/%s", folder, name) < 0)
		*path = NULL;
	return err;
}

/* Its text when it is about this program; to be freed. */
static char *read_file(int dir, const char *name, const char *exe)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text = malloc(CRASH_FILE_MAX + 1), *line, *quoted = quote_text(exe);
	size_t len = quoted ? strlen(quoted) : 0;
	bool ours = false;
	ssize_t n = -1;

	if (fd >= 0 && text)
		n = read(fd, text, CRASH_FILE_MAX);
	if (fd >= 0)
		close(fd);
	if (n > 0) {
		text[n] = '\0';
		line = strstr(text, "\n" CRASH_FILE_PROGRAM);
		line = line ? line + sizeof(CRASH_FILE_PROGRAM) : NULL;
		ours = line && len && !strncmp(line, quoted, len) && line[len] == '\n';
	}
	free(quoted);
	if (ours)
		return text;
	free(text);
	return NULL;
}

/* A time as crash_file_time writes it; 0: that is none. */
static int64_t read_time(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S.", &tm);

	if (!end || strlen(end) < 5 || strspn(end, "0123456789") != 3 || end[3] != 'Z')
		return 0;
	return ((int64_t)timegm(&tm) * 1000 + atoi(end)) * 1000000;
}

/* A field of text that is escaped already, as the file's lines are. */
static void copy_field(FILE *f, const char *s)
{
	static const char digits[] = "0123456789abcdef";

	fputc('\t', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool escape = c == '\\' && s[1] == 'x' && s[2] && strchr(digits, s[2]) && s[3] &&
			      strchr(digits, s[3]);

		if (c < 0x20 || c == 0x7f || (c == '\\' && !escape))
			fprintf(f, "\\x%02x", c);
		else
			fputc(c, f);
	}
}

/* One line: what it is about, a time perhaps, and the rest. */
static void write_record(FILE *f, int number, char *line)
{
	char *text = line + strcspn(line, " ");
	int64_t when;

	if (*text)
		*text++ = '\0';
	text += strspn(text, " ");
	when = read_time(text);
	if (when)
		text += strcspn(text, " ");
	text += when && *text;
	fprintf(f, "kept\t%d\t%" PRId64, number, when);
	copy_field(f, line);
	copy_field(f, text);
	fputc('\n', f);
}

static char *as_records(const char *folder, const char *name, char *text)
{
	char *lines = NULL, *rest = text, *line;
	size_t size;
	FILE *f = open_memstream(&lines, &size);
	int n = 0;

	if (!f)
		return NULL;
	fprintf(f, "kept\t%d\t0\tfile", n++);
	escape_field(f, folder);
	fprintf(f, "/%s\n", name);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			write_record(f, n++, line);
	}
	if (fclose(f))
		return NULL;
	return lines;
}

char *crash_file_newest(const char *folder, const char *exe)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;
	struct dirent **names;
	char *lines = NULL;

	if (dir < 0)
		return NULL;
	n = scandirat(dir, ".", &names, is_crash, alphasort);
	for (int i = n - 1; i >= 0; i--) {
		char *text = lines ? NULL : read_file(dir, names[i]->d_name, exe);

		if (text)
			lines = as_records(folder, names[i]->d_name, text);
		free(text);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	close(dir);
	return lines;
}

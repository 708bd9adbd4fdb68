// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file is found among the process's mappings: it is shared, writable, and begins like
 * a ring. Those of earlier runs have its name and a number; where a later run has moved
 * the process's own file on, its name ends in a number, too.
 */
#include "ring_earlier.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "regular.h"
#include "ring_source.h"

#define LINES_MAX 65536 /* of /proc/PID/maps */

static bool begins_like_a_ring(const char *path)
{
	int fd = regular_open(path); /* programs map devices, too */
	char bytes[16];
	bool good = fd >= 0 && read(fd, bytes, sizeof(bytes)) == sizeof(bytes) &&
		    ring_present(bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	return good;
}

/* The path by which we reach the file of the process's ring. False: it has none. */
static bool find_file(int pid, char out[PATH_MAX])
{
	char name[32], *line = NULL, perms[8];
	bool found = false;
	size_t size = 0;
	FILE *f;
	int at;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	f = fopen(name, "re");
	for (int n = 0; f && !found && n < LINES_MAX && getline(&line, &size, f) > 0; n++) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%*s %7s %*s %*s %*s %n", perms, &at) != 1 ||
		    strcmp(perms, "rw-s") != 0 || line[at] != '/')
			continue;
		if (snprintf(out, PATH_MAX, "/proc/%d/root%s", pid, line + at) < PATH_MAX - 3)
			found = begins_like_a_ring(out);
	}
	if (f)
		fclose(f);
	free(line);
	return found;
}

/* The reason it gave, if it gave one as its last word; otherwise its last line. */
static void write_run(FILE *f, int number, const struct ring *r)
{
	const struct ring_line *last = NULL, *start = NULL;
	size_t n = r->n_lines[RING_LOG];

	if (n)
		last = &r->lines[RING_LOG][n - 1];
	for (size_t i = 0; i < r->n_lines[RING_ABOUT]; i++) {
		if (r->lines[RING_ABOUT][i].kind == RING_KIND_START)
			start = &r->lines[RING_ABOUT][i];
	}
	fprintf(f, "run\t%d\t%d\t%" PRId64 "\t%" PRId64 "\t%d", number, r->pid, r->start_ns,
		last ? last->time_ns : r->start_ns, last && last->kind == RING_KIND_STOP);
	escape_field(f, start ? start->texts[0] : "");
	escape_field(f, last ? last->texts[0] : "");
	escape_field(f, last && last->kind == RING_KIND_ERROR ? last->texts[1] : "");
	fputc('\n', f);
}

char *ring_earlier(int pid)
{
	char base[PATH_MAX], path[sizeof(base) + 12], *lines = NULL;
	int first = 1, number = 0;
	size_t size, len;
	FILE *f = open_memstream(&lines, &size);

	if (!f)
		return NULL;
	if (find_file(pid, base)) {
		len = strlen(base);
		snprintf(path, sizeof(path), "%s.1", base);
		if (access(path, F_OK) && base[len - 2] == '.' && base[len - 1] >= '1' &&
		    base[len - 1] <= '0' + RING_EARLIER) {
			first = base[len - 1] - '0' + 1;
			base[len - 2] = '\0';
		}
		for (int i = first; i <= RING_EARLIER; i++) {
			struct ring r;

			snprintf(path, sizeof(path), "%s.%d", base, i);
			if (ring_read_file(&r, path, NULL))
				continue;
			write_run(f, ++number, &r);
			ring_free(&r);
		}
	}
	if (fclose(f))
		return NULL;
	return lines;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: proc(5) for loadavg, uptime and meminfo; Documentation/accounting/psi.rst for
 * pressure. What a kernel does not say is -1, or its record is missing.
 */
#include "collect/host_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define TEXT 256 /* bytes of a small file */

/* "1.25" in hundredths, in the kernel's form: always two digits; -1: it is none. */
static int64_t hundredths(const char *text)
{
	unsigned int whole, rest;

	return sscanf(text, "%u.%2u", &whole, &rest) == 2 ? (int64_t)whole * 100 + rest : -1;
}

static void load_line(FILE *f, const struct look *l)
{
	char load[TEXT], up[TEXT], words[3][16] = { "", "", "" };
	int64_t running = -1, tasks = -1, up_ns;

	if (look_text(l, "/proc/loadavg", load, sizeof(load)) ||
	    sscanf(load, "%15s %15s %15s %" SCNd64 "/%" SCNd64, words[0], words[1], words[2],
		   &running, &tasks) != 5)
		running = tasks = -1;
	if (look_text(l, "/proc/uptime", up, sizeof(up)))
		up[0] = '\0';
	up_ns = hundredths(up);
	fprintf(f,
		"host\t%ld\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
		"\t%" PRId64 "\n",
		sysconf(_SC_NPROCESSORS_ONLN), hundredths(words[0]), hundredths(words[1]),
		hundredths(words[2]), running, tasks, up_ns < 0 ? -1 : up_ns * 10000000);
}

static const char *const memory_keys[] = { "MemTotal:", "MemFree:", "MemAvailable:", "SwapTotal:",
					   "SwapFree:" };

#define MEMORY_KEYS (sizeof(memory_keys) / sizeof(memory_keys[0]))

static bool memory_match(const char *line, void *arg)
{
	int64_t *values = arg, kb;

	for (size_t i = 0; i < MEMORY_KEYS; i++) {
		size_t len = strlen(memory_keys[i]);

		if (!strncmp(line, memory_keys[i], len) &&
		    sscanf(line + len, "%" SCNd64 " kB", &kb) == 1 && kb >= 0 &&
		    kb <= INT64_MAX / 1024)
			values[i] = kb * 1024;
	}
	return false;
}

static void memory_line(FILE *f, const struct look *l)
{
	int64_t values[MEMORY_KEYS] = { -1, -1, -1, -1, -1 };

	look_line(l, "/proc/meminfo", memory_match, values);
	fputs("memory", f);
	for (size_t i = 0; i < MEMORY_KEYS; i++)
		fprintf(f, "\t%" PRId64, values[i]);
	fputc('\n', f);
}

struct pressure {
	FILE *f;
	int what;
};

/* full of cpu is not defined for the whole host: the kernel says 0. */
static bool pressure_match(const char *line, void *arg)
{
	const struct pressure *p = arg;
	char kind[8], avg[3][16];
	int64_t total_us;
	bool full;

	if (sscanf(line, "%7s avg10=%15s avg60=%15s avg300=%15s total=%" SCNd64, kind, avg[0],
		   avg[1], avg[2], &total_us) != 5 ||
	    total_us < 0 || total_us > INT64_MAX / 1000)
		return false;
	full = !strcmp(kind, "full");
	if ((!full && strcmp(kind, "some")) || (full && p->what == 0))
		return false;
	fprintf(p->f, "pressure\t%d\t%d\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
		p->what, full, hundredths(avg[0]), hundredths(avg[1]), hundredths(avg[2]),
		total_us * 1000);
	return false;
}

/* In the order of WHAT in the record pressure. */
static void pressure_lines(FILE *f, const struct look *l)
{
	static const char *const files[] = { "/proc/pressure/cpu", "/proc/pressure/memory",
					     "/proc/pressure/io" };

	for (int i = 0; i < 3; i++) {
		struct pressure p = { .f = f, .what = i };

		look_line(l, files[i], pressure_match, &p);
	}
}

char *host_lines(struct host_source *s, bool final)
{
	struct look l = { .root = s->root };
	char *lines = NULL;
	size_t size;
	FILE *f = open_memstream(&lines, &size);

	if (!f)
		return NULL;
	fprintf(f, "snap\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\n", ++s->sequence,
		clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME), final);
	load_line(f, &l);
	memory_line(f, &l);
	pressure_lines(f, &l);
	host_space_lines(f, &l);
	host_units_lines(f, &l, &s->units);
	host_threads_line(f, &l, &s->threads);
	fprintf(f, "loss\t0\t0\t0\nend\t%" PRId64 "\n", s->sequence);
	return fclose(f) ? (free(lines), NULL) : lines;
}

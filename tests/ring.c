// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ring's reader for the tests:
 *   ring FILE|PID            its lines as JSON, one object
 *   ring FILE|PID storm N    reads it N times while 'storm' of tests/service.c writes:
 *                            how many lines were seen, and how many of them were torn
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collect/ring_read.h"
#include "model/quote.h"

static int read_ring(struct ring *r, const char *name)
{
	char *msg = NULL, *end;
	int pid = (int)strtol(name, &end, 10);
	int err = *end ? ring_read_file(r, name, &msg) : ring_read_process(r, pid, &msg);

	if (err)
		printf("%s\n", msg ? msg : strerror(-err));
	free(msg);
	return err;
}

static void print(const struct ring *r)
{
	static const char *const lanes[] = { "log", "about", "state" };

	printf("{\"pid\":%d,\"start_ns\":%lld,\"provider\":\"%s\",\"torn\":%lld,\"busy\":%lld,"
	       "\"lost\":%lld",
	       r->pid, (long long)r->start_ns, r->provider, (long long)r->torn, (long long)r->busy,
	       (long long)r->lost);
	for (int lane = 0; lane < RING_LANES; lane++) {
		printf(",\"%s\":[", lanes[lane]);
		for (size_t i = 0; i < r->n_lines[lane]; i++) {
			const struct ring_line *l = &r->lines[lane][i];

			printf("%s{\"ticket\":%lld,\"time_ns\":%lld,\"pid\":%d,\"tid\":%d,"
			       "\"kind\":%d,\"level\":%d,\"cut\":%s,\"texts\":[",
			       i ? "," : "", (long long)l->ticket, (long long)l->time_ns, l->pid,
			       l->tid, (int)l->kind, l->level, l->cut ? "true" : "false");
			for (int t = 0; t < RING_TEXTS; t++) {
				char *quoted = quote_json(l->texts[t]);

				printf("%s%s", t ? "," : "", quoted);
				free(quoted);
			}
			printf("]}");
		}
		putchar(']');
	}
	puts("}");
}

/* "LENGTH cccc...", as the service writes them. */
static int whole(const char *text)
{
	char *end;
	size_t length = strtoul(text, &end, 10), n = 0;

	if (*end++ != ' ')
		return 0;
	while (end[n] && end[n] == end[0])
		n++;
	return n == length && !end[n];
}

/* Until the log is full of the storm's lines alone; some are being written. 10 s at most. */
static int wait_for_storm(const char *name)
{
	for (int tries = 0; tries < 1000; tries++) {
		struct ring r;
		size_t n, others = 0;

		if (read_ring(&r, name))
			return 1;
		n = r.n_lines[RING_LOG];
		for (size_t l = 0; l < n; l++)
			others += r.lines[RING_LOG][l].level != 7;
		ring_free(&r);
		if (n > 90 && !others)
			return 0;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	puts("no storm");
	return 1;
}

static int storm(const char *name, int n)
{
	long long seen = 0, torn = 0, busy = 0, bad = 0, fresh = 0, last = -1;

	if (wait_for_storm(name))
		return 1;
	for (int i = 0; i < n; i++) {
		struct ring r;

		if (read_ring(&r, name))
			return 1;
		for (size_t l = 0; l < r.n_lines[RING_LOG]; l++) {
			const struct ring_line *line = &r.lines[RING_LOG][l];

			if (line->level != 7)
				continue;
			seen++;
			fresh += line->ticket > last;
			last = line->ticket > last ? line->ticket : last;
			if (!whole(line->texts[0]) || line->cut) {
				bad++;
				printf("bad: %s\n", line->texts[0]);
			}
		}
		torn += r.torn;
		busy += r.busy;
		ring_free(&r);
	}
	printf("seen %lld fresh %lld busy %lld torn %lld bad %lld\n", seen, fresh, busy, torn, bad);
	return bad != 0;
}

int main(int argc, char **argv)
{
	struct ring r;

	if (argc == 4 && !strcmp(argv[2], "storm"))
		return storm(argv[1], atoi(argv[3]));
	if (argc != 2)
		return 2;
	if (read_ring(&r, argv[1]))
		return 1;
	print(&r);
	ring_free(&r);
	return 0;
}

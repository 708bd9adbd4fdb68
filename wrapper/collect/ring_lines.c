// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/ring_lines.h"

#include <inttypes.h>

#include "model/escape.h"
#include "model/line.h"

#define NUMBERS 200 /* bytes of a record before its texts, and between them */

static void about_line(FILE *f, int order, const char *what, const char *value)
{
	if (!value)
		return;
	fprintf(f, "about\t%d", order);
	escape_field(f, what);
	escape_field(f, value);
	fputc('\n', f);
}

void ring_lines_write(FILE *f, const struct ring *r, int64_t crash)
{
	for (int lane = 0; lane < RING_LANES; lane++) {
		for (size_t i = 0; i < r->n_lines[lane]; i++) {
			const struct ring_line *l = &r->lines[lane][i];
			size_t room = LINE_BYTES - NUMBERS, fits[RING_TEXTS];
			bool cut = l->cut;

			for (int t = 0; t < RING_TEXTS; t++) {
				fits[t] = escape_fits(l->texts[t], &room);
				cut |= l->texts[t][fits[t]] != '\0';
			}
			if (crash)
				fprintf(f, "words\t%" PRId64, crash);
			else
				fputs("said", f);
			fprintf(f, "\t%d\t%" PRId64 "\t%" PRId64 "\t%d\t%d\t%d\t%d\t%d", lane,
				l->ticket, l->time_ns, l->pid, l->tid, (int)l->kind, l->level, cut);
			for (int t = 0; t < RING_TEXTS; t++)
				escape_field_part(f, l->texts[t], fits[t]);
			fputc('\n', f);
		}
	}
}

char *ring_lines(const struct ring *r, const struct ring_about *about)
{
	char *lines = NULL, left_out[16];
	size_t size;
	FILE *f = open_memstream(&lines, &size);

	if (!f)
		return NULL;
	fprintf(f, "snap\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\n", about->sequence,
		about->mono_ns, about->real_ns, about->final);
	if (r) {
		fprintf(f, "ring\t%d\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\n",
			r->pid, r->start_ns, r->torn, r->busy, r->lost, about->ended);
		about_line(f, 1, "provider", r->provider);
		about_line(f, 2, "arguments", about->arguments);
		about_line(f, 3, "teletap", about->teletap);
		about_line(f, 4, "kernel", about->kernel);
		if (r->left_out) {
			snprintf(left_out, sizeof(left_out), "%d", r->left_out);
			about_line(f, 5, "rings left out", left_out);
		}
		ring_lines_write(f, r, 0);
		fputs(about->earlier ? about->earlier : "", f);
	}
	fprintf(f, "loss\t0\t0\t0\nend\t%" PRId64 "\n", about->sequence);
	if (fclose(f))
		return NULL;
	return lines;
}

char *ring_lines_crash(const struct ring *r, int64_t real_ns)
{
	char *lines = NULL;
	size_t size;
	FILE *f = open_memstream(&lines, &size);

	if (!f)
		return NULL;
	fprintf(f, "snap\t2\t0\t%" PRId64 "\t1\n", real_ns);
	ring_lines_write(f, r, 1);
	fprintf(f, "crash\t1\t%d\t0\t0\t-1\t0\t0\t0\t-1\t0\t0\t%" PRId64, r->pid, real_ns);
	escape_field(f, r->provider);
	fputs("\t\t\ncrashes\t1\nloss\t0\t0\t0\nend\t2\n", f);
	if (fclose(f))
		return NULL;
	return lines;
}

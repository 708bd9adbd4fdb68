// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/text_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/quote.h"

#define WIDTH 80
#define FILE_LEAST 20 /* columns of a frame's file beside its function */

int text_width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (unsigned char)*s < 0x80 ? 1 : (unsigned char)*s >= 0xc0 ? 2 : 0;
	return n;
}

const char *text_next(const char *s)
{
	do
		s++;
	while (((unsigned char)*s & 0xc0) == 0x80);
	return s;
}

int text_line(const struct render *r)
{
	return r->width > 0 ? r->width : WIDTH;
}

bool text_is_narrow(const struct render *r)
{
	return r->width > 0 && r->width < WIDTH;
}

void text_draw(FILE *f, const struct render *r, const char *s, int width, bool path)
{
	char *quoted = quote_text(s);
	const char *from = quoted ? quoted : "?", *to = from + strlen(from);
	int room = width;

	if (r->width == RENDER_WHOLE && text_width(from) > width)
		room = width = text_width(from);

	if (text_width(from) > width) {
		room = width > 3 ? width - 3 : 0;
		if (path) {
			fputs("...", f);
			while (*from && text_width(from) > room)
				from = text_next(from);
		} else {
			int n = 0;

			for (to = from; *to; to = text_next(to)) {
				n += (unsigned char)*to < 0x80 ? 1 : 2;
				if (n > room)
					break;
			}
		}
	}
	fprintf(f, "%.*s", (int)(to - from), from);
	if (room < width && !path)
		fputs("...", f);
	else if (room == width)
		fprintf(f, "%*s", width - text_width(from), "");
	free(quoted);
}

int text_fit(FILE *f, const struct render *r, const char *s, int room, bool path)
{
	char *quoted = quote_text(s);
	int width = text_width(quoted ? quoted : "?");

	free(quoted);
	if (width > room && r->width != RENDER_WHOLE)
		width = room;
	text_draw(f, r, s, width, path);
	return width;
}

/* The bytes at s that belong together: a colour, which has no width, or a character. */
static size_t step(const char *s, int *width)
{
	const char *end = *s == '\033' ? strchr(s, 'm') : NULL;

	*width = end ? 0 : (unsigned char)*s < 0x80 ? 1 : 2;
	return (size_t)((end ? end + 1 : text_next(s)) - s);
}

/* How much of a line, of len bytes, goes on one of this width: up to a blank, or all of it. */
static size_t fitting(const char *line, size_t len, int width)
{
	size_t at = 0, fits = 0, n;
	int used = 0, more;

	while (at < len && line[at] == ' ')
		at++;
	used = (int)at;
	for (; at < len; at += n, used += more) {
		n = step(line + at, &more);
		if (used + more > width && fits)
			return fits;
		if (line[at] == ' ')
			fits = at;
	}
	return used > width && fits ? fits : len;
}

/* Writes a line in pieces, those after the first one indented. */
static void wrap_line(FILE *f, const char *line, size_t len, int width)
{
	size_t n = fitting(line, len, width);

	fprintf(f, "%.*s", (int)n, line);
	while (n < len) {
		size_t from = n + strspn(line + n, " ");

		if (from >= len)
			return;
		n = from + fitting(line + from, len - from, width - WRAP_INDENT);
		fprintf(f, "\n%*s%.*s", WRAP_INDENT, "", (int)(n - from), line + from);
	}
}

char *text_wrap(char *text, int width)
{
	char *wrapped = NULL;
	size_t size, len;
	FILE *f = text ? open_memstream(&wrapped, &size) : NULL;

	if (!f)
		return text;
	for (const char *line = text; *line; line += len) {
		len = strcspn(line, "\n");
		wrap_line(f, line, len, width);
		if (line[len]) {
			fputc('\n', f);
			len++;
		}
	}
	if (fclose(f))
		return text;
	free(text);
	return wrapped;
}

#define STACK_FRAMES 8
#define STACK_INDENT 8

static void draw_locals(FILE *f, const struct render *r, const struct frame *frame)
{
	for (int i = 0; i < frame->n_locals; i++) {
		int room = text_line(r) - STACK_INDENT - 4;

		fprintf(f, "%*s", STACK_INDENT + 4, "");
		room -= text_fit(f, r, frame->locals[i].name, 28, false);
		fputs(" = ", f);
		text_fit(f, r, frame->locals[i].value, room - 3, false);
		fputc('\n', f);
	}
}

void text_stack(FILE *f, const struct render *r, const struct stack *stack, int most)
{
	most = most ? most : STACK_FRAMES;
	for (int i = 0; i < stack->n; i++) {
		const struct frame *frame = &stack->frames[i];
		char line[24];
		int room;

		if (i == most && stack->n > most + 1) {
			fprintf(f, "%*sand %d more\n", STACK_INDENT, "", stack->n - i);
			return;
		}
		room = text_line(r) - STACK_INDENT;
		fprintf(f, "%*s", STACK_INDENT, "");
		room -= text_fit(f, r, frame->function, 28, false);
		if (*frame->file) {
			*line = '\0';
			if (frame->line >= 0)
				room -= snprintf(line, sizeof(line), ":%" PRId64, frame->line);
			room--;
			if (room < FILE_LEAST && text_is_narrow(r)) {
				fprintf(f, "\n%*s", STACK_INDENT + WRAP_INDENT - 1, "");
				room = text_line(r) - STACK_INDENT - WRAP_INDENT -
				       (int)strlen(line);
			}
			fputc(' ', f);
			text_fit(f, r, frame->file, room, true);
			fputs(line, f);
		}
		fputc('\n', f);
		draw_locals(f, r, frame);
	}
}

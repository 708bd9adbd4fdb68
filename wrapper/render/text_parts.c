// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/text_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/quote.h"

#define WIDTH 80

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

void text_draw(FILE *f, const struct render *r, const char *s, int width, bool path)
{
	char *quoted = quote_text(s);
	const char *from = quoted ? quoted : "?", *to = from + strlen(from);
	int room = width;

	if (r->width == RENDER_WHOLE && text_width(from) > width)
		room = width = text_width(from);

	if (text_width(from) > width) {
		room = width - 3;
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
			fputc(' ', f);
			text_fit(f, r, frame->file, room, true);
			fputs(line, f);
		}
		fputc('\n', f);
		draw_locals(f, r, frame);
	}
}

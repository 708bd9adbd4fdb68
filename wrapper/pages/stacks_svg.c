// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A flame graph: a box for each thread, in it one for each frame that was the outermost one of
 * its stacks, in that one for each frame that it called, and so on, as wide as they have
 * samples. Records node are such a tree already, of which each thread has a part.
 *
 * The file is XML (SVG 1.1). The names in it come from the target.
 */
#include "pages/stacks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/sum.h"
#include "pages/stack_frames.h"
#include "pages/stacks_svg_script.h"

#define WIDTH 1200.0
#define ROW 17
#define ABOVE 40 /* for what stands over the boxes */
#define BELOW 12
#define LETTER 7.3 /* as wide as one of its font is */
#define BOXES 400000

struct box {
	const struct record *hit;  /* one of its thread; NULL: the box of all */
	const struct record *node; /* its frame; NULL: it is of a thread, or without frames */
	int parent, depth;
	int64_t samples;
	int64_t at, next; /* samples to the left of it; to the left of its next part */
};

struct graph {
	const struct state *s;
	struct box *boxes;
	int n, room;
	int *slots; /* boxes by what they are of, and 1 */
	size_t n_slots;
	int64_t left_out;
};

static bool is_same(const struct box *b, int parent, const struct record *hit,
		    const struct record *node)
{
	static const int of_thread[] = { HIT_PID, HIT_TID, HIT_WAITING };

	if (b->parent != parent || b->node != node)
		return false;
	for (size_t i = 0; parent == 0 && i < sizeof(of_thread) / sizeof(of_thread[0]); i++) {
		if (record_now(b->hit, of_thread[i]) != record_now(hit, of_thread[i]))
			return false;
	}
	return true;
}

static uint64_t hash_of(int parent, const struct record *hit, const struct record *node)
{
	uint64_t h = (uint64_t)parent * 31 + (node ? (uint64_t)record_now(node, NODE_ID) : 0);

	if (!parent)
		h = h * 31 + (uint64_t)record_now(hit, HIT_TID) * 3 +
		    (uint64_t)record_now(hit, HIT_WAITING);
	return h * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

static bool grow(struct graph *g)
{
	int room = g->room ? 2 * g->room : 1024;
	struct box *more = reallocarray(g->boxes, (size_t)room, sizeof(*more));
	int *slots;

	if (!more)
		return false;
	g->boxes = more;
	slots = calloc(4 * (size_t)room, sizeof(*slots));
	if (!slots)
		return false;
	free(g->slots);
	g->slots = slots;
	g->n_slots = 4 * (size_t)room;
	g->room = room;
	for (int i = 1; i < g->n; i++) {
		const struct box *b = &g->boxes[i];
		size_t at = hash_of(b->parent, b->hit, b->node) % g->n_slots;

		while (slots[at])
			at = (at + 1) % g->n_slots;
		slots[at] = i + 1;
	}
	return true;
}

/* The box in another one, which is made when it is new; -1: there is no room. */
static int box_in(struct graph *g, int parent, const struct record *hit, const struct record *node)
{
	size_t at;

	if (g->n == BOXES || (g->n == g->room && !grow(g)))
		return -1;
	at = hash_of(parent, hit, node) % g->n_slots;
	for (; g->slots[at]; at = (at + 1) % g->n_slots) {
		if (is_same(&g->boxes[g->slots[at] - 1], parent, hit, node))
			return g->slots[at] - 1;
	}
	g->boxes[g->n] = (struct box){
		.hit = hit, .node = node, .parent = parent, .depth = g->boxes[parent].depth + 1
	};
	g->slots[at] = ++g->n;
	return g->n - 1;
}

static void add_hit(struct graph *g, const struct record *hit)
{
	const struct record *nodes[STACK_DEPTH];
	int64_t count = record_total(hit, HIT_COUNT), id = record_now(hit, HIT_STACK);
	int n = 0, box;

	while (id && n < STACK_DEPTH && (nodes[n] = state_find(g->s, LINE_NODE, id)))
		id = record_now(nodes[n++], NODE_PARENT);
	if (count <= 0)
		return;
	box = box_in(g, 0, hit, NULL);
	if (box < 0) {
		g->left_out = sum_add(g->left_out, count);
		return;
	}
	g->boxes[0].samples = sum_add(g->boxes[0].samples, count);
	g->boxes[box].samples = sum_add(g->boxes[box].samples, count);
	if (!n && (box = box_in(g, box, hit, NULL)) >= 0)
		g->boxes[box].samples = sum_add(g->boxes[box].samples, count);
	while (n > 0 && (box = box_in(g, box, hit, nodes[--n])) >= 0)
		g->boxes[box].samples = sum_add(g->boxes[box].samples, count);
}

/* The frame of a box of one. */
static struct frame frame_of(const struct graph *g, const struct box *b)
{
	const struct record *name = state_find(g->s, LINE_NAME, record_now(b->node, NODE_NAME));
	const struct record *lineno = state_find(g->s, LINE_LINENO, record_now(b->node, NODE_ID));

	if (!b->node)
		return (struct frame){ .function = stacks_nothing(b->hit), .file = "" };
	return (struct frame){ .function = name ? record_text(name, NAME_FUNCTION) : "?",
			       .file = name ? record_text(name, NAME_FILE) : "",
			       .line = lineno ? record_now(lineno, LINENO_LINE)
					      : record_now(name, NAME_LINE) };
}

/* Outer ones first, those of the same box side by side, by name. */
static int by_place(const void *a, const void *b, void *graph)
{
	const struct graph *g = graph;
	const struct box *x = &g->boxes[*(const int *)a], *y = &g->boxes[*(const int *)b];
	struct frame p, q;
	int d = x->depth - y->depth;

	if (!d)
		d = x->parent - y->parent;
	if (d || x->depth < 2)
		return d ? d : *(const int *)a - *(const int *)b;
	p = frame_of(g, x);
	q = frame_of(g, y);
	d = strcmp(p.function, q.function);
	if (!d)
		d = strcmp(p.file, q.file);
	if (!d)
		d = p.line < q.line ? -1 : p.line > q.line;
	return d ? d : *(const int *)a - *(const int *)b;
}

/* The order in which boxes are drawn, and where; to be freed. */
static int *place(struct graph *g)
{
	int *order = calloc((size_t)g->n, sizeof(*order));

	for (int i = 0; order && i < g->n; i++)
		order[i] = i;
	if (!order)
		return NULL;
	qsort_r(order, (size_t)g->n, sizeof(*order), by_place, g);
	for (int i = 1; i < g->n; i++) {
		struct box *b = &g->boxes[order[i]], *in = &g->boxes[b->parent];

		b->at = b->next = in->next;
		in->next += b->samples;
	}
	return order;
}

/* The code point at text, of *size bytes; one that XML or a reader could not take: U+FFFD. */
static uint32_t code_point(const unsigned char *text, int *size)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int n = *text < 0x80       ? 1
		: *text >> 5 == 6  ? 2
		: *text >> 4 == 14 ? 3
		: *text >> 3 == 30 ? 4
				   : 0;
	uint32_t c = n == 1 ? *text : n ? *text & (0x7fU >> n) : 0xfffd;
	int i = 1;

	for (; i < n && text[i] >> 6 == 2; i++)
		c = c << 6 | (text[i] & 63);
	*size = i < n || !n ? 1 : n;
	if (i < n || !n || c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
	    c == 0xfffe || c == 0xffff || c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 0xfffd;
	/* Marks that turn the direction of what follows. */
	if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
	    c == 0x200f)
		return 0xfffd;
	return c;
}

/* A text of the target, at most so many characters. Returns how many were left. */
static int put_text(FILE *f, const char *text, int most)
{
	const unsigned char *at = (const unsigned char *)text;
	int size;

	for (; *at && most > 0; at += size, most--) {
		uint32_t c = code_point(at, &size);

		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || c == 0xfffd)
			fprintf(f, "&#%" PRIu32 ";", c);
		else
			fwrite(at, 1, (size_t)size, f);
	}
	return most;
}

static void put_name(FILE *f, const struct graph *g, const struct box *b, int most)
{
	struct frame frame;
	char text[96];

	if (b->depth == 0) {
		put_text(f, "all", most);
	} else if (b->depth == 1) {
		snprintf(text, sizeof(text), "process %" PRId64 ", thread %" PRId64 "%s",
			 record_now(b->hit, HIT_PID), record_now(b->hit, HIT_TID),
			 record_now(b->hit, HIT_WAITING) ? ", waiting" : "");
		put_text(f, text, most);
	} else {
		frame = frame_of(g, b);
		most = put_text(f, frame.function, most);
		if (!*frame.file)
			return;
		most = put_text(f, " (", most);
		most = put_text(f, frame.file, most);
		snprintf(text, sizeof(text), ":%" PRId64, frame.line);
		if (frame.line >= 0)
			most = put_text(f, text, most);
		put_text(f, ")", most);
	}
}

/* Warm colours for what runs, cold ones for what waits, the same for the same function. */
static int hue_of(const struct graph *g, const struct box *b)
{
	unsigned hash = 0;

	if (b->depth < 2)
		return b->depth ? 60 : 0;
	for (const char *c = frame_of(g, b).function; *c; c++)
		hash = hash * 31 + (unsigned char)*c;
	return (record_now(b->hit, HIT_WAITING) ? 180 : 10) + (int)(hash % 45);
}

static void put_box(FILE *f, const struct graph *g, const struct box *b, int deepest)
{
	double all = (double)g->boxes[0].samples, wide = (double)b->samples / all * WIDTH;
	double x = (double)b->at / all * WIDTH;
	int y = ABOVE + (deepest - b->depth) * ROW, letters = (int)((wide - 6) / LETTER);

	fprintf(f, "<g class=\"b\" data-a=\"%" PRId64 "\" data-n=\"%" PRId64 "\"><title>", b->at,
		b->samples);
	put_name(f, g, b, INT16_MAX);
	fprintf(f, "\n%" PRId64 " samples, %.2f %%</title>", b->samples,
		100 * (double)b->samples / all);
	fprintf(f,
		"<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" "
		"fill=\"hsl(%d,%d%%,%d%%)\"/>"
		"<text x=\"%.2f\" y=\"%d\">",
		x, y, wide, ROW - 1, hue_of(g, b), b->depth ? 75 : 0, b->depth ? 72 : 85, x + 3,
		y + 12);
	if (letters > 2)
		put_name(f, g, b, letters);
	fputs("</text></g>\n", f);
}

static void put_graph(FILE *f, const struct graph *g, const int *order, const char *name)
{
	int deepest = g->boxes[order[g->n - 1]].depth, height = ABOVE + (deepest + 1) * ROW + BELOW;

	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"100%%\" "
		"viewBox=\"0 0 %d %d\" data-width=\"%d\" data-letter=\"%.1f\">\n"
		"<style>text{font:12px monospace;pointer-events:none}.b{cursor:pointer}"
		".b:hover rect{stroke:#000}.outer{opacity:.5}.found rect{fill:#c3f}"
		"#search,#reset{cursor:pointer;pointer-events:auto;text-decoration:underline}"
		"</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"3\" "
		"y=\"16\">",
		(int)WIDTH, height, (int)WIDTH, LETTER);
	put_text(f, name, 100);
	fprintf(f,
		": %" PRId64 " samples</text>\n<text id=\"what\" x=\"3\" y=\"32\"> </text>\n"
		"<text id=\"reset\" x=\"1060\" y=\"16\">whole</text>"
		"<text id=\"search\" x=\"1130\" y=\"16\">search</text>\n",
		g->boxes[0].samples);
	if (g->left_out)
		fprintf(f, "<!-- %" PRId64 " samples found no room -->\n", g->left_out);
	for (int i = 0; i < g->n && g->boxes[0].samples; i++)
		put_box(f, g, &g->boxes[order[i]], deepest);
	fprintf(f, "<script><![CDATA[\n%s]]></script>\n</svg>\n", stacks_svg_script);
}

char *stacks_svg(const struct state *s, const char *name)
{
	struct graph g = { .s = s };
	const struct record *r;
	char *text = NULL;
	size_t size, at = 0;
	int *order = NULL;
	FILE *f = open_memstream(&text, &size);

	if (f && grow(&g)) {
		g.boxes[g.n++] = (struct box){ .parent = -1 };
		while ((r = state_each(s, LINE_HIT, &at)))
			add_hit(&g, r);
		order = place(&g);
	}
	if (order)
		put_graph(f, &g, order, name);
	free(g.boxes);
	free(g.slots);
	if ((f && fclose(f)) || !order) {
		free(text);
		text = NULL;
	}
	free(order);
	return text;
}

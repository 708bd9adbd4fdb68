// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 230, imports: one row per node of the tree, a module imported by another one.
 * The interval's imports are a list, slowest first; those since attaching are drawn as
 * the tree, siblings slowest first.
 */
#include "pages/page.h"
#include "pages/split.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
enum {
	PID, TID, NODE, PARENT, DEPTH, MODULE, CUMULATIVE, CUMULATIVE_TOTAL, SELF, SELF_TOTAL,
	IMPORTS, IMPORTS_TOTAL, FAILED, FAILED_TOTAL, UNFINISHED, RANK, NAME, TREE, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[NODE] = { "node", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[PARENT] = { "parent", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[DEPTH] = { "depth", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[MODULE] = { "module", "", 0, UNIT_TEXT, BLOCK_NONE },
	[CUMULATIVE] = { "cumulative_ns", "cumulative", 11, UNIT_NS, BLOCK_INTERVAL },
	[CUMULATIVE_TOTAL] = { "cumulative_ns_total", "cumulative", 11, UNIT_NS, BLOCK_TOTAL },
	[SELF] = { "self_ns", "self", 10, UNIT_NS, BLOCK_INTERVAL },
	[SELF_TOTAL] = { "self_ns_total", "self", 10, UNIT_NS, BLOCK_TOTAL },
	[IMPORTS] = { "imports", "imports", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[IMPORTS_TOTAL] = { "imports_total", "imports", 8, UNIT_COUNT, BLOCK_TOTAL },
	[FAILED] = { "failed", "failed", 7, UNIT_COUNT, BLOCK_INTERVAL },
	[FAILED_TOTAL] = { "failed_total", "failed", 7, UNIT_COUNT, BLOCK_TOTAL },
	[UNFINISHED] = { "unfinished", "open", 5, UNIT_COUNT, BLOCK_TOTAL },
	[RANK] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
	[NAME] = { NULL, "module", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[TREE] = { NULL, "module", 0, UNIT_TEXT, BLOCK_TOTAL },
};

#define IMPORTS_ROWS 40 /* of a text page */
#define INDENT_MOST 20

struct node {
	const struct record *record;
	int64_t number;
	int64_t weight; /* its time, or that of the modules below it while it has none */
	int64_t below;
	int parent, depth; /* parent: -1 for none */
	int first, next;   /* child, sibling; -1 for none */
	bool drawn;
};

static int by_number(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int find(const struct node *nodes, int n, int64_t number)
{
	const struct node key = { .number = number };
	const struct node *found = bsearch(&key, nodes, (size_t)n, sizeof(key), by_number);

	return found ? (int)(found - nodes) : -1;
}

static int64_t add(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Puts a node among its siblings, the heaviest in front. */
static void hang(struct node *nodes, int *first, int i)
{
	while (*first >= 0 && nodes[*first].weight >= nodes[i].weight)
		first = &nodes[*first].next;
	nodes[i].next = *first;
	*first = i;
}

static int heavier_first(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x > y ? -1 : x < y;
}

/*
 * Chooses the nodes that a text page draws: the heaviest. A parent is never lighter than
 * its child, and comes before it among equals, so what is drawn is a tree.
 */
static int choose(struct node *nodes, int n)
{
	int64_t *weights = calloc((size_t)n + 1, sizeof(*weights)), least;
	int drawn = 0;

	if (!weights)
		return 0;
	for (int i = 0; i < n; i++)
		weights[i] = nodes[i].weight;
	qsort(weights, (size_t)n, sizeof(*weights), heavier_first);
	least = n > IMPORTS_ROWS ? weights[IMPORTS_ROWS - 1] : -1;
	free(weights);
	for (int i = 0; i < n; i++) {
		nodes[i].drawn = nodes[i].weight > least;
		drawn += nodes[i].drawn;
	}
	for (int i = 0; i < n && drawn < IMPORTS_ROWS; i++) {
		if (nodes[i].weight == least) {
			nodes[i].drawn = true;
			drawn++;
		}
	}
	return drawn;
}

/* The tree of all nodes, in the order of their numbers; *root is the first of the topmost. */
static struct node *grow(const struct state *s, int *n, int *root)
{
	const struct record *r;
	struct node *nodes;
	size_t at = 0;

	*n = 0;
	*root = -1;
	while (state_each(s, LINE_IMPORT, &at))
		++*n;
	nodes = calloc((size_t)*n + 1, sizeof(*nodes));
	if (!nodes)
		return NULL;
	at = 0;
	for (int i = 0; i < *n && (r = state_each(s, LINE_IMPORT, &at)); i++)
		nodes[i] = (struct node){
			.record = r, .number = record_now(r, IMPORT_NODE), .first = -1, .next = -1
		};
	qsort(nodes, (size_t)*n, sizeof(*nodes), by_number);
	for (int i = 0; i < *n; i++) {
		int parent = find(nodes, *n, record_now(nodes[i].record, IMPORT_PARENT));

		nodes[i].parent = parent < i ? parent : -1; /* or the lines are not a module's */
		if (nodes[i].parent >= 0)
			nodes[i].depth = nodes[nodes[i].parent].depth + 1;
	}
	for (int i = *n - 1; i >= 0; i--) { /* children before their parents */
		struct node *node = &nodes[i];

		node->weight = record_total(node->record, IMPORT_TOTAL_NS);
		if (node->weight < node->below)
			node->weight = node->below;
		if (node->parent >= 0)
			nodes[node->parent].below = add(nodes[node->parent].below, node->weight);
		hang(nodes, node->parent >= 0 ? &nodes[node->parent].first : root, i);
	}
	return nodes;
}

static void fill_row(const struct state *s, struct table *t, const struct node *node,
		     int64_t parent, int rank)
{
	const struct record *r = node->record;
	const struct record *name = state_find(s, LINE_NAME, record_now(r, IMPORT_NAME));
	int indent = 2 * node->depth < INDENT_MOST ? 2 * node->depth : INDENT_MOST;
	struct cell *c = table_row(t);

	if (!c)
		return;
	by_set(s, &c[PID], &c[TID], record_who(r));
	c[NODE].number = node->number;
	c[PARENT].number = parent;
	c[PARENT].unknown = !parent;
	c[DEPTH].number = node->depth;
	c[CUMULATIVE].number = record_delta(r, IMPORT_TOTAL_NS);
	c[CUMULATIVE_TOTAL].number = record_total(r, IMPORT_TOTAL_NS);
	c[SELF].number = record_delta(r, IMPORT_SELF_NS);
	c[SELF_TOTAL].number = record_total(r, IMPORT_SELF_NS);
	c[IMPORTS].number = record_delta(r, IMPORT_ENDED);
	c[IMPORTS_TOTAL].number = record_total(r, IMPORT_ENDED);
	c[FAILED].number = record_delta(r, IMPORT_FAILED);
	c[FAILED_TOTAL].number = record_total(r, IMPORT_FAILED);
	c[UNFINISHED].number = record_now(r, IMPORT_BEGUN) - record_now(r, IMPORT_ENDED);
	c[RANK].number = node->drawn ? rank : 0;
	c[MODULE].unknown = !name;
	c[MODULE].text = record_text(name, NAME_FUNCTION);
	c[NAME].unknown = c[TREE].unknown = false;
	c[NAME].text = name ? c[MODULE].text : "?";
	c[TREE].text = table_text(t, "%*s%s", indent, "", c[NAME].text);
}

void page_imports_fill(const struct state *s, struct table *t)
{
	int64_t unpaired;
	struct node *nodes;
	int n, i, drawn, rank;

	table_begin(t, columns, N_COLUMNS);
	by_begin(s, t, PID, TID);
	t->by_interval = CUMULATIVE;
	t->by_total = RANK;
	t->text_rows = IMPORTS_ROWS;
	t->empty = "no imports";
	nodes = grow(s, &n, &i);
	if (!nodes)
		return;
	drawn = choose(nodes, n);
	rank = n;
	while (i >= 0) {
		const struct node *node = &nodes[i];

		fill_row(s, t, node, node->parent >= 0 ? nodes[node->parent].number : 0, rank--);
		if (node->first >= 0) {
			i = node->first;
			continue;
		}
		while (i >= 0 && nodes[i].next < 0)
			i = nodes[i].parent;
		i = i >= 0 ? nodes[i].next : -1;
	}
	if (drawn < n)
		table_note(t, "the tree has the %d slowest imports of %d; all are in the JSON page",
			   drawn, n);
	unpaired = record_total(state_first(s, LINE_UNPAIRED), UNPAIRED_COUNT);
	if (unpaired)
		table_note(
			t,
			"imports that had begun before they were watched, or have found no room, "
			"and are not here: %lld",
			(long long)unpaired);
	table_note(t,
		   "modules that importlib.import_module() is called with have no marker and are "
		   "not here; what they import is");
	free(nodes);
}

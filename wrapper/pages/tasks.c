// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 236, tasks: a row for each task of asyncio. In text they are a tree: below each task those
 * that it awaits. A task that several await stands below the first of them; awaited by has all.
 */
#include "pages/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pages/stack_frames.h"

/* clang-format off */
enum {
	PID, TID, STATE, TREE, NAME, COROUTINE, BY, AWAITED_BY, STACK, ORDER, N_COLUMNS
};

static const struct column columns[N_COLUMNS] = {
	[PID] = { "pid", "process", 8, UNIT_NUMBER, BLOCK_TOTAL },
	[TID] = { "tid", "thread", 8, UNIT_NUMBER, BLOCK_TOTAL },
	[STATE] = { "state", "state", 9, UNIT_TEXT, BLOCK_TOTAL },
	[TREE] = { NULL, "task", 23, UNIT_TEXT, BLOCK_TOTAL },
	[NAME] = { "task", "", 0, UNIT_TEXT, BLOCK_NONE },
	[COROUTINE] = { "coroutine", "coroutine", 19, UNIT_TEXT, BLOCK_TOTAL },
	[BY] = { NULL, "awaited by", 0, UNIT_TEXT, BLOCK_TOTAL },
	[AWAITED_BY] = { "awaited_by", "", 0, UNIT_NAMES, BLOCK_NONE },
	[STACK] = { "stack", "", 0, UNIT_STACK, BLOCK_TOTAL },
	[ORDER] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
};
/* clang-format on */

#define TEXT_ROWS 200
#define DEPTH_SHOWN 10 /* further down, tasks are indented no more */
#define CIRCLES 3      /* notes of them */
#define CIRCLE_SHOWN 6 /* names in each */
#define NONE (-1)

/* Edges lie side by side: those of a task begin at first[task]. */
struct edges {
	int *first, *to;
};

struct graph {
	int n;
	const struct record **tasks;
	struct edges by, awaits;
	int *depth; /* in the tree; NONE: it has no place yet */
	int *stack; /* of depth-first searches: room for all edges and tasks */
	int *next;  /* of each task: the edge that is to be followed */
	char *mark;
};

static int place_of(const struct graph *g, int64_t id)
{
	int low = 0, high = g->n;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (record_now(g->tasks[middle], TASK_ID) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->n && record_now(g->tasks[low], TASK_ID) == id ? low : NONE;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = record_now(*(const struct record *const *)a, TASK_ID),
		y = record_now(*(const struct record *const *)b, TASK_ID);

	return x < y ? -1 : x > y;
}

/* Those of one direction. from, to: fields of the record. */
static bool gather(struct graph *g, struct edges *e, const struct record *const *list, size_t n,
		   int from, int to)
{
	e->first = calloc((size_t)g->n + 2, sizeof(*e->first));
	e->to = calloc(n + 1, sizeof(*e->to));
	if (!e->first || !e->to)
		return false;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			int a = place_of(g, record_now(list[i], from));
			int b = place_of(g, record_now(list[i], to));

			if (a == NONE || b == NONE)
				continue;
			if (pass)
				e->to[e->first[a + 1]++] = b;
			else
				e->first[a + 2]++;
		}
		for (int i = 2; i <= g->n && !pass; i++)
			e->first[i] += e->first[i - 1];
	}
	return true;
}

static bool begin(struct graph *g, const struct state *s)
{
	size_t n, n_edges;
	const struct record **list;
	bool good;

	*g = (struct graph){ 0 };
	g->tasks = state_list(s, LINE_TASK, &n);
	list = state_list(s, LINE_AWAITS, &n_edges);
	good = g->tasks && list;
	if (good) {
		g->n = (int)n;
		qsort(g->tasks, n, sizeof(*g->tasks), by_id);
		g->depth = calloc(n + 1, sizeof(*g->depth));
		g->next = calloc(n + 1, sizeof(*g->next));
		g->mark = calloc(n + 1, 1);
		g->stack = calloc(n + n_edges + 1, sizeof(*g->stack));
		good = g->depth && g->next && g->mark && g->stack &&
		       gather(g, &g->by, list, n_edges, AWAITS_TASK, AWAITS_BY) &&
		       gather(g, &g->awaits, list, n_edges, AWAITS_BY, AWAITS_TASK);
	}
	free(list);
	return good;
}

static void end(struct graph *g)
{
	free(g->tasks);
	free(g->by.first);
	free(g->by.to);
	free(g->awaits.first);
	free(g->awaits.to);
	free(g->depth);
	free(g->stack);
	free(g->next);
	free(g->mark);
}

static const char *name_of(const struct graph *g, int task)
{
	return record_text(g->tasks[task], TASK_NAME);
}

/* The first names, with what stands between them. */
static const char *join(struct table *t, const struct graph *g, const int *list, int n,
			const char *between)
{
	const char *text = n ? name_of(g, list[0]) : "";

	for (int i = 1; i < n && i < CIRCLE_SHOWN; i++)
		text = table_text(t, "%s%s%s", text, between, name_of(g, list[i]));
	return n > CIRCLE_SHOWN ? table_text(t, "%s%s...", text, between) : text;
}

/* The tasks from this place on wait for each other, the last one for the first. */
static void note_circle(struct table *t, const struct graph *g, const int *list, int n,
			int *circles)
{
	if (++*circles <= CIRCLES)
		table_note(t, "tasks that wait for each other in a circle: %s, awaited by %s",
			   join(t, g, list, n, ", awaited by "), name_of(g, list[0]));
}

/* Follows who awaits whom: who is met again on the way is in a circle. */
static void find_circles(struct table *t, struct graph *g)
{
	enum { FRESH, ON_THE_WAY, DONE };
	int circles = 0;

	for (int root = 0; root < g->n; root++) {
		int n = 0;

		if (g->mark[root] != FRESH)
			continue;
		g->stack[n++] = root;
		while (n) {
			int task = g->stack[n - 1], other;

			if (g->mark[task] == FRESH) {
				g->mark[task] = ON_THE_WAY;
				g->next[task] = g->by.first[task];
			}
			if (g->next[task] == g->by.first[task + 1]) {
				g->mark[task] = DONE;
				n--;
				continue;
			}
			other = g->by.to[g->next[task]++];
			if (g->mark[other] == FRESH)
				g->stack[n++] = other;
			else if (g->mark[other] == ON_THE_WAY)
				for (int i = n - 1; i >= 0; i--) {
					if (g->stack[i] == other) {
						note_circle(t, g, g->stack + i, n - i, &circles);
						break;
					}
				}
		}
	}
	if (circles > CIRCLES)
		table_note(t, "more such circles, or ways into them: %d", circles - CIRCLES);
}

/* Gives the tasks below this one, and itself, their places in the tree. */
static void place_tree(struct table *t, struct graph *g, int root, int *order)
{
	int n = 0;

	g->stack[n++] = root;
	g->depth[root] = 0;
	while (n) {
		int task = g->stack[--n];

		t->cells[task * t->n_columns + ORDER].number = (*order)--;
		for (int i = g->awaits.first[task + 1] - 1; i >= g->awaits.first[task]; i--) {
			int other = g->awaits.to[i];

			if (g->depth[other] != NONE)
				continue;
			g->depth[other] = g->depth[task] + 1;
			g->stack[n++] = other;
		}
	}
}

/* First those that nobody awaits; then those in circles. */
static void place_all(struct table *t, struct graph *g)
{
	int order = g->n;

	for (int i = 0; i < g->n; i++)
		g->depth[i] = NONE;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < g->n; i++) {
			if (g->depth[i] == NONE && (pass || g->by.first[i] == g->by.first[i + 1]))
				place_tree(t, g, i, &order);
		}
	}
	for (int i = 0; i < g->n; i++) {
		int depth = g->depth[i] < DEPTH_SHOWN ? g->depth[i] : DEPTH_SHOWN;

		t->cells[i * t->n_columns + TREE].text =
			table_text(t, "%*s%s", 2 * depth, "", name_of(g, i));
	}
}

static void fill_row(const struct state *s, struct table *t, const struct graph *g, int task)
{
	static const char *const words[] = {
		[TASK_RUNS] = "running", [TASK_WAITS] = "waiting", [TASK_READY] = "ready",
		[TASK_NEW] = "new",      [TASK_ENDS] = "ending",
	};
	const struct record *r = g->tasks[task];
	const int *by = g->by.to + g->by.first[task];
	int n = g->by.first[task + 1] - g->by.first[task];
	int64_t state = record_now(r, TASK_STATE), step = record_now(r, TASK_STEP);
	struct names *names = table_names(t, n);
	struct cell *c = table_row(t);

	if (!c)
		return;
	c[PID].number = record_now(r, TASK_PID);
	cell_set(&c[TID], record_now(r, TASK_TID));
	c[STATE] = (struct cell){ .text = state >= 0 && state <= TASK_ENDS ? words[state] : "?" };
	c[NAME] = (struct cell){ .text = record_text(r, TASK_NAME) };
	c[TREE] = c[NAME];
	cell_set_text(&c[COROUTINE], record_text(r, TASK_COROUTINE));
	c[BY] = (struct cell){ .text = join(t, g, by, n, ", ") };
	for (int i = 0; names && i < n; i++)
		names->list[i] = name_of(g, by[i]);
	c[AWAITED_BY] = (struct cell){ .names = names, .unknown = !names };
	c[STACK].stack = step < 0 ? NULL : stack_steps(s, t, step);
	c[STACK].unknown = !c[STACK].stack;
}

static void note_counts(const struct state *s, struct table *t)
{
	static const struct {
		int field;
		const char *what;
	} all[] = {
		{ TASKS_UNSEEN, "tasks not looked at, since there are too many" },
		{ TASKS_TORN, "tasks that could not be read in one piece, since their loops ran "
			      "whenever they were looked at, and are not shown" },
		{ TASKS_UNREAD, "threads whose list of tasks could not be read in one piece" },
		{ TASKS_CUT, "tasks whose stack is not shown whole" },
		{ TASKS_UNNAMED, "awaiting tasks that are not named" },
		{ TASKS_FOREIGN, "tasks of a class that does not derive from asyncio's own, which "
				 "are not shown" },
	};
	const struct record *r = state_first(s, LINE_TASKS);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (record_now(r, all[i].field))
			table_note(t, "%s: %" PRId64, all[i].what, record_now(r, all[i].field));
	}
}

/* Processes in which no tasks could be looked for. */
static void note_processes(const struct state *s, struct table *t)
{
	int64_t n[ASYNCIO_OLD + 1] = { 0 };
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_ASYNCIO, &at))) {
		int64_t state = record_now(r, ASYNCIO_STATE);

		if (state >= 0 && state <= ASYNCIO_OLD)
			n[state]++;
	}
	if (n[ASYNCIO_NONE])
		table_note(t,
			   "processes that have not loaded asyncio, or in which it was not found: "
			   "%" PRId64,
			   n[ASYNCIO_NONE]);
	if (n[ASYNCIO_ALIEN])
		table_note(t,
			   "processes whose tasks are not what their CPython's should be, and are "
			   "not shown: %" PRId64,
			   n[ASYNCIO_ALIEN]);
	if (n[ASYNCIO_OLD])
		table_note(
			t,
			"before CPython 3.14 a task does not keep who awaits it: found are those "
			"that await the task itself, or by asyncio's gather, wait, wait_for, "
			"shield and TaskGroup");
}

void page_tasks_fill(const struct state *s, struct table *t)
{
	struct graph g;

	table_begin(t, columns, N_COLUMNS);
	t->by_total = ORDER;
	t->text_rows = TEXT_ROWS;
	t->empty = "no tasks";
	if (begin(&g, s)) {
		for (int i = 0; i < g.n; i++)
			fill_row(s, t, &g, i);
		if (t->n_rows == g.n) {
			place_all(t, &g);
			find_circles(t, &g);
		}
	}
	t->second = table_text(t, "%s:", table_count(t, t->n_rows, "task"));
	end(&g);
	note_counts(s, t);
	note_processes(s, t);
	stack_process_notes(s, t);
}

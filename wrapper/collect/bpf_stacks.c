// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_stacks.h"

#include <inttypes.h>

#include "collect/bpf_collector.h"
#include "cpython/binary.h"

/* Why there are no stacks: see the record "stacks". */
enum { FINE, UNKNOWN, ALIEN, FREE_THREADED };

int stacks_configure(const struct plan *plan, struct config *config)
{
	int fd = plan->python ? plan->python->fd : -1;
	struct python_place place;
	const struct python_layout *layout;
	uint64_t words[PYTHON_WORDS];

	if (fd < 0)
		return UNKNOWN;
	python_place_read(fd, &place);
	layout = python_layout(place.version);
	if (!layout || !place.runtime || !place.type)
		return UNKNOWN;
	if (layout->minor >= 13) {
		if (python_free_threaded(fd))
			return FREE_THREADED;
		if (!python_words_read(fd, words) ||
		    !python_layout_agree(layout, words, 0, PYTHON_WORDS))
			return ALIEN;
	}
	config->runtime = place.runtime;
	config->type = place.type;
	config->python = *layout;
	return FINE;
}

int stacks_configure_here(const struct plan *plan, struct config *config)
{
	struct python_place place;

	python_place_read(plan->file->fd, &place);
	config->library = place.library;
	config->moves = place.moves;
	config->page = (uint32_t)(place.offset / 4096);
	config->bytes = place.bytes;
	config->runtime_size = place.size;
	config->text = place.code;
	config->length = place.length;
	return stacks_configure(plan, config);
}

/* The number of a node; 0: there is no room. */
static uint32_t node(struct stacks *s, uint32_t parent, uint32_t name)
{
	uint64_t hash = ((uint64_t)parent << 32 | name) * 0x9e3779b97f4a7c15;
	uint32_t at = (uint32_t)(hash >> 40);

	for (;; at++) { /* half of the slots stay free */
		uint32_t *slot = &s->slots[at & (2 * STACKS_NODES - 1)];
		const struct stacks_node *n;

		if (!*slot && s->n == STACKS_NODES)
			return 0;
		if (!*slot) {
			s->nodes[s->n++] = (struct stacks_node){ parent, name };
			return *slot = s->n;
		}
		n = &s->nodes[*slot - 1];
		if (n->parent == parent && n->name == name)
			return *slot;
	}
}

uint32_t stacks_number(struct stacks *s, const struct walked *stack, uint64_t *full)
{
	uint32_t n = stack->n <= WALK_FRAMES ? stack->n : 0, at = 0;
	bool fits = true;

	if (!n)
		return 0;
	if (stack->end == WALK_CUT || stack->end == WALK_UNREAD) {
		at = node(s, 0, stack->end == WALK_CUT ? NAME_CUT : NAME_UNREAD);
		fits = at;
	}
	while (fits && n > 0) {
		uint32_t name = stack->names[--n];

		at = node(s, at, name <= WALK_NAMES ? name : 0);
		fits = at;
	}
	if (!fits)
		__atomic_fetch_add(full, 1, __ATOMIC_SEQ_CST);
	return fits ? at : 0;
}

void stacks_sums_line(FILE *f, const struct walk_sums *sums, int why)
{
	fprintf(f, "stacks\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", why,
		sums->taken, sums->none, sums->unread, sums->cut);
}

static void sums_lines(FILE *f, bool *sent, const struct walk_sums *sums, int why)
{
	if (!*sent)
		fprintf(f, "name\t%d\t...\t\t0\nname\t%d\t?\t\t0\n", NAME_CUT, NAME_UNREAD);
	*sent = true;
	stacks_sums_line(f, sums, why);
}

void stacks_lines(FILE *f, struct stacks *s, const struct walk_sums *sums, int why)
{
	for (; s->sent < s->n; s->sent++)
		fprintf(f, "node\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\n", s->sent + 1,
			s->nodes[s->sent].parent, s->nodes[s->sent].name);
	sums_lines(f, &s->ends_sent, sums, why);
}

void nodes_lines(FILE *f, struct nodes_sent *s, const struct nodes *n, int why)
{
	size_t used = bpf_used(n->used, STACK_NODES);

	for (size_t i = 1; i <= used; i++) {
		uint32_t name = __atomic_load_n(&n->list[i].name, __ATOMIC_ACQUIRE);

		if (!name || s->sent[i])
			continue;
		s->sent[i] = true;
		fprintf(f, "node\t%zu\t%" PRIu32 "\t%" PRIu32 "\n", i, n->list[i].parent, name);
	}
	sums_lines(f, &s->ends_sent, n->sums, why);
}

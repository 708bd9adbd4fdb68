// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_hits.h"

#include <inttypes.h>
#include <stdlib.h>

#define SLOTS (2 * HITS)
#define SLOTS_BITS 16

static struct memory_hit *slot_of(const struct memory_hits *hits, const struct memory_hit *hit)
{
	uint64_t key = (uint64_t)hit->stack * 31 + (uint64_t)hit->tid;
	size_t at = (size_t)((key * 2 + hit->waiting) * UINT64_C(0x9e3779b97f4a7c15) >>
			     (64 - SLOTS_BITS));

	for (;; at = (at + 1) % SLOTS) {
		struct memory_hit *slot = &hits->slots[at];

		if (!slot->count || (slot->pid == hit->pid && slot->tid == hit->tid &&
				     slot->stack == hit->stack && slot->waiting == hit->waiting))
			return slot;
	}
}

bool memory_hits_add(struct memory_hits *hits, struct memory_hit hit)
{
	struct memory_hit *slot;

	if (!hits->slots && !(hits->slots = calloc(SLOTS, sizeof(*hits->slots))))
		return false;
	slot = slot_of(hits, &hit);
	if (slot->count) {
		slot->count += hit.count;
		return true;
	}
	if (hits->n == HITS)
		return false;
	hits->n++;
	*slot = hit;
	return true;
}

void memory_hits_lines(FILE *f, const struct memory_hits *hits)
{
	for (size_t i = 0; hits->slots && i < SLOTS; i++) {
		const struct memory_hit *hit = &hits->slots[i];

		if (hit->count)
			fprintf(f, "hit\t%d\t%d\t%" PRId64 "\t%d\t%" PRId64 "\n", (int)hit->pid,
				(int)hit->tid, hit->stack, hit->waiting, hit->count);
	}
}

void memory_hits_free(struct memory_hits *hits)
{
	free(hits->slots);
	*hits = (struct memory_hits){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_stints.h"

#include "base/clock.h"

/* Moves its beginning on to now, and what is between into the row. */
static void add(struct stint_tables *t, int64_t *since, int64_t began, uint32_t number)
{
	int64_t from = __atomic_load_n(since, __ATOMIC_ACQUIRE), now = clock_ns(CLOCK_MONOTONIC);
	struct stint_row *row = &t->rows[number <= STINT_ROWS ? number : 0];
	int64_t longest;

	if (!from || now <= from ||
	    !__atomic_compare_exchange_n(since, &from, now, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return;
	__atomic_fetch_add(&row->ns, (uint64_t)(now - from), __ATOMIC_SEQ_CST);
	longest = __atomic_load_n(&row->most_ns, __ATOMIC_SEQ_CST);
	while (longest < now - began &&
	       !__atomic_compare_exchange_n(&row->most_ns, &longest, now - began, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

/* Its end was missed. */
static void end(struct stint_tables *t, struct stint *s)
{
	if (__atomic_exchange_n(&s->since, 0, __ATOMIC_SEQ_CST) && s->row <= STINT_ROWS)
		__atomic_fetch_add(&t->rows[s->row].ended, 1, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&s->old_since, 0, __ATOMIC_SEQ_CST) && s->old_row <= STINT_ROWS)
		__atomic_fetch_add(&t->rows[s->old_row].ended, 1, __ATOMIC_SEQ_CST);
}

void stints_count(struct stint_tables *t)
{
	for (int set = 0; set < STINT_SETS; set++) {
		for (int way = 0; way < STINT_WAYS; way++) {
			uint64_t *at = &t->keys[set][way];
			uint64_t key = __atomic_load_n(at, __ATOMIC_ACQUIRE);
			struct stint *s = &t->stints[set][way];
			uint32_t pid = __atomic_load_n(&s->pid, __ATOMIC_ACQUIRE);
			bool lives;

			if (!key)
				continue;
			/* A thread has no number any more before it leaves its processor for good.
			 */
			lives = !pid || bpf_task_lives(pid);
			if (!lives && s->gone == pid) {
				if (__atomic_compare_exchange_n(at, &key, 0, false,
								__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
					end(t, s);
				continue;
			}
			s->gone = lives ? 0 : pid;
			add(t, &s->since, s->began, s->row);
			add(t, &s->old_since, s->old_began, s->old_row);
		}
	}
}

const struct stint_row *stints_row(const struct stint_tables *t, size_t number)
{
	const struct stint_row *row = &t->rows[number];

	return __atomic_load_n(&row->ready, __ATOMIC_ACQUIRE) && row->who <= WHOS &&
			       (!row->who || t->totals.who_ready[row->who])
		       ? row
		       : NULL;
}

int64_t stints_longest(struct stint_tables *t, size_t number)
{
	return __atomic_exchange_n(&t->rows[number].most_ns, 0, __ATOMIC_SEQ_CST);
}

void stints_nodes(FILE *f, const struct bpf_loaded *l, struct nodes_sent *sent, int why)
{
	const struct stint_tables *t = l->tables;
	const struct nodes nodes = { &t->n_nodes, t->nodes, &t->stacks };

	nodes_lines(f, sent, &nodes, why);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "state.h"

#include <errno.h>

static bool take_gc(struct snapshot *next, const int64_t *num)
{
	struct gc_generation *g;

	if (num[0] < 0 || num[0] >= GC_GENERATIONS)
		return false;
	g = &next->gc[num[0]];
	g->runs = num[1];
	g->found = num[2];
	g->empty = num[3];
	g->pause_ns = num[4];
	g->max_ns = num[5];
	return true;
}

static bool take_pause(struct snapshot *next, const int64_t *num)
{
	if (num[0] < 0 || num[0] >= GC_GENERATIONS || num[1] < 0 || num[1] >= BUCKETS)
		return false;
	next->gc[num[0]].pauses[num[1]] = num[2];
	return true;
}

/* What is not a sum is brought to the whole interval. */
static void join(struct snapshot *next, const struct snapshot *now)
{
	for (int i = 0; i < GC_GENERATIONS; i++) {
		if (next->gc[i].max_ns < now->gc[i].max_ns)
			next->gc[i].max_ns = now->gc[i].max_ns;
	}
}

/* Sums and the clock only grow. Where one does not, a piece was lost on the way. */
static bool shrank(const struct snapshot *before, const struct snapshot *now)
{
	bool less = now->mono_ns < before->mono_ns;

	for (int i = 0; i < GC_GENERATIONS; i++) {
		const struct gc_generation *a = &before->gc[i], *b = &now->gc[i];

		less |= b->runs < a->runs || b->found < a->found || b->empty < a->empty ||
			b->pause_ns < a->pause_ns;
		for (int k = 0; k < BUCKETS; k++)
			less |= b->pauses[k] < a->pauses[k];
	}
	return less;
}

/* The end has come: the snapshot, when it is whole, becomes the present one. */
static int complete(struct state *s, int64_t sequence)
{
	s->open = false;
	if (sequence != s->next.sequence)
		return -EINVAL;
	if (s->snapshots && s->next.mono_ns < s->first.mono_ns)
		return 0; /* asked for before the beginning */
	if (s->snapshots && shrank(&s->now, &s->next))
		return -EINVAL;
	if (!s->snapshots)
		s->first = s->before = s->next;
	else if (s->shown)
		s->before = s->now;
	else
		join(&s->next, &s->now);
	s->now = s->next;
	s->shown = !s->snapshots++;
	return 1;
}

/* Takes a record, as state_take; -EINVAL when its values make no sense where it stands. */
static int take(struct state *s, const struct line *line)
{
	const int64_t *num = line->num;
	bool good;

	if (line->kind == LINE_HELLO) {
		s->hello = true;
		return 0;
	}
	if (!s->hello)
		return -EPROTO;
	if (line->kind == LINE_SNAP) {
		s->open = true;
		s->next = (struct snapshot){ .sequence = num[0],
					     .mono_ns = num[1],
					     .real_ns = num[2],
					     .final = num[3] == 1 };
		return 0;
	}
	if (!s->open)
		return -EINVAL;

	switch (line->kind) {
	case LINE_GC:
		good = take_gc(&s->next, num);
		break;
	case LINE_PAUSE:
		good = take_pause(&s->next, num);
		break;
	case LINE_PROCS:
		s->next.processes = num[0];
		good = true;
		break;
	case LINE_LOSS:
		s->next.loss = (struct loss){ num[0], num[1], num[2] };
		good = true;
		break;
	case LINE_END:
		return complete(s, num[0]);
	default:
		good = false;
	}
	return good ? 0 : -EINVAL;
}

int state_take(struct state *s, char *text, size_t len)
{
	struct line line;
	int err = line_parse(text, len, &line);

	if (!err)
		err = take(s, &line);
	if (err == -ENOMSG)
		s->unknown++;
	else if (err == -EINVAL)
		s->malformed++;
	else
		return err;
	return 0;
}

void state_begin(struct state *s, int64_t mono_ns)
{
	s->first.mono_ns = s->now.mono_ns = mono_ns;
}

void state_shown(struct state *s)
{
	s->shown = true;
}

double state_interval_s(const struct state *s)
{
	return (double)(s->now.mono_ns - s->before.mono_ns) / 1e9;
}

double state_attached_s(const struct state *s)
{
	return (double)(s->now.mono_ns - s->first.mono_ns) / 1e9;
}

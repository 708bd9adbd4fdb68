// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/split.h"

enum by by_of(const struct state *s)
{
	int64_t by = record_now(state_first(s, LINE_BY), BY_BY);

	return by == BY_PROCESS || by == BY_THREAD ? (enum by)by : BY_ALL;
}

enum by by_begin(const struct state *s, struct table *t, int pid_column, int tid_column)
{
	const uint64_t pid = UINT64_C(1) << pid_column, tid = UINT64_C(1) << tid_column;
	enum by by = by_of(s);

	if (by == BY_ALL)
		t->hidden |= pid | tid;
	else if (by == BY_PROCESS)
		t->hidden |= tid;
	else
		t->untold |= pid;
	return by;
}

void by_set(const struct state *s, struct cell *pid, struct cell *tid, int64_t who)
{
	const struct record *r = who ? state_find(s, LINE_WHO, who) : NULL;

	*pid = (struct cell){ .number = record_now(r, WHO_PID), .unknown = !r };
	*tid = (struct cell){ .number = record_now(r, WHO_TID), .unknown = !r };
}

/* Whether there is anything of those that have found no place. */
static bool has_others(const struct state *s)
{
	static const enum line_kind kinds[] = { LINE_GC, LINE_PAUSE, LINE_COST };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct record *r;
		size_t at = 0;

		while ((r = state_each(s, kinds[i], &at))) {
			if (!record_who(r))
				return true;
		}
	}
	return false;
}

bool by_each(const struct state *s, size_t *at, int64_t *who)
{
	const struct record *r;

	*who = 0;
	if (!*at) {
		++*at;
		if (by_of(s) == BY_ALL || has_others(s))
			return true;
	}
	if (by_of(s) == BY_ALL)
		return false;
	--*at;
	r = state_each(s, LINE_WHO, at);
	++*at;
	*who = record_now(r, WHO_WHO);
	return r;
}

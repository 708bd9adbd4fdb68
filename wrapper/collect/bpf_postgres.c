// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 260: what PostgreSQL does, by the markers of its src/backend/utils/probes.d.
 */
#include "collect/bpf_spans.h"

enum { QUERY = 1, PARSE, PLAN, TRANSACTION, LOCK_WAIT, LWLOCK_WAIT, CHECKPOINT };

static const char *const operations[] = {
	[QUERY] = "query",
	[PARSE] = "parse",
	[PLAN] = "plan",
	[TRANSACTION] = "transaction",
	[LOCK_WAIT] = "lock wait",
	[LWLOCK_WAIT] = "lwlock wait",
	[CHECKPOINT] = "checkpoint",
	[CHECKPOINT + 1] = NULL,
};

#define BEGIN(marker, kind)                                                                        \
	{                                                                                          \
		marker, "postgres_begin", 0, 0, kind                                               \
	}
#define DONE(marker, kind)                                                                         \
	{                                                                                          \
		marker, "postgres_done", 0, 0, kind                                                \
	}

/* The end comes first: a beginning that is seen has its end seen. */
static const struct bpf_probe probes[] = {
	DONE("query__done", QUERY),
	DONE("query__parse__done", PARSE),
	DONE("query__plan__done", PLAN),
	DONE("transaction__commit", TRANSACTION),
	{ "transaction__abort", "postgres_abort", 0, 0, TRANSACTION },
	DONE("lock__wait__done", LOCK_WAIT),
	DONE("lwlock__wait__done", LWLOCK_WAIT),
	DONE("checkpoint__done", CHECKPOINT),
	BEGIN("query__start", QUERY),
	BEGIN("query__parse__start", PARSE),
	BEGIN("query__plan__start", PLAN),
	BEGIN("transaction__start", TRANSACTION),
	BEGIN("lock__wait__start", LOCK_WAIT),
	BEGIN("lwlock__wait__start", LWLOCK_WAIT),
	BEGIN("checkpoint__start", CHECKPOINT),
	{ NULL, NULL, 0, 0, 0 },
};

const struct bpf_module bpf_postgres = {
	.name = "postgres", BPF_SPANS, .given = operations, .probes = probes
};

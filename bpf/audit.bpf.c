// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which audit events does the program raise, how often, where, with what? Page 231.
 */
#include "audit.h"
#include "operands.h"
#include "session.h"

struct audit_tables tables;

#include "extension.h"

#include "arguments.h"

#define SCRATCH struct arguments
#include "scratch.h"

/*
 * The events whose arguments are kept, as in tapsets/teletap_audit.stp. Source: the table of audit
 * events in Python's documentation. The longest one has 16 letters.
 */
#define EVENT_LETTERS 16
static const struct {
	char name[EVENT_LETTERS + 1];
	uint32_t kind;
} kinds[] = {
	{ "import", AUDIT_FIRST },
	{ "open", AUDIT_OPEN },
	{ "os.exec", AUDIT_RUN },
	{ "os.posix_spawn", AUDIT_RUN },
	{ "os.system", AUDIT_FIRST },
	{ "socket.bind", AUDIT_ADDRESS },
	{ "socket.connect", AUDIT_ADDRESS },
	{ "subprocess.Popen", AUDIT_RUN },
};

struct event_key {
	uint32_t who, name;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AUDIT_EVENTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct event_key);
	__type(value, uint32_t);
} event_numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AUDIT_ROWS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct audit_key);
	__type(value, uint32_t);
} row_numbers SEC(".maps");

/* How the arguments of the event are kept; 0: they are not. Behind its name there is NUL. */
static __always_inline uint32_t kind_of(const char *name)
{
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool same = !name[EVENT_LETTERS];

		for (int k = 0; k < EVENT_LETTERS && same; k++)
			same = name[k] == kinds[i].name[k];
		if (same)
			return kinds[i].kind;
	}
	return 0;
}

static __always_inline void event_add(uint32_t who, uint32_t name)
{
	struct event_key key = { .who = who, .name = name };
	struct audit_event *event;
	uint32_t number;
	bool is_new;

	number = entry_number(&event_numbers, &key, &tables.n_events, AUDIT_EVENTS,
			      &tables.totals.full, &is_new);
	if (!number)
		return;
	event = &tables.events[INDEX(number, AUDIT_EVENTS)];
	if (is_new) {
		event->who = who;
		event->name = name;
		count(&event->ready);
	}
	count(&event->count);
}

static __always_inline void row_add(const struct audit_key *key)
{
	struct audit_row *row;
	uint32_t number;
	bool is_new;

	number = entry_number(&row_numbers, key, &tables.n_rows, AUDIT_ROWS, &tables.totals.full,
			      &is_new);
	if (!number)
		return;
	row = &tables.rows[INDEX(number, AUDIT_ROWS)];
	if (is_new) {
		bpf_probe_read_kernel(&row->key, sizeof(row->key), key);
		count(&row->ready);
	}
	count(&row->count);
}

SEC("uprobe/audit")
int audit_event(void *ctx)
{
	const struct site *site = site_of(ctx);
	int64_t event, arguments;
	struct arguments *a;
	uint64_t bias;
	struct name *name;

	if (!site || !watched())
		return 0;
	seen(&tables.totals);
	if (!operand_read(ctx, &site->operands[0], &event) ||
	    !operand_read(ctx, &site->operands[1], &arguments)) {
		count(&tables.totals.unread);
		return 0;
	}
	a = scratch_of(&tables.totals, bpf_get_current_pid_tgid());
	if (!a)
		return 0;
	__builtin_memset(&a->key, 0, sizeof(a->key));
	name = &a->walk.name;
	__builtin_memset(name, 0, sizeof(*name));
	if (!name_read_cut(&tables.totals, name->function, FUNCTION_ROOM, event,
			   &name->function_cut))
		return 0;
	a->key.kind = kind_of(name->function);
	a->key.event = name_number(&tables.totals, &tables.n_names, tables.names, name);
	if (!a->key.event)
		return 0;
	a->key.who = who_here(&tables.totals);
	event_add(a->key.who, a->key.event);
	if (!a->key.kind || !config.python.minor)
		return 0;
	if (!python_bias(ctx, site, 2, &bias)) {
		count(&tables.totals.unread);
		return 0;
	}
	if (!arguments_read(a, arguments))
		return 0;
	a->key.function = python_function(&a->walk, bias, python_thread(bias));
	row_add(&a->key);
	return 0;
}

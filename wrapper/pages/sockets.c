// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 205, sockets: a row for each socket that listens and each of UDP; and for connections
 * one for each peer and state, which have a block of their own in text.
 */
#include "pages/page.h"

#include <inttypes.h>
#include <string.h>

#include "model/socket_kind.h"

/* clang-format off */
enum {
	KIND, PROTOCOL, NET, ADDRESS, PEER, QUEUE, BACKLOG, FULL, UNREAD, UNREAD_LIMIT, WAITING, ROOM,
	DROPS, DROPS_TOTAL, DROPS_EVER, PID, PROCESSES, WHERE, DIRECTION, PORT, STATE,
	COUNT, RECEIVED, SENT, RETRANSMITS, RETRANSMITTING, RTT, RTT_MAX, SILENT, WITH, RANK,
	PEER_RANK, N_COLUMNS
};

static const struct column columns[N_COLUMNS] = {
	[KIND] = { "kind", "", 0, UNIT_TEXT, BLOCK_NONE },
	[PROTOCOL] = { "protocol", "socket", 8, UNIT_TEXT, BLOCK_INTERVAL },
	[NET] = { "netns", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[ADDRESS] = { "address", "", 0, UNIT_TEXT, BLOCK_NONE },
	[PEER] = { "peer", "", 0, UNIT_TEXT, BLOCK_NONE },
	[QUEUE] = { "queue", "", 0, UNIT_COUNT, BLOCK_NONE },
	[BACKLOG] = { "backlog", "", 0, UNIT_COUNT, BLOCK_NONE },
	[FULL] = { "full", "", 0, UNIT_BOOL, BLOCK_NONE },
	[UNREAD] = { "unread_bytes", "", 0, UNIT_BYTES, BLOCK_NONE },
	[UNREAD_LIMIT] = { "unread_limit", "", 0, UNIT_BYTES, BLOCK_NONE },
	[DROPS] = { "drops", "drops", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[DROPS_TOTAL] = { "drops_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[DROPS_EVER] = { "drops_ever", "ever", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[WAITING] = { NULL, "queue", 9, UNIT_COUNT, BLOCK_INTERVAL },
	[ROOM] = { NULL, "room", 9, UNIT_COUNT, BLOCK_INTERVAL },
	[PID] = { "pid", "process", 9, UNIT_NUMBER, BLOCK_INTERVAL },
	[PROCESSES] = { "processes", "", 0, UNIT_COUNT, BLOCK_NONE },
	[WHERE] = { NULL, "address", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[DIRECTION] = { "direction", "", 0, UNIT_TEXT, BLOCK_NONE },
	[PORT] = { "port", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[STATE] = { "state", "state", 11, UNIT_TEXT, BLOCK_TOTAL },
	[COUNT] = { "connections", "n", 6, UNIT_COUNT, BLOCK_TOTAL },
	[RECEIVED] = { "received_bytes", "unread", 8, UNIT_BYTES, BLOCK_TOTAL },
	[SENT] = { "sent_bytes", "unacked", 8, UNIT_BYTES, BLOCK_TOTAL },
	[RETRANSMITS] = { "retransmits_ever", "again", 6, UNIT_COUNT, BLOCK_TOTAL },
	[RETRANSMITTING] = { "retransmitting", "", 0, UNIT_COUNT, BLOCK_NONE },
	[RTT] = { "rtt_ns.mean", "rtt", 8, UNIT_NS, BLOCK_TOTAL },
	[RTT_MAX] = { "rtt_ns.max", "", 0, UNIT_NS, BLOCK_NONE },
	[SILENT] = { "silent_ns", "silent", 8, UNIT_NS, BLOCK_TOTAL },
	[WITH] = { NULL, "with", 0, UNIT_TEXT, BLOCK_TOTAL },
	[RANK] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
	[PEER_RANK] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
};
/* clang-format on */

#define TEXT_ROWS 50
#define NOTED 2

static struct cell *new_row(struct table *t, const char *kind)
{
	struct cell *c = table_row_unknown(t, RANK);

	if (c)
		c[KIND] = (struct cell){ .text = kind };
	return c;
}

static void fill_socket(struct table *t, const struct record *r, bool gone)
{
	static const char *const protocols[] = { "tcp", "udp", "unix" };
	int64_t kind = record_now(r, SOCKET_KIND), queue = record_now(r, SOCKET_QUEUE),
		room = record_now(r, SOCKET_ROOM);
	const char *peer = record_text(r, SOCKET_PEER);
	struct cell *c = new_row(t, kind == KIND_UDP ? "udp" : "listening");

	if (!c)
		return;
	cell_set_text(&c[PROTOCOL], kind < 0 || kind > KIND_UNIX ? "?" : protocols[kind]);
	cell_set(&c[NET], record_now(r, SOCKET_NET));
	c[ADDRESS] = (struct cell){ .text = record_text(r, SOCKET_ADDRESS) };
	cell_set_text(&c[PEER], peer);
	cell_set(&c[kind == KIND_UDP ? UNREAD : QUEUE], queue);
	cell_set(&c[kind == KIND_UDP ? UNREAD_LIMIT : BACKLOG], room);
	cell_set(&c[WAITING], queue);
	cell_set(&c[ROOM], room);
	/* sk_acceptq_is_full() and unix_recvq_full() of the kernel. */
	if (kind != KIND_UDP && queue >= 0 && room >= 0)
		cell_set(&c[FULL], queue > room);
	cell_set(&c[DROPS_EVER], record_now(r, SOCKET_EVER));
	if (!c[DROPS_EVER].unknown) {
		c[DROPS] =
			(struct cell){ .number = record_delta(r, SOCKET_DROPS), .unknown = gone };
		cell_set(&c[DROPS_TOTAL], record_total(r, SOCKET_DROPS));
	}
	cell_set(&c[PID], record_now(r, SOCKET_PID));
	cell_set(&c[PROCESSES], record_now(r, SOCKET_PROCESSES));
	c[WHERE] = (struct cell){ .text = *peer ? table_text(t, "%s to %s", c[ADDRESS].text, peer)
						: c[ADDRESS].text };
	c[RANK].number = INT32_MAX - t->n_rows;
}

/* As ss(8) has them. */
static const char *state_name(struct table *t, int64_t state)
{
	static const char *const names[] = {
		[1] = "ESTAB",      [2] = "SYN-SENT",  [3] = "SYN-RECV", [4] = "FIN-WAIT-1",
		[5] = "FIN-WAIT-2", [6] = "TIME-WAIT", [7] = "UNCONN",   [8] = "CLOSE-WAIT",
		[9] = "LAST-ACK",   [10] = "LISTEN",   [11] = "CLOSING"
	};

	if (state < 1 || state >= (int64_t)(sizeof(names) / sizeof(names[0])))
		return table_text(t, "%" PRId64, state);
	return names[state];
}

static void fill_peer(struct table *t, const struct record *r)
{
	const char *address = record_text(r, PEER_ADDRESS);
	bool in = record_now(r, PEER_IN) == 1, is_v6 = strchr(address, ':');
	struct cell *c = new_row(t, "connections");

	if (!c)
		return;
	cell_set_text(&c[PROTOCOL], "tcp");
	cell_set(&c[NET], record_now(r, PEER_NET));
	cell_set_text(&c[DIRECTION], in ? "in" : "out");
	cell_set(&c[PORT], record_now(r, PEER_PORT));
	cell_set_text(&c[PEER], address);
	cell_set_text(&c[STATE], state_name(t, record_now(r, PEER_STATE)));
	cell_set(&c[COUNT], record_now(r, PEER_COUNT));
	cell_set(&c[RECEIVED], record_now(r, PEER_RECEIVED));
	cell_set(&c[SENT], record_now(r, PEER_SENT));
	cell_set(&c[RETRANSMITS], record_now(r, PEER_RETRANSMITS));
	cell_set(&c[RETRANSMITTING], record_now(r, PEER_RETRANSMITTING));
	cell_set(&c[RTT], record_now(r, PEER_RTT_NS));
	cell_set(&c[RTT_MAX], record_now(r, PEER_RTT_MAX_NS));
	cell_set(&c[SILENT], record_now(r, PEER_SILENT_NS));
	if (in)
		cell_set_text(&c[WITH],
			      table_text(t, "in :%" PRId64 " %s", c[PORT].number, address));
	else
		cell_set_text(&c[WITH], table_text(t, "out %s%s%s:%" PRId64, is_v6 ? "[" : "",
						   address, is_v6 ? "]" : "", c[PORT].number));
	c[PEER_RANK].number = INT32_MAX - t->n_rows;
}

/* What keeps the page from being whole. */
static void note_missing(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_SOCKETS);

	if (record_now(r, SOCKETS_UNREAD))
		table_note(
			t,
			"processes whose sockets are missing, since their descriptors may not be "
			"read, being another user's: %" PRId64 ": run as root",
			record_now(r, SOCKETS_UNREAD));
	if (record_now(r, SOCKETS_REFUSED))
		table_note(t,
			   "sockets are missing of %" PRId64 " of %" PRId64 " network namespaces, "
			   "which could not be asked: %s",
			   record_now(r, SOCKETS_REFUSED), record_now(r, SOCKETS_NETS),
			   record_now(r, SOCKETS_ERRNO) == 1 /* EPERM */
				   ? "only root may enter another one"
				   : table_text(t, "errno %" PRId64, record_now(r, SOCKETS_ERRNO)));
	if (record_now(r, SOCKETS_UNSEEN))
		table_note(t, "not looked at, since there are too many: %s",
			   table_count(t, record_now(r, SOCKETS_UNSEEN), "descriptor"));
	if (record_now(r, SOCKETS_UNSHOWN))
		table_note(t, "found, and not shown, since there are too many: %s",
			   table_count(t, record_now(r, SOCKETS_UNSHOWN), "socket"));
}

static void note_queues(struct table *t)
{
	int n = 0;

	for (int i = 0; i < t->n_rows; i++) {
		const struct cell *c = t->cells + i * t->n_columns;

		if (!c[FULL].unknown && c[FULL].number && n++ < NOTED)
			table_note(
				t,
				"the queue of %s %s is full: connections wait for the program to "
				"accept them",
				c[PROTOCOL].text, c[ADDRESS].text);
	}
	if (n > NOTED)
		table_note(t, "full are the queues of %s",
			   table_count(t, n - NOTED, "more socket"));
	for (int i = 0; i < t->n_rows; i++) {
		const struct cell *c = t->cells + i * t->n_columns;

		if (!c[DROPS].unknown && c[DROPS].number) {
			table_note(t, "%s dropped by %s %s in this interval: %" PRId64,
				   c[FULL].unknown ? "packets" : "connections or their packets",
				   c[PROTOCOL].text, c[ADDRESS].text, c[DROPS].number);
			break;
		}
	}
}

static void note_others(const struct state *s, struct table *t)
{
	int64_t n = record_now(state_first(s, LINE_SOCKETS), SOCKETS_OTHER);

	if (n)
		table_note(t,
			   "sockets of other kinds, such as unix sockets that do not listen, which "
			   "are not on this page: %" PRId64,
			   n);
}

void page_sockets_fill(const struct state *s, struct table *t)
{
	const struct record *r, *gone = state_first(s, LINE_GONE);
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = RANK;
	t->by_total = PEER_RANK;
	t->text_rows = TEXT_ROWS;
	t->empty = "none";
	t->second = "Connections by peer and state:";
	if (gone)
		page_note_gone(s, t, "");
	while ((r = state_each(s, LINE_SOCKET, &at)))
		fill_socket(t, r, gone);
	for (at = 0; (r = state_each(s, LINE_PEER, &at));)
		fill_peer(t, r);
	note_missing(s, t);
	note_queues(t);
	note_others(s, t);
}

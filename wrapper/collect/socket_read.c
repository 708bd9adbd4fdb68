// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/socket_read.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/rights.h"
#include "collect/socket_diag.h"
#include "collect/socket_groups.h"
#include "model/escape.h"
#include "model/socket_kind.h"

#define SINGLES_SHOWN 1000 /* sockets with a record of their own */
#define STATE_LISTEN 10

struct gather {
	FILE *f;
	struct socket_source *source;
	uint64_t net;
	unsigned char ports[65536 / 8]; /* of this namespace, that somebody listens on */
	struct socket_groups groups;
	int64_t found, singles, unshown, refused;
	int err;
};

static void address_field(FILE *f, const struct diag_socket *s, const struct diag_end *end)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(s->family, end->address, text, sizeof(text));
	if (s->family == AF_INET6)
		fprintf(f, "\t[%s]:%u", text, end->port);
	else
		fprintf(f, "\t%s:%u", text, end->port);
}

/* Of the abstract namespace: @NAME. */
static void name_field(FILE *f, const struct diag_socket *s)
{
	char name[128];
	size_t n = s->name_len < sizeof(name) ? s->name_len : sizeof(name);

	if (n)
		memcpy(name, s->name, n);
	while (n && name[0] && !name[n - 1])
		n--;
	for (size_t i = 0; i < n; i++) {
		if (!name[i])
			name[i] = '@';
	}
	escape_field_part(f, name, n);
}

static void socket_line(struct gather *g, const struct diag_socket *s, int kind,
			const struct owner *owner)
{
	static const struct diag_end nobody;
	int64_t key = (int64_t)(s->cookie & INT64_MAX);
	FILE *f = g->f;

	if (g->singles == SINGLES_SHOWN) {
		g->unshown++;
		return;
	}
	g->singles++;
	fprintf(f, "socket\t%" PRId64 "\t%" PRIu64 "\t%d", key, g->net, kind);
	if (kind == KIND_UNIX)
		name_field(f, s);
	else
		address_field(f, s, &s->local);
	if (kind == KIND_UDP && memcmp(&s->peer, &nobody, sizeof(nobody)) != 0)
		address_field(f, s, &s->peer);
	else
		fputc('\t', f);
	fprintf(f, "\t%d\t%d\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
		(int)owner->pid, owner->processes, s->received,
		kind == KIND_UDP ? s->receive_room : s->sent, s->drops,
		s->drops < 0 ? 0 : since_seen(&g->source->since, key, 0, s->drops));
}

/* The target's one that this is; NULL: it is somebody else's. */
static const struct owner *owner_of(struct gather *g, const struct diag_socket *s)
{
	struct owner *owner = s->inode ? owners_find(&g->source->owners, s->inode) : NULL;

	if (owner && !owner->told)
		g->found++;
	if (owner)
		owner->told = true;
	return owner;
}

static void take_tcp(const struct diag_socket *s, void *arg)
{
	struct gather *g = arg;
	const struct owner *owner = owner_of(g, s);

	if (s->state == STATE_LISTEN)
		g->ports[s->local.port / 8] |= (unsigned char)(1U << s->local.port % 8);
	if (owner && s->state == STATE_LISTEN)
		socket_line(g, s, KIND_TCP, owner);
	else if (owner)
		socket_groups_add(&g->groups, g->net, s);
}

static void take_udp(const struct diag_socket *s, void *arg)
{
	struct gather *g = arg;
	const struct owner *owner = owner_of(g, s);

	if (owner)
		socket_line(g, s, KIND_UDP, owner);
}

static void take_unix(const struct diag_socket *s, void *arg)
{
	struct gather *g = arg;
	const struct owner *owner = owner_of(g, s);

	if (owner)
		socket_line(g, s, KIND_UNIX, owner);
}

/* 0: our own; else it is entered, or -errno. */
static int net_enter(pid_t pid)
{
	char path[64];
	struct stat ours, theirs;
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (stat("/proc/self/ns/net", &ours) || fstat(fd, &theirs))
		err = -errno;
	else if (ours.st_ino != theirs.st_ino && setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	return err;
}

/* Asks for everything in the namespace of this process. Returns 0, or -errno of the first. */
static int net_look(struct gather *g, pid_t pid)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int err = net_enter(pid), fd = err ? err : diag_open(), ret;

	if (fd < 0)
		return fd;
	for (int i = 0; i < 2; i++) {
		ret = diag_tcp(fd, families[i], take_tcp, g);
		err = err ? err : ret;
		ret = diag_udp(fd, families[i], take_udp, g);
		err = err ? err : ret;
	}
	ret = diag_unix_listening(fd, take_unix, g);
	err = err ? err : ret;
	close(fd);
	return err;
}

static void ignore(const struct diag_socket *s, void *arg)
{
	(void)s, (void)arg;
}

int socket_begin(struct socket_source *s, pid_t pid, char **msg)
{
	char path[64];
	int err, fd;

	s->net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	if (pid && access(path, R_OK) && errno == EACCES)
		return fail(msg, EPERM, "process %d: its descriptors may not be read: %s", (int)pid,
			    rights_remedy("run as root, or as the process's user"));
	err = pid ? net_enter(pid) : 0;
	if (err == -EPERM)
		return fail(msg, EPERM,
			    "process %d is in another network namespace, which may not be "
			    "entered: %s",
			    (int)pid, rights_remedy("run as root"));
	if (err)
		return fail(msg, -err, "process %d: its network namespace: %s", (int)pid,
			    strerror(-err));
	fd = diag_open();
	err = fd < 0 ? fd : diag_tcp(fd, AF_INET, ignore, NULL);
	if (fd >= 0)
		close(fd);
	if (s->net >= 0)
		setns(s->net, CLONE_NEWNET);
	return err ? fail(msg, -err,
			  "this kernel does not tell of sockets (sock_diag: %s): 'modprobe "
			  "tcp_diag' as root",
			  strerror(-err))
		   : 0;
}

void socket_lines(FILE *f, struct socket_source *s, const struct processes *p)
{
	struct gather *g = calloc(1, sizeof(*g));

	if (!g)
		return;
	g->f = f;
	g->source = s;
	owners_look(&s->owners, p);
	for (int i = 0; i < s->owners.n_nets; i++) {
		int err;

		g->net = s->owners.nets[i].inode;
		memset(g->ports, 0, sizeof(g->ports));
		err = net_look(g, s->owners.nets[i].pid);
		/* A process that has ended took its namespace along. */
		if (err && err != -ENOENT && err != -ESRCH) {
			g->refused++;
			g->err = -err;
		}
		socket_groups_direct(&g->groups, g->net, g->ports);
		if (s->net >= 0)
			setns(s->net, CLONE_NEWNET);
	}
	socket_groups_lines(f, &g->groups);
	fprintf(f,
		"sockets\t%zu\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\t%" PRId64
		"\t%d\n",
		s->owners.n, (int64_t)s->owners.n - g->found, g->unshown + g->groups.unshown,
		s->owners.unread, s->owners.unseen, s->owners.n_nets, g->refused, g->err);
	since_seen_next(&s->since);
	free(g->groups.list);
	free(g);
}

void socket_free(struct socket_source *s)
{
	owners_free(&s->owners);
	since_seen_free(&s->since);
}

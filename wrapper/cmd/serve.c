// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap serve: two processes. The frontend (net/frontend.c) talks to the network and holds no
 * privilege; the engine (net/engine.c) loads modules and draws. They part before anything
 * is loaded; the socket between them (net/ipc.h) is all that is between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/address.h"
#include "base/fail.h"
#include "base/notify.h"
#include "base/self_report.h"
#include "base/signals.h"
#include "cmd/cmd.h"
#include "collect/stap_run.h"
#include "net/engine.h"
#include "net/frontend.h"
#include "net/inbox.h"
#include "net/ipc.h"
#include "net/key.h"
#include "net/sandbox.h"
#include "net/targets.h"
#include "source/config.h"

#define HTTP_BACKLOG 128
#define LARGE (1 << 18)  /* bytes of memory that go back to the kernel when they are freed */
#define BUFFER (4 << 20) /* bytes of requests that can wait */

static bool is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	return a->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static bool is_any(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return !((const struct sockaddr_in *)a)->sin_addr.s_addr;
	return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void set_shared(int fd, int on)
{
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

/*
 * 127.0.0.1 lies within 0.0.0.0, which is to be had beside it, but beside no socket of another
 * user: SO_REUSEADDR would allow any, and SO_REUSEPORT looks no further than the first socket
 * of our own. So those for every address are bound first, and alone; the others then share
 * with them.
 */
static int bind_socket(struct frontend_socket *s, const struct addrinfo *a)
{
	const int on = 1, size = BUFFER;

	s->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	inbox_prepare(s->fd, a->ai_family);
	if (a->ai_family == AF_INET6)
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (!is_any(a->ai_addr))
		set_shared(s->fd, 1);
	if (s->fd < 0 || bind(s->fd, a->ai_addr, a->ai_addrlen))
		return -errno;
	set_shared(s->fd, 1);
	return 0;
}

/* any: only when it stands for every address; or only when it does not. */
static int add_socket(const struct opts *o, struct frontend_options *d, const char *address,
		      bool any, char **msg)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_DGRAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	struct frontend_socket *s = &d->sockets[d->n_sockets];
	const char *host, *port = o->port;
	struct addrinfo *found;
	char *copy = strdup(address);
	int err = 0;

	if (!copy)
		return -ENOMEM;
	address_split(copy, &host, &port);
	if (d->n_sockets == FRONTEND_SOCKETS || atol(port) < 1 || atol(port) > 65535 ||
	    getaddrinfo(host, port, &hints, &found)) {
		free(copy);
		return fail(msg, EINVAL,
			    "--listen %s: an address of this host, ADDR[:PORT]; at most %d",
			    address, FRONTEND_SOCKETS - 1);
	}
	s->trusted = is_loopback(found->ai_addr);
	if (!s->trusted && !o->key) {
		err = fail(msg, EINVAL,
			   "--listen %s: needs --key FILE, as it is not this host itself", address);
	} else if (is_any(found->ai_addr) == any) {
		err = bind_socket(s, found);
		if (err)
			fail(msg, -err, "%s, port %s: %s", host, port, strerror(-err));
		else
			d->n_sockets++;
	}
	freeaddrinfo(found);
	free(copy);
	return err;
}

static int open_sockets(const struct opts *o, struct frontend_options *d, char **msg)
{
	int err = 0;

	for (int any = 1; any >= 0 && !err; any--) {
		err = add_socket(o, d, "127.0.0.1", any, msg);
		for (int i = 0; i < o->n_listen && !err; i++)
			err = add_socket(o, d, o->listen[i], any, msg);
	}
	for (int i = 0; i < d->n_sockets; i++)
		set_shared(d->sockets[i].fd, 0); /* nothing else comes beside us */
	return err;
}

/* A socket that listens for HTTP. */
static int open_http(const struct opts *o, struct frontend_options *d, char **msg)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	const char *host, *port = "";
	struct addrinfo *a = NULL;
	char *copy = strdup(o->http);
	const int on = 1;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	address_split(copy, &host, &port);
	if (atol(port) < 1 || atol(port) > 65535 || getaddrinfo(host, port, &hints, &a)) {
		err = fail(msg, EINVAL, "--http %s: an address of this host, ADDR:PORT", o->http);
		goto out;
	}
	d->http.trusted = is_loopback(a->ai_addr);
	if (!d->http.trusted && !o->token) {
		err = fail(msg, EINVAL,
			   "--http %s: needs --token FILE, as it is not this host itself", o->http);
		goto out;
	}
	d->http.fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* So that the next server need not wait for what is left of this one's connections. */
	setsockopt(d->http.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		setsockopt(d->http.fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (d->http.fd < 0 || bind(d->http.fd, a->ai_addr, a->ai_addrlen) ||
	    listen(d->http.fd, HTTP_BACKLOG))
		err = fail(msg, errno, "--http %s: %s", o->http, strerror(errno));
out:
	if (a)
		freeaddrinfo(a);
	free(copy);
	return err;
}

/* The frontend has nothing but its sockets, that of the engine, and stderr. */
static void close_others(const struct frontend_options *d)
{
	int null = open("/dev/null", O_RDWR);
	int last = d->http.fd > d->ipc ? d->http.fd : d->ipc;

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	for (int i = 0; i < d->n_sockets; i++)
		last = d->sockets[i].fd > last ? d->sockets[i].fd : last;
	for (int fd = STDERR_FILENO + 1; fd < last; fd++) {
		bool ours = fd == d->ipc || fd == d->http.fd;

		for (int i = 0; i < d->n_sockets; i++)
			ours |= fd == d->sockets[i].fd;
		if (!ours)
			close(fd);
	}
	if (close_range((unsigned)last + 1, ~0U, 0))
		_exit(3);
}

static pid_t start_frontend(struct frontend_options *d)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	close_others(d);
	prctl(PR_SET_NAME, "teletap-front");
	frontend_run(d);
}

/* One target, or those of the configuration, and what goes with it. */
static bool good_usage(const struct opts *o, const struct targets *named)
{
	int targets = (o->n_pids > 0) + (o->group != NULL) + (o->n_files > 0 || o->command) +
		      (o->pid_file != NULL) + (o->replay != NULL);

	if (o->token && !o->http) {
		say("--token: it is for --http");
		return false;
	}
	if (named->n && targets) {
		say("--config %s: its targets, or one of the command line: not both", o->config);
		return false;
	}
	if ((targets == 1 || named->n) && !o->n_args)
		return true;
	say(o->n_args
		    ? "%s: no argument is needed"
		    : "one target: -p PID, --unit UNIT, --cgroup PATH, --container ID, -e FILE, -c "
		      "'COMMAND', --pid-file FILE or --replay FILE; or several: --config FILE",
	    o->n_args ? o->args[0] : "");
	return false;
}

static int prepare(const struct opts *o, struct frontend_options *d, struct engine *k, char **msg)
{
	unsigned char key[REQUEST_KEY];
	int err = sandbox_find(o->user, &d->sandbox, msg);

	if (!err && o->key)
		err = key_read(o->key, key, msg); /* only to know that it can be */
	if (!err && o->token)
		err = key_read(o->token, key, msg);
	sodium_memzero(key, sizeof(key));
	if (!err && o->config)
		err = actions_read(k->actions, o->config, msg);
	if (!err && geteuid() && !o->replay)
		err = fail(msg, EPERM,
			   "not root: loading a kernel module needs it; try 'sudo teletap serve'");
	if (!err)
		err = open_sockets(o, d, msg);
	if (!err && o->http)
		err = open_http(o, d, msg);
	if (!err)
		err = ipc_open(&k->places.ipc, &d->ipc);
	if (err)
		return err;
	d->rate = o->rate;
	d->sandbox.connections = o->http;
	k->signals = signals_open(true);
	k->frontend = start_frontend(d);
	if (k->frontend < 0)
		return fail(msg, errno, "fork: %s", strerror(errno));
	close(d->ipc);
	if (d->http.fd >= 0)
		close(d->http.fd);
	for (int i = 0; i < d->n_sockets; i++)
		close(d->sockets[i].fd);
	if (!o->replay)
		runner_sweep();
	else if (!k->actions->n) /* which run as other users */
		err = sandbox_reader(msg);
	if (err)
		return err;
	actions_begin(k->actions);
	k->places.list->source = o->replay ? source_recording_open(o, o->replay, false, &err, msg)
					   : live_open(o, &err, msg);
	return err;
}

/* A place for each target; the frontend looks up their names. */
static int make_places(const struct opts *o, const struct targets *targets,
		       struct frontend_options *d, struct engine *k, char **msg)
{
	static char names[TARGETS_MAX][REQUEST_TARGET];
	bool *metrics = calloc((size_t)n_pages, sizeof(*metrics));
	int err = metrics ? config_metrics(o->config, metrics, msg) : -ENOMEM;

	for (int i = 0; i < targets->n; i++)
		memcpy(names[i], targets->list[i].name, sizeof(names[i]));
	d->targets = names;
	d->n_targets = targets->n;
	if (!err)
		err = places_open(&k->places, o, targets, metrics);
	free(metrics);
	return err;
}

enum status cmd_serve(const struct opts *given)
{
	struct opts own = *given;
	const struct opts *o = &own;
	static struct actions actions;
	struct frontend_options frontend = { .http.fd = -1 };
	struct engine k = { .o = o, .actions = &actions, .places.ipc = -1, .signals = -1 };
	struct targets targets = { 0 };
	char *msg = NULL;
	int ret;

	own.waits = true;
	/* Reading a binary takes tens of MB: glibc would keep them, and clear them for the next. */
	mallopt(M_MMAP_THRESHOLD, LARGE);
	k.places.actions = &actions;
	ret = targets_read(&targets, o, &msg);
	if (!ret && !good_usage(o, &targets)) {
		targets_free(&targets);
		return STATUS_USAGE;
	}
	if (!ret)
		ret = make_places(o, &targets, &frontend, &k, &msg);
	openlog("teletap", LOG_PID, LOG_AUTHPRIV);
	self_config("port", o->port);
	self_config("config", o->config);
	self_config("pack", o->pack);
	if (!ret)
		ret = prepare(o, &frontend, &k, &msg);
	if (!ret) {
		say("listens on 127.0.0.1, port %s%s%s%s", o->port,
		    o->n_listen ? ", and where --listen says" : "", o->http ? "; HTTP: " : "",
		    o->http ? o->http : "");
		ret = notify_ready();
		if (ret)
			say("NOTIFY_SOCKET: %s; the service manager is not told that we are ready",
			    strerror(-ret));
		ret = engine_run(&k, &msg);
	}
	if (ret < 0)
		say_why(msg, ret);
	free(msg);
	places_close(&k.places);
	targets_free(&targets);
	if (k.frontend > 0) {
		kill(k.frontend, SIGKILL);
		waitpid(k.frontend, NULL, 0);
	}
	return ret > 0          ? (enum status)(STATUS_SIGNAL + ret)
	       : ret == -EINVAL ? STATUS_USAGE
				: STATUS_REFUSED;
}

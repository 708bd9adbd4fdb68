// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/action.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/signals.h"
#include "net/key.h"
#include "source/config.h"

#define CODE_MS 60000
#define CODES 1000000
#define DELAY_MS 1000

static int read_user(struct action *a, const char *name, char **msg)
{
	struct passwd *pw = getpwnam(name);

	if (!pw)
		return fail(msg, EINVAL, "action %d: there is no user %s", a->page, name);
	a->user = strdup(name);
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	return a->user ? 0 : -ENOMEM;
}

static int read_command(struct action *a, json_t *command, char **msg)
{
	size_t i, n = json_array_size(command);
	json_t *word;

	if (!n || n > ACTION_ARGS)
		return fail(msg, EINVAL, "action %d: command: from 1 to %d strings", a->page,
			    ACTION_ARGS);
	json_array_foreach (command, i, word) {
		if (!json_is_string(word))
			return fail(msg, EINVAL, "action %d: command: only strings", a->page);
		a->argv[i] = strdup(json_string_value(word));
		if (!a->argv[i])
			return -ENOMEM;
	}
	if (a->argv[0][0] != '/')
		return fail(msg, EINVAL, "action %d: command: %s is no full path", a->page,
			    a->argv[0]);
	return 0;
}

static int read_action(struct actions *all, json_t *entry, char **msg)
{
	struct action *a = &all->list[all->n];
	const char *name, *title = NULL, *user = "nobody", *key;
	json_error_t error;
	json_t *command;

	*a = (struct action){ .code = -1, .confirmed = -1 };
	if (json_unpack_ex(entry, &error, JSON_STRICT, "{s:i, s:s, s?s, s:o, s?s, s:s}", "page",
			   &a->page, "name", &name, "title", &title, "command", &command, "user",
			   &user, "key", &key))
		return fail(msg, EINVAL, "action %d of the list: %s", all->n + 1, error.text);
	if (a->page < REQUEST_ACTION_MIN || a->page > REQUEST_ACTION_MAX)
		return fail(msg, EINVAL, "action %d: not a page from %d to %d", a->page,
			    REQUEST_ACTION_MIN, REQUEST_ACTION_MAX);
	for (int i = 0; i < all->n; i++) {
		if (all->list[i].page == a->page)
			return fail(msg, EINVAL, "action %d: is there twice", a->page);
	}
	if (!request_is_name(name, 32) || *key != '/')
		return fail(msg, EINVAL,
			    "action %d: name: small letters, digits and '-'; key: a full path",
			    a->page);
	a->name = strdup(name);
	a->title = strdup(title ? title : name);
	a->key = strdup(key);
	all->n++;
	if (!a->name || !a->title || !a->key)
		return -ENOMEM;
	return read_user(a, user, msg) ?: read_command(a, command, msg);
}

int actions_read(struct actions *all, const char *path, char **msg)
{
	struct config_parts c;
	json_t *list, *entry;
	size_t i;
	int err = config_read(path, &c, msg);

	list = c.actions;
	if (!err && list && (!json_is_array(list) || json_array_size(list) > ACTIONS_MAX))
		err = fail(msg, EINVAL, "--config %s: a list of at most %d actions", path,
			   ACTIONS_MAX);
	for (i = 0; !err && i < json_array_size(list); i++) {
		char *why = NULL;

		entry = json_array_get(list, i);
		err = read_action(all, entry, &why);
		if (err)
			fail(msg, -err, "--config %s: %s", path, why ? why : strerror(-err));
		free(why);
	}
	config_release(&c);
	return err;
}

void actions_begin(struct actions *a)
{
	struct peers_time now = { clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME) };
	uint64_t salt;

	randombytes_buf(&salt, sizeof(salt));
	peers_begin(&a->peers, 1, &now, salt);
}

static void use_log(char **log, const struct action *a, const char *what)
{
	if (!*log && asprintf(log, "action %d %s: %s", a->page, a->name, what) < 0)
		*log = NULL;
}

/* How the last use ended, as a sentence; "" when there was none. */
static void last_use(const struct action *a, int64_t now_ms, char *out, size_t size)
{
	int64_t ago = (now_ms - a->ended_ms) / 1000;

	*out = '\0';
	if (a->pid || a->start_ms)
		snprintf(out, size, "It is under way.\n");
	else if (a->ended_ms && WIFEXITED(a->status))
		snprintf(out, size, "The last use ended %" PRId64 " s ago with status %d.\n", ago,
			 WEXITSTATUS(a->status));
	else if (a->ended_ms)
		snprintf(out, size, "The last use was ended %" PRId64 " s ago by signal %d.\n", ago,
			 WTERMSIG(a->status));
}

/* What a proven request gets to read. */
static void decide(struct action *a, const struct wish *wish, int64_t now_ms, char *out,
		   size_t size, char **log)
{
	char last[100];

	last_use(a, now_ms, last, sizeof(last));
	if (wish->code >= 0 && !a->pid && !a->start_ms && a->code == wish->code &&
	    now_ms < a->code_until_ms) {
		a->code = -1;
		a->confirmed = wish->code;
		a->start_ms = now_ms + DELAY_MS;
		use_log(log, a, "confirmed");
	}
	/* Whoever has not had the answer asks again. */
	if (wish->code >= 0 && a->start_ms && a->confirmed == wish->code) {
		snprintf(out, size,
			 "%d %s  %s\nIt starts in a second. Page %d will tell how it ends.\n",
			 a->page, a->name, a->title, a->page);
		return;
	}
	if (wish->code >= 0) {
		a->code = -1; /* one guess */
		use_log(log, a, "refused: not its code");
		snprintf(out, size,
			 "%d %s  %s\n%sThat is not its code (any more). Ask for the page again.\n",
			 a->page, a->name, a->title, last);
		return;
	}
	if (a->pid || a->start_ms) {
		snprintf(out, size, "%d %s  %s\n%s", a->page, a->name, a->title, last);
		return;
	}
	if (a->code < 0 || now_ms >= a->code_until_ms) {
		a->code = (long)randombytes_uniform(CODES);
		a->code_until_ms = now_ms + CODE_MS;
		use_log(log, a, "asked for");
	}
	snprintf(out, size,
		 "%d %s  %s\n%sTo do it, repeat its code within a minute:\n  teletap page '%d "
		 "%06ld'\n",
		 a->page, a->name, a->title, last, a->page, a->code);
}

static struct action *action_at(struct actions *all, const struct wish *wish)
{
	for (int i = 0; i < all->n; i++) {
		if (!*wish->target && all->list[i].page == wish->page)
			return &all->list[i];
	}
	return NULL;
}

size_t actions_take(struct actions *all, const void *datagram, size_t len, int64_t now_ms,
		    void *out, char **log)
{
	struct peers_time now = { now_ms, clock_ms(CLOCK_REALTIME) };
	unsigned char key[REQUEST_KEY], *answer = out;
	struct request_head head;
	struct wish wish;
	const char *text = (const char *)datagram + REQUEST_HEAD, *why;
	struct action *a;
	char *msg = NULL;
	size_t n;

	*log = NULL;
	if (len != REQUEST_BYTES || !request_read(datagram, len, &head) ||
	    head.what != REQUEST_ASK || !request_wish(text, strnlen(text, REQUEST_WISH), &wish) ||
	    !(a = action_at(all, &wish)))
		return 0;
	if (key_read(a->key, key, &msg)) {
		use_log(log, a, msg ? msg : "the key cannot be read");
		free(msg);
		return 0;
	}
	if (!request_signed(datagram, len, key)) {
		sodium_memzero(key, sizeof(key));
		use_log(log, a, "refused: not signed with its key");
		return 0;
	}
	why = peers_new(&all->peers, &head, &now);
	if (why) {
		sodium_memzero(key, sizeof(key));
		use_log(log, a, why);
		return 0;
	}
	decide(a, &wish, now_ms, (char *)answer + REQUEST_HEAD, REQUEST_PIECE, log);
	n = REQUEST_HEAD + strlen((char *)answer + REQUEST_HEAD);
	head.what = REQUEST_ANSWER;
	head.state = PAGE_LIVE;
	head.part = 0;
	head.parts = 1;
	head.page = (unsigned)a->page;
	head.sequence = 1;
	head.time_ms = (uint64_t)now.real_ms;
	request_write(answer, &head);
	request_sign(answer, n, key);
	sodium_memzero(key, sizeof(key));
	return n;
}

/* In the child: nothing of ours, that user, the fixed command. */
static void run(const struct action *a)
{
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	int null = open("/dev/null", O_RDWR);

	signals_reset();
	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (close_range(3, ~0U, 0) || chdir("/"))
		_exit(126);
	if (!geteuid() && (initgroups(a->user, a->gid) || setgid(a->gid) || setuid(a->uid)))
		_exit(126);
	execve(a->argv[0], a->argv, environment);
	_exit(127);
}

int actions_step(struct actions *all, int64_t now_ms, char **log)
{
	int due = -1;

	*log = NULL;
	for (int i = 0; i < all->n; i++) {
		struct action *a = &all->list[i];

		if (!a->start_ms)
			continue;
		if (now_ms < a->start_ms) {
			if (due < 0 || a->start_ms - now_ms < due)
				due = (int)(a->start_ms - now_ms);
			continue;
		}
		a->start_ms = 0;
		a->pid = fork();
		if (a->pid == 0)
			run(a);
		use_log(log, a, a->pid < 0 ? "cannot be started" : "started");
		if (a->pid < 0)
			a->pid = 0;
		return 0; /* there is one line to log at a time */
	}
	return due;
}

bool actions_reap(struct actions *all, pid_t pid, int status, int64_t now_ms, char **log)
{
	char text[64];

	*log = NULL;
	for (int i = 0; i < all->n; i++) {
		struct action *a = &all->list[i];

		if (a->pid != pid)
			continue;
		a->pid = 0;
		a->ended_ms = now_ms;
		a->status = status;
		if (WIFEXITED(status))
			snprintf(text, sizeof(text), "ended with status %d", WEXITSTATUS(status));
		else
			snprintf(text, sizeof(text), "ended by signal %d", WTERMSIG(status));
		use_log(log, a, text);
		return true;
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/options_table.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/syscalls.h"
#include "net/datagram.h"
#include "pages/page.h"
#include "recording/writer.h"

#define INTERVAL_MIN 0.1
#define INTERVAL_MAX 86400.0

static bool parse_long(const char *text, double min, double max, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	return !errno && end != text && !*end && (double)*value >= min && (double)*value <= max;
}

static bool parse_real(const char *text, double min, double max, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	return !errno && end != text && !*end && isfinite(*value) && *value >= min && *value <= max;
}

/* Returns false: for the caller to return. */
static bool refuse(const struct row *row, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static bool refuse(const struct row *row, const char *value, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (row->letter >= 'a')
		say("-%c %s: %s", row->letter, value, why);
	else
		say("--%s %s: %s", row->name, value, why);
	return false;
}

static void *member(struct opts *o, const struct row *row)
{
	return (char *)o + row->at;
}

static bool take_text(struct opts *o, const struct row *row, const char *value)
{
	*(const char **)member(o, row) = value;
	return true;
}

static bool take_flag(struct opts *o, const struct row *row, const char *value)
{
	(void)value;
	*(bool *)member(o, row) = true;
	return true;
}

static bool take_number(struct opts *o, const struct row *row, const char *value)
{
	if (parse_long(value, row->least, row->most, member(o, row)))
		return true;
	return row->most < (double)LONG_MAX ? refuse(row, value, "not %s from %g to %g", row->wants,
						     row->least, row->most)
					    : refuse(row, value, "not %s", row->wants);
}

static bool take_real(struct opts *o, const struct row *row, const char *value)
{
	return parse_real(value, row->least, row->most, member(o, row)) ||
	       refuse(row, value, "not %s from %g to %g", row->wants, row->least, row->most);
}

static bool take_interval(struct opts *o, const struct row *row, const char *value)
{
	o->interval_given = true;
	return parse_real(value, INTERVAL_MIN, INTERVAL_MAX, &o->interval) ||
	       refuse(row, value, "not a number of seconds from %g to %g", INTERVAL_MIN,
		      INTERVAL_MAX);
}

static bool take_pid(struct opts *o, const struct row *row, const char *value)
{
	long number;

	if (!parse_long(value, 1, INT_MAX, &number))
		return refuse(row, value, "not a process number");
	for (int i = 0; i < o->n_pids; i++) {
		if (o->pids[i] == number)
			return true;
	}
	if (o->n_pids == OPTS_PIDS) {
		say("-p: at most %d processes: name their cgroup (--cgroup)", OPTS_PIDS);
		return false;
	}
	o->pids[o->n_pids++] = (pid_t)number;
	o->pid = o->n_pids == 1 ? (pid_t)number : 0;
	return true;
}

static bool take_group(struct opts *o, const struct row *row, const char *value)
{
	if (o->group) {
		say("one of --unit, --cgroup and --container is enough");
		return false;
	}
	o->kind = row->name;
	o->group = value;
	return true;
}

static bool take_port(struct opts *o, const struct row *row, const char *value)
{
	long number;

	if (!parse_long(value, 1, 65535, &number))
		return refuse(row, value, "not a port from 1 to 65535");
	o->port = value;
	return true;
}

static bool add(const char **list, int *n, const char *value)
{
	if (*n == OPTS_LIST_MAX) {
		say("too many values: at most %d of one option", OPTS_LIST_MAX);
		return false;
	}
	list[(*n)++] = value;
	return true;
}

static bool take_file(struct opts *o, const struct row *row, const char *value)
{
	(void)row;
	return add(o->files, &o->n_files, value);
}

static bool take_release(struct opts *o, const struct row *row, const char *value)
{
	(void)row;
	return add(o->releases, &o->n_releases, value);
}

static bool take_listen(struct opts *o, const struct row *row, const char *value)
{
	(void)row;
	return add(o->listen, &o->n_listen, value);
}

static const char *const formats[] = { "text", "json", "openmetrics", NULL };
static const char *const whens[] = { "auto", "always", "never", NULL };
static const char *const whats[] = { "pid", "thread", NULL };
static const char *const carriers[] = { "stap", "bpf", "memory", "ring", "proc", NULL };

/* Which of the row's words the value is; -1: none, which has then been said. */
static int take_word(const struct row *row, const char *value)
{
	char why[80];
	size_t used = 0;

	for (int i = 0; row->words[i]; i++) {
		if (!strcmp(row->words[i], value))
			return i;
		used += (size_t)snprintf(why + used, sizeof(why) - used, "%s%s",
					 !i                  ? ""
					 : row->words[i + 1] ? ", "
							     : " or ",
					 row->words[i]);
	}
	refuse(row, value, "%s", why);
	return -1;
}

static bool take_output(struct opts *o, const struct row *row, const char *value)
{
	int word = take_word(row, value);

	o->output = word < 0 ? o->output : (enum output)word;
	return word >= 0;
}

static bool take_collector(struct opts *o, const struct row *row, const char *value)
{
	o->collector = take_word(row, value) < 0 ? -1 : collector_find(value);
	return o->collector >= 0;
}

static bool take_color(struct opts *o, const struct row *row, const char *value)
{
	int word = take_word(row, value);

	o->color = word < 0 ? o->color : (enum color)word;
	return word >= 0;
}

/* Goes to the module as it is. */
static bool add_setting(struct opts *o, const struct row *row, const char *value)
{
	struct setting *setting = &o->settings[o->n_settings];

	if (o->n_settings == OPTS_SETTINGS) {
		say("--%s: given too often", row->name);
		return false;
	}
	setting->letter = row->letter;
	snprintf(setting->text, sizeof(setting->text), "%s=%s", row->global, value);
	o->n_settings++;
	return true;
}

static bool take_setting(struct opts *o, const struct row *row, const char *value)
{
	long number;

	if (!value)
		value = "1";
	if (row->most > 0 && !parse_long(value, 1, row->most, &number))
		return refuse(row, value, "not a number from 1 to %g", row->most);
	/* It goes through the kernel's parser of module parameters. */
	for (const char *c = value; *c; c++) {
		if (*c <= ' ' || *c == 0x7f || strchr("\"'\\,", *c))
			return refuse(row, value,
				      "no spaces, quotes, commas or control characters: write ? "
				      "for each of them");
	}
	if (!*value || strlen(value) > 100) {
		say("--%s: 1 to 100 bytes", row->name);
		return false;
	}
	return add_setting(o, row, value);
}

/* Names of system calls; the module knows numbers only. */
static bool take_calls(struct opts *o, const struct row *row, const char *value)
{
	char mask[CALL_MASK];

	if (!call_mask(value, mask))
		return refuse(row, value,
			      "not names or patterns of system calls, separated by commas");
	return add_setting(o, row, mask);
}

static bool take_by(struct opts *o, const struct row *row, const char *value)
{
	static const char *const numbers[] = { "1", "2" }; /* pages/split.h, enum by */
	int word = take_word(row, value);

	return word >= 0 && add_setting(o, row, numbers[word]);
}

#define TEXT(member) .take = take_text, .at = offsetof(struct opts, member)
#define FLAG(member) .take = take_flag, .at = offsetof(struct opts, member)
#define NUMBER(member, upto, what)                                                                 \
	.take = take_number, .at = offsetof(struct opts, member), .least = 1, .most = (upto),      \
	.wants = (what)
#define REAL(member, from, upto, what)                                                             \
	.take = take_real, .at = offsetof(struct opts, member), .least = (from), .most = (upto),   \
	.wants = (what)
#define SETTING(function, name, upto) .take = (function), .global = (name), .most = (upto)

const struct row options_table[] = {
	{ 'p', "pid", "PID", "this process, its threads and its children", .take = take_pid },
	{ '=', "unit", "UNIT", "every process of this unit of systemd", .take = take_group },
	{ '/', "cgroup", "PATH", "every process in this cgroup (version 2) and below it",
	  .take = take_group },
	{ '#', "container", "ID", "every process of this container (or its ID's start)",
	  .take = take_group },
	{ 'e', "exe", "FILE", "every process of this binary", .take = take_file },
	{ 'c', "command", "COMMAND", "start this command and watch it from the beginning",
	  TEXT(command) },
	{ 'i', "interval", "SECONDS", "time between pages (0.1 to 86400; default 3)",
	  .take = take_interval },
	{ 'n', "count", "COUNT", "stop after so many pages (default: at the end)",
	  NUMBER(count, LONG_MAX, "a number of pages") },
	{ 'k', "kernel", "RELEASE", "for this kernel release (default: the running one)",
	  .take = take_release },
	{ 'd', "directory", "PACK", "the pack to write to (default: the cache)", TEXT(pack) },
	{ 'P', "pack", "DIR", "take modules from this pack", TEXT(pack) },
	{ '9', "collector", "NAME", "collect by this: stap, bpf, memory, ring or proc",
	  .take = take_collector, .words = carriers },
	{ 'K', "key", "KEY.pem", "sign the modules with this key", TEXT(key) },
	{ 'X', "cert", "CERT", "the key's certificate (PEM or DER)", TEXT(cert) },
	{ 'w', "write", "FILE", "the recording to make", TEXT(write) },
	{ 'S', "size", "MB", "size of a recording's file (0.01 to 1000; default 64)",
	  REAL(size_mb, RECORDER_SIZE_MIN, RECORDER_SIZE_MAX, "a number of MB") },
	{ '1', "keep", "COUNT", "so many such files, FILE, FILE.1 and on (default 4)",
	  NUMBER(keep, RECORDER_KEEP_MAX, "a number of files") },
	{ 'A', "at", "TIME", "the page at this time", TEXT(at) },
	{ 'F', "from", "TIME", "from this time on", TEXT(from) },
	{ 'T', "to", "TIME", "up to this time", TEXT(to) },
	{ '0', "info", NULL, "say what the recording holds", FLAG(info) },
	{ 'L', "listen", "ADDR[:PORT]", "where to answer besides this host itself; needs --key",
	  .take = take_listen },
	{ '2', "port", "PORT", "port on this host itself (default " REQUEST_PORT ")",
	  .take = take_port },
	{ '^', "http", "ADDR:PORT", "answer HTTP there, too; beyond this host with --token",
	  TEXT(http) },
	{ '@', "token", "FILE", "the token that HTTP beyond this host needs", TEXT(token) },
	{ '3', "key", "FILE", "the key that requests are signed with", TEXT(key) },
	{ '4', "peer-rate", "COUNT", "requests a second of a peer (1 to 10000; default 100)",
	  REAL(rate, 1, 10000, "a number") },
	{ 'I', "idle", "SECONDS", "unload pages not asked for so long (default 60)",
	  REAL(idle, 1, 86400, "a number") },
	{ 'D', "pid-file", "FILE", "the process this file names, and its successors",
	  TEXT(pid_file) },
	{ 'R', "replay", "FILE", "serve a recording instead of a target", TEXT(replay) },
	{ 'U', "user", "NAME", "who talks to the network (default: nobody)", TEXT(user) },
	{ 'G', "config", "FILE", "targets, actions, limits of page 200, metrics", TEXT(config) },
	{ 'f', "follow", NULL, "ask again every interval", FLAG(follow) },
	{ 'M', "summary", NULL, "of page 200: a line for each host, its worst row", FLAG(summary) },
	{ 't', "timeout", "SECONDS", "how long to wait for an answer (0.1 to 60; default 3)",
	  REAL(timeout, 0.1, 60, "a number") },
	{ 'o', "output", "FORMAT", "text (default), json, of some commands openmetrics",
	  .take = take_output, .words = formats },
	{ 'C', "color", "WHEN", "auto (default; NO_COLOR is respected), always, never",
	  .take = take_color, .words = whens },
	{ '5', "function", "PATTERN", "only functions of such names (220 to 222)",
	  SETTING(take_setting, "teletap_function", 0) },
	{ '6', "file", "PATTERN", "only functions in such files (220 to 222)",
	  SETTING(take_setting, "teletap_file", 0) },
	{ OPTS_CALL, "call", "PATTERNS", "only system calls of such names (233)",
	  SETTING(take_calls, "teletap_call", 0) },
	{ OPTS_HZ, "hz", "COUNT", "samples a second of CPU time (223; default 99 or 100)",
	  SETTING(take_setting, "teletap_hz", 1000) },
	{ OPTS_WAITING, "waiting", NULL, "waiting threads too (223)",
	  SETTING(take_setting, "teletap_idle", 1) },
	{ OPTS_LOCALS, "locals", NULL, "the frames' variables, with short values (224)",
	  SETTING(take_setting, "teletap_locals", 1) },
	{ 'O', "folded", "FILE", "keep the stacks of page 223 in this file, folded", TEXT(folded) },
	{ 'Q', "speedscope", "FILE", "keep them in this file, for speedscope", TEXT(speedscope) },
	{ 'Z', "svg", "FILE", "keep them in this file, as a flame graph", TEXT(svg) },
	{ 'Y', "crashes", "DIR", "keep files of crashes there (247)", TEXT(crashes) },
	{ 'J', "inject", NULL, "bring the extension into it first (CPython 3.14 on)",
	  FLAG(inject) },
	{ '_', "no-extension", NULL, "start the command without the extension for Python",
	  FLAG(no_extension) },
	{ 'E', "encode-names", NULL, "let CPython encode module names where it must (230)",
	  FLAG(encode_names) },
	{ OPTS_COUNTS, "counts", NULL, "count calls and do not time them (220)",
	  SETTING(take_setting, "teletap_counts", 1) },
	{ OPTS_BY, "by", "WHAT", "split rows by pid or by thread (210 to 235)",
	  SETTING(take_by, "teletap_by", 2), .words = whats },
	{ OPTS_RATE, "rate", "COUNT", "events a second that are kept (222); of 223: as --hz",
	  SETTING(take_setting, "teletap_rate", 1000) },
	{ 'v', "verbose", NULL, "say what is being done", FLAG(verbose) },
	{ 'h', "help", NULL, "print this help", .take = NULL },
	{ 'V', "version", NULL, "print the version", .take = NULL },
};

const size_t options_rows = sizeof(options_table) / sizeof(options_table[0]);

static_assert(sizeof(options_table) / sizeof(options_table[0]) <= OPTIONS_MAX,
	      "OPTIONS_MAX is too small");

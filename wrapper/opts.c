// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table holds all options. A subcommand names the letters it takes; parsing,
 * the help text and the completion all follow from the table.
 */
#include "opts.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "recorder.h"
#include "request.h"
#include "teletap.h"

#ifndef TELETAP_VERSION
#define TELETAP_VERSION "unknown"
#endif

#define INTERVAL_MIN 0.1
#define INTERVAL_MAX 86400.0

/*
 * Upper-case letters and digits are names for options that have only a long form. An
 * option of a page names the global of its script; it is a number up to most, or,
 * when that is 0, a text. A command that takes '*' takes all of those.
 */
static const struct {
	char letter;
	const char *name;
	const char *arg;
	const char *help;
	const char *global;
	long most;
} table[] = {
	{ 'p', "pid", "PID", "this process, its threads and its children", NULL, 0 },
	{ 'e', "exe", "FILE", "every process of this binary", NULL, 0 },
	{ 'c', "command", "COMMAND", "start this command and watch it from its first instruction",
	  NULL, 0 },
	{ 'i', "interval", "SECONDS", "time between pages (0.1 to 86400; default 3)", NULL, 0 },
	{ 'n', "count", "COUNT", "stop after so many pages (default: when the target ends)", NULL,
	  0 },
	{ 'k', "kernel", "RELEASE", "build for this kernel release (default: the running one)",
	  NULL, 0 },
	{ 'd', "directory", "PACK", "the pack to write to (default: the cache)", NULL, 0 },
	{ 'P', "pack", "DIR", "take modules from this pack", NULL, 0 },
	{ 'K', "key", "KEY.pem", "sign the modules with this key", NULL, 0 },
	{ 'X', "cert", "CERT", "the key's certificate (PEM or DER)", NULL, 0 },
	{ 'w', "write", "FILE", "the recording to make", NULL, 0 },
	{ 'S', "size", "MB", "size of a recording's file (0.01 to 1000; default 64)", NULL, 0 },
	{ '1', "keep", "COUNT", "so many files of that size, FILE and FILE.1 on (default 4)", NULL,
	  0 },
	{ 'A', "at", "TIME", "the page at this time", NULL, 0 },
	{ 'F', "from", "TIME", "from this time on", NULL, 0 },
	{ 'T', "to", "TIME", "up to this time", NULL, 0 },
	{ 'L', "listen", "ADDR[:PORT]", "where to answer besides this host itself; needs --key",
	  NULL, 0 },
	{ '2', "port", "PORT", "port on this host itself (default " REQUEST_PORT ")", NULL, 0 },
	{ '3', "key", "FILE", "the key that requests are signed with", NULL, 0 },
	{ '4', "peer-rate", "COUNT", "requests per second of a peer (1 to 10000; default 100)",
	  NULL, 0 },
	{ 'I', "idle", "SECONDS", "unload a page not asked for so long (1 to 86400; default 60)",
	  NULL, 0 },
	{ 'D', "pid-file", "FILE", "the process whose number is in this file, and its successors",
	  NULL, 0 },
	{ 'R', "replay", "FILE", "serve a recording instead of a target", NULL, 0 },
	{ 'U', "user", "NAME", "who talks to the network (default: nobody)", NULL, 0 },
	{ 'G', "config", "FILE", "actions that are allowed, limits of page 200", NULL, 0 },
	{ 'f', "follow", NULL, "ask again every interval", NULL, 0 },
	{ 't', "timeout", "SECONDS", "how long to wait for an answer (0.1 to 60; default 3)", NULL,
	  0 },
	{ 'o', "output", "FORMAT", "text or json (default text)", NULL, 0 },
	{ 'C', "color", "WHEN", "auto, always or never (default auto; NO_COLOR is respected)", NULL,
	  0 },
	{ '5', "function", "PATTERN", "only functions of such names (220 to 222)",
	  "teletap_function", 0 },
	{ '6', "file", "PATTERN", "only functions in such files (220 to 222)", "teletap_file", 0 },
	{ OPTS_CALL, "call", "PATTERN[,PATTERN]", "only system calls of such names (233)",
	  "teletap_call", 0 },
	{ 'H', "hz", "COUNT", "samples per second of processor time (223; default 99)",
	  "teletap_hz", 990 },
	{ 'W', "waiting", NULL, "waiting threads too (223)", "teletap_idle", 1 },
	{ 'O', "folded", "FILE", "keep the stacks of page 223 in this file, folded", NULL, 0 },
	{ 'Q', "speedscope", "FILE", "keep them in this file, for speedscope", NULL, 0 },
	{ 'Y', "crashes", "DIR", "keep files of crashes there (247)", NULL, 0 },
	{ 'J', "inject", NULL, "bring the extension into the process first (CPython 3.14 on)", NULL,
	  0 },
	{ OPTS_COUNTS, "counts", NULL, "count calls and do not time them (220)", "teletap_counts",
	  1 },
	{ OPTS_BY, "by", "WHAT", "split rows by pid or by thread (210 to 231)", "teletap_by", 2 },
	{ '7', "rate", "COUNT", "events per second that are kept (222; default 100)",
	  "teletap_rate", 1000 },
	{ 'v', "verbose", NULL, "say what is being done", NULL, 0 },
	{ 'h', "help", NULL, "print this help", NULL, 0 },
	{ 'V', "version", NULL, "print the version", NULL, 0 },
};

#define N_TABLE (sizeof(table) / sizeof(table[0]))
#define ALWAYS "oCvhV"

static bool takes(const struct command *cmd, char letter)
{
	if (strchr(ALWAYS, letter) || strchr(cmd->options, letter))
		return true;
	for (size_t i = 0; i < N_TABLE; i++) {
		if (table[i].letter == letter)
			return table[i].global && strchr(cmd->options, '*');
	}
	return false;
}

const char *opts_name(char letter)
{
	for (size_t i = 0; i < N_TABLE; i++) {
		if (table[i].letter == letter)
			return table[i].name;
	}
	return "?";
}

static void print_help(const struct command *cmd)
{
	printf("Usage: teletap %s %s\n%s.\n\n", cmd->name, cmd->synopsis, cmd->summary);
	for (size_t i = 0; i < N_TABLE; i++) {
		char name[40];

		if (!takes(cmd, table[i].letter))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", table[i].name, table[i].arg ? " " : "",
			 table[i].arg ? table[i].arg : "");
		if (table[i].letter >= 'a')
			printf("  -%c, %-20s %s\n", table[i].letter, name, table[i].help);
		else
			printf("      %-20s %s\n", name, table[i].help);
	}
}

static bool parse_long(const char *text, long min, long max, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	return !errno && end != text && !*end && *value >= min && *value <= max;
}

static bool parse_real(const char *text, double min, double max, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	return !errno && end != text && !*end && isfinite(*value) && *value >= min && *value <= max;
}

static bool limited(const char *name, const char *text, double min, double max, double *value)
{
	if (parse_real(text, min, max, value))
		return true;
	say("%s %s: not a number from %g to %g", name, text, min, max);
	return false;
}

static bool parse_word(const char *text, const char *const *words, int *value)
{
	for (int i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*value = i;
			return true;
		}
	}
	return false;
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

/* The names of --call; the module knows numbers only. */
static bool take_calls(struct setting *setting, const char *global, const char *value)
{
	char mask[CALL_MASK];

	if (!call_mask(value, mask)) {
		say("--call %s: not names or patterns of system calls, separated by commas", value);
		return false;
	}
	snprintf(setting->text, sizeof(setting->text), "%s=%s", global, mask);
	return true;
}

/* The option of a page that stands in this row of the table. */
static bool take_setting(struct opts *o, size_t row, const char *value)
{
	struct setting *setting = &o->settings[o->n_settings];
	long number;

	if (table[row].letter == OPTS_CALL && o->n_settings < OPTS_SETTINGS) {
		setting->letter = OPTS_CALL;
		o->n_settings++;
		return take_calls(setting, table[row].global, value);
	}
	if (table[row].most && !parse_long(value, 1, table[row].most, &number)) {
		say("--%s %s: not a number from 1 to %ld", table[row].name, value, table[row].most);
		return false;
	}
	/* It goes through the kernel's parser of module parameters. */
	for (const char *c = value; *c; c++) {
		if (*c <= ' ' || *c == 0x7f || strchr("\"'\\,", *c)) {
			say("--%s %s: no spaces, quotes, commas or control characters: write ? for "
			    "each of them",
			    table[row].name, value);
			return false;
		}
	}
	if (!*value || strlen(value) > 100 || o->n_settings == OPTS_SETTINGS) {
		say("--%s: %s", table[row].name,
		    o->n_settings == OPTS_SETTINGS ? "given too often" : "1 to 100 bytes");
		return false;
	}
	setting->letter = table[row].letter;
	snprintf(setting->text, sizeof(setting->text), "%s=%s", table[row].global, value);
	o->n_settings++;
	return true;
}

/* Takes one option; false when its value is no good, which has then been said. */
static bool take(struct opts *o, char letter, const char *value)
{
	static const char *const formats[] = { "text", "json", NULL };
	static const char *const whens[] = { "auto", "always", "never", NULL };
	static const char *const bys[] = { "pid", "thread", NULL };
	long number;
	int word;

	switch (letter) {
	case 'p':
		if (!parse_long(value, 1, INT_MAX, &number)) {
			say("-p %s: not a process number", value);
			return false;
		}
		o->pid = (pid_t)number;
		return true;
	case 'e':
		return add(o->files, &o->n_files, value);
	case 'k':
		return add(o->releases, &o->n_releases, value);
	case 'c':
		o->command = value;
		return true;
	case 'd':
	case 'P':
		o->pack = value;
		return true;
	case 'K':
		o->key = value;
		return true;
	case 'X':
		o->cert = value;
		return true;
	case 'i':
		o->interval_given = true;
		if (!parse_real(value, INTERVAL_MIN, INTERVAL_MAX, &o->interval)) {
			say("-i %s: not a number of seconds from %g to %g", value, INTERVAL_MIN,
			    INTERVAL_MAX);
			return false;
		}
		return true;
	case 'n':
		if (!parse_long(value, 1, LONG_MAX, &o->count)) {
			say("-n %s: not a number of pages", value);
			return false;
		}
		return true;
	case 'o':
		if (!parse_word(value, formats, &word)) {
			say("-o %s: text or json", value);
			return false;
		}
		o->output = (enum output)word;
		return true;
	case 'C':
		if (!parse_word(value, whens, &word)) {
			say("--color %s: auto, always or never", value);
			return false;
		}
		o->color = (enum color)word;
		return true;
	case 'w':
		o->write = value;
		return true;
	case 'S':
		if (!parse_real(value, RECORDER_SIZE_MIN, RECORDER_SIZE_MAX, &o->size_mb)) {
			say("--size %s: not a number of MB from %g to %g", value, RECORDER_SIZE_MIN,
			    RECORDER_SIZE_MAX);
			return false;
		}
		return true;
	case '1':
		if (!parse_long(value, 1, RECORDER_KEEP_MAX, &o->keep)) {
			say("--keep %s: not a number of files from 1 to %d", value,
			    RECORDER_KEEP_MAX);
			return false;
		}
		return true;
	case 'L':
		return add(o->listen, &o->n_listen, value);
	case '2':
		if (!parse_long(value, 1, 65535, &number)) {
			say("--port %s: not a port from 1 to 65535", value);
			return false;
		}
		o->port = value;
		return true;
	case '3':
		o->key = value;
		return true;
	case '4':
		return limited("--peer-rate", value, 1, 10000, &o->rate);
	case 'I':
		return limited("--idle", value, 1, 86400, &o->idle);
	case 't':
		return limited("--timeout", value, 0.1, 60, &o->timeout);
	case 'D':
		o->pid_file = value;
		return true;
	case 'R':
		o->replay = value;
		return true;
	case 'U':
		o->user = value;
		return true;
	case 'G':
		o->config = value;
		return true;
	case 'f':
		o->follow = true;
		return true;
	case 'A':
		o->at = value;
		return true;
	case 'F':
		o->from = value;
		return true;
	case 'T':
		o->to = value;
		return true;
	case 'O':
		o->folded = value;
		return true;
	case 'Q':
		o->speedscope = value;
		return true;
	case 'Y':
		o->crashes = value;
		return true;
	case 'J':
		o->inject = true;
		return true;
	case 'v':
		o->verbose = true;
		return true;
	case OPTS_BY:
		if (!parse_word(value, bys, &word)) {
			say("--by %s: pid or thread", value);
			return false;
		}
		value = word ? "2" : "1";
		__attribute__((fallthrough));
	default:
		for (size_t i = 0; i < N_TABLE; i++) {
			if (table[i].letter == letter && table[i].global)
				return take_setting(o, i, value ? value : "1");
		}
		return false;
	}
}

enum opts_verdict opts_parse(const struct command *cmd, int argc, char **argv, struct opts *o)
{
	struct option longs[N_TABLE + 1] = { 0 };
	char shorts[2 * N_TABLE + 2] = ":", *s = shorts + 1;
	int n = 0, c;

	*o = (struct opts){ .interval = 3,
			    .size_mb = RECORDER_SIZE_MB,
			    .keep = RECORDER_KEEP,
			    .port = REQUEST_PORT,
			    .rate = 100,
			    .idle = 60,
			    .timeout = 3 };
	for (size_t i = 0; i < N_TABLE; i++) {
		if (!takes(cmd, table[i].letter))
			continue;
		longs[n++] = (struct option){ table[i].name,
					      table[i].arg ? required_argument : no_argument, NULL,
					      table[i].letter };
		if (table[i].letter < 'a')
			continue;
		*s++ = table[i].letter;
		if (table[i].arg)
			*s++ = ':';
	}

	optind = 1;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		switch (c) {
		case 'h':
			print_help(cmd);
			return OPTS_DONE;
		case 'V':
			puts("teletap " TELETAP_VERSION);
			return OPTS_DONE;
		case ':':
			say("%s: its value is missing", argv[optind - 1]);
			return OPTS_WRONG;
		case '?':
			if (!optopt)
				say("%s: no such option", argv[optind - 1]);
			else if (!strncmp(argv[optind - 1], "--", 2))
				say("%s: takes no value", argv[optind - 1]);
			else
				say("-%c: no such option", optopt);
			return OPTS_WRONG;
		default:
			if (!take(o, (char)c, optarg))
				return OPTS_WRONG;
		}
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	return OPTS_RUN;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A subcommand names the letters of the options it takes; parsing, the help text and the
 * completion all follow from the table in options_table.c.
 */
#include "cmd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/options_table.h"
#include "net/datagram.h"
#include "recording/writer.h"

#ifndef TELETAP_VERSION
#define TELETAP_VERSION "unknown"
#endif

#define ALWAYS "oCvhV"

/* The letter is that of an option. */
static const struct row *row_of(char letter)
{
	const struct row *row = options_table;

	while (row->letter != letter)
		row++;
	return row;
}

static bool takes(const struct command *cmd, char letter)
{
	if (strchr(ALWAYS, letter) || strchr(cmd->options, letter))
		return true;
	return row_of(letter)->global && strchr(cmd->options, '*');
}

const char *opts_name(char letter)
{
	return row_of(letter)->name;
}

static void print_help(const struct command *cmd)
{
	fit_begin();
	printf("Usage: teletap %s %s\n%s.\n\n", cmd->name, cmd->synopsis, cmd->summary);
	for (size_t i = 0; i < options_rows; i++) {
		char name[40];

		if (!takes(cmd, options_table[i].letter))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", options_table[i].name,
			 options_table[i].arg ? " " : "",
			 options_table[i].arg ? options_table[i].arg : "");
		if (options_table[i].letter >= 'a')
			printf("  -%c, %-20s %s\n", options_table[i].letter, name,
			       options_table[i].help);
		else
			printf("      %-20s %s\n", name, options_table[i].help);
	}
	fit_end();
}

/* What completes a value. */
static const char *kind_of(const struct row *row)
{
	static const char *const kinds[][2] = {
		{ "FILE", "file" },       { "DIR", "file" },        { "PACK", "file" },
		{ "KEY.pem", "file" },    { "CERT", "file" },       { "PID", "process" },
		{ "RELEASE", "release" }, { "COMMAND", "command" }, { "UNIT", "unit" },
		{ "PATH", "cgroup" },     { "ID", "container" },
	};

	for (size_t i = 0; row->arg && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(row->arg, kinds[i][0]))
			return kinds[i][1];
	}
	return !row->arg ? "none" : !strcmp(row->name, "user") ? "user" : "text";
}

void opts_print(const struct command *cmd)
{
	for (const struct row *row = options_table; row < options_table + options_rows; row++) {
		if (!takes(cmd, row->letter))
			continue;
		printf("option\t%s\t--%s\t-", cmd->name, row->name);
		if (row->letter >= 'a')
			putchar(row->letter);
		putchar('\t');
		if (!row->words)
			printf("%s", kind_of(row));
		for (int i = 0; row->words && row->words[i]; i++)
			printf("%s%s", i ? " " : "words ", row->words[i]);
		printf("\t%s\n", row->help);
	}
}

/* The options of the command as getopt_long wants them; both arrays are zeroed. */
static void fill_getopt(const struct command *cmd, struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (const struct row *row = options_table; row < options_table + options_rows; row++) {
		if (!takes(cmd, row->letter))
			continue;
		*longs++ = (struct option){ row->name, row->arg ? required_argument : no_argument,
					    NULL, row->letter };
		if (row->letter < 'a')
			continue;
		*shorts++ = row->letter;
		if (row->arg)
			*shorts++ = ':';
	}
}

enum opts_verdict opts_parse(const struct command *cmd, int argc, char **argv, struct opts *o)
{
	struct option longs[OPTIONS_MAX + 1] = { 0 };
	char shorts[2 * OPTIONS_MAX + 2] = { 0 };
	const struct row *row;
	int c;

	*o = (struct opts){ .interval = 3,
			    .collector = -1,
			    .size_mb = RECORDER_SIZE_MB,
			    .keep = RECORDER_KEEP,
			    .port = REQUEST_PORT,
			    .rate = 100,
			    .idle = 60,
			    .timeout = 3 };
	fill_getopt(cmd, longs, shorts);
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
			row = row_of((char)c);
			if (!row->take(o, row, optarg))
				return OPTS_WRONG;
		}
	}
	if (o->output == OUTPUT_OPENMETRICS && !strchr(cmd->options, 'o')) {
		say("-o openmetrics: watch and replay have it");
		return OPTS_WRONG;
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	return OPTS_RUN;
}

bool opts_take_interval(struct opts *o)
{
	const struct row *interval = row_of('i'), *count = row_of('n');
	char *end;

	if (o->n_args < 2 || o->n_args > 3)
		return true;
	strtod(o->args[1], &end);
	if (end == o->args[1] || *end)
		return true;
	if (o->interval_given || (o->n_args > 2 && o->count)) {
		say("%s: %s is given twice", o->args[1], o->interval_given ? "-i" : "-n");
		return false;
	}
	if (!interval->take(o, interval, o->args[1]) ||
	    (o->n_args > 2 && !count->take(o, count, o->args[2])))
		return false;
	o->n_args = 1;
	return true;
}

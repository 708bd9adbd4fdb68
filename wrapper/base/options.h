/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: the command line of every subcommand -> one struct.
 */
#ifndef TELETAP_BASE_OPTIONS_H
#define TELETAP_BASE_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "model/output.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define OPTS_LIST_MAX 64
#define OPTS_PIDS 16     /* of -p */
#define OPTS_CALL 'N'    /* the letter of --call */
#define OPTS_COUNTS '8'  /* the letter of --counts */
#define OPTS_BY 'B'      /* that of --by */
#define OPTS_HZ 'H'      /* that of --hz */
#define OPTS_RATE '7'    /* that of --rate */
#define OPTS_WAITING 'W' /* that of --waiting */
#define OPTS_LOCALS 'm'  /* that of --locals */
#define OPTS_SETTINGS 16
#define OPTS_SETTING_MAX 200

/* An option of a page: what its module is loaded with, "teletap_NAME=VALUE". */
struct setting {
	char letter;
	char text[OPTS_SETTING_MAX];
};

struct opts {
	pid_t pid; /* -p; 0: not given, or more than one: */
	pid_t pids[OPTS_PIDS];
	int n_pids;
	const char *kind, *group; /* "unit", "cgroup" or "container", and its value; NULL: none */
	const char *files[OPTS_LIST_MAX]; /* -e */
	int n_files;
	const char *command; /* -c; NULL: not given */
	const char *pattern; /* of command lines, of a target in the configuration; NULL: none */
	double interval;     /* -i, seconds */
	bool interval_given;
	long count; /* -n; 0: until the target ends */
	enum output output;
	enum color color;
	int collector;                       /* --collector, enum collector; -1: any */
	unsigned collectors;                 /* BY_... that may be taken; 0: all */
	const char *pack;                    /* --pack, -d; NULL: not given */
	const char *key, *cert;              /* --key, --cert; NULL: not given */
	const char *releases[OPTS_LIST_MAX]; /* -k */
	int n_releases;
	struct setting settings[OPTS_SETTINGS];
	int n_settings;
	const char *write; /* -w: the recording to make */
	double size_mb;    /* --size, --keep: of the recording's files */
	long keep;
	const char *at, *from, *to; /* times in a recording; NULL: not given */
	bool info;                  /* --info */
	const char *listen[OPTS_LIST_MAX];
	int n_listen;
	const char *port, *pid_file, *replay, *user, *config; /* NULL: not given */
	const char *http, *token;                             /* --http, --token; NULL: not given */
	double rate, idle, timeout;
	bool follow;
	bool summary;                          /* --summary */
	const char *folded, *speedscope, *svg; /* files to keep stacks in; NULL: not given */
	const char *crashes;                   /* --crashes; NULL: not given */
	bool no_extension;                     /* --no-extension */
	bool inject;                           /* --inject */
	bool encode_names;                     /* --encode-names */
	bool waits;                            /* for a target that is not there yet */
	bool verbose;
	char **args; /* what is left of the line */
	int n_args;
};

/* Whether several processes are one target, see target/group.h. */
static inline bool opts_name_group(const struct opts *o)
{
	return o->group || o->n_pids > 1;
}

/* Whether processes that run already, or a file, are named. */
static inline bool opts_name_program(const struct opts *o)
{
	return o->pid || o->n_files || opts_name_group(o);
}

#endif

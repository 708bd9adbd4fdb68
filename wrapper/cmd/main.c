// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/self_report.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/spelling.h"
#include "model/quote.h"
#include "module/utf8_paths.h"
#include "pages/page.h"
#include "render/render.h"
#include "render/text_parts.h"

#ifndef TELETAP_VERSION
#define TELETAP_VERSION "unknown"
#endif

static const struct command commands[] = {
	{ "watch", "PAGE[,PAGE...] [TARGET] [SECONDS [COUNT]] [OPTION]...",
	  "Prints pages of a running program, periodically", "p=/#eicnPJ_YGOQZE9o*", cmd_watch,
	  "pages" },
	{ "doctor", "[TARGET [--pack DIR]]",
	  "Says what works here and for a target, and what to do about the rest", "p=/#eP",
	  cmd_doctor, "-" },
	{ "probes", "{-p PID | [-e] FILE...}",
	  "Lists markers of a process or of files (-: names from standard input)", "pe", cmd_probes,
	  "file" },
	{ "build",
	  "[PAGE...] {-p PID | -e FILE}... [-k RELEASE]... [-d PACK] [--key KEY.pem --cert CERT]",
	  "Compiles the modules of pages ahead of time", "pekdKX", cmd_build, "pages" },
	{ "check", "[TARGET | --pid-file FILE] [--config FILE]",
	  "Says for a monitoring system whether all is well: page 200 in a line", "p=/#eDGP9",
	  cmd_check, "-" },
	{ "record", "PAGE[,PAGE...] TARGET -w FILE [SECONDS [COUNT]]",
	  "Keeps what pages are made of in a file", "p=/#eicnPJ_YwS1E9*", cmd_record, "pages" },
	{ "replay",
	  "FILE {[PAGE...] [--at TIME | --from TIME] [--to TIME] [-i SECONDS] [-n COUNT] | --info}",
	  "Draws pages from a recording", "AFTinG0o", cmd_replay, "file pages" },
	{ "serve", "{TARGET | --pid-file FILE | --replay FILE | --config FILE} [OPTION]...",
	  "Answers requests for pages over UDP and HTTP", "p=/#eciPLDIRUG234YE9^@*", cmd_serve,
	  "-" },
	{ "page", "[[TARGET/]PAGE [HOST[:PORT]...]] [-f]", "Asks 'teletap serve' for a page",
	  "finMt3", cmd_page, "page host" },
	{ "list", "", "Lists all pages", "", cmd_list, "-" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

bool want_color(const struct opts *o)
{
	const char *no_color, *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	no_color = getenv("NO_COLOR");
	return o->output == OUTPUT_TEXT && isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && !strcmp(term, "dumb"));
}

int want_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return RENDER_WHOLE;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col > RENDER_LEAST ? size.ws_col : RENDER_LEAST;
}

static struct {
	FILE *terminal; /* NULL: nothing is held back */
	char *text;
	size_t size;
} fitted;

void fit_begin(void)
{
	FILE *f = want_width() > 0 ? open_memstream(&fitted.text, &fitted.size) : NULL;

	if (!f)
		return;
	fitted.terminal = stdout;
	stdout = f;
}

void fit_end(void)
{
	if (!fitted.terminal)
		return;
	if (fclose(stdout)) {
		say("out of memory");
		exit(STATUS_REFUSED);
	}
	stdout = fitted.terminal;
	fitted.terminal = NULL;
	fitted.text = text_wrap(fitted.text, want_width());
	fputs(fitted.text, stdout);
	free(fitted.text);
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static const char *command_near(const char *word)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (spelling_near(word, commands[i].name))
			return commands[i].name;
	}
	return NULL;
}

static void usage(FILE *out)
{
	fputs("Usage: teletap COMMAND [OPTION]...\n"
	      "Diagnostic pages of running programs.\n\n",
	      out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'teletap COMMAND --help' says more. First steps: teletap list\n", out);
}

/*
 * Commands, options and pages, for the completion of shells: "command", its name, what its
 * arguments are, what it does; the lines of opts_print; "page", its number, its name, its title.
 */
static void print_table(void)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("command\t%s\t%s\t%s\n", commands[i].name, commands[i].words,
		       commands[i].summary);
	for (size_t i = 0; i < N_COMMANDS; i++)
		opts_print(&commands[i]);
	for (int i = 0; i < n_pages; i++)
		printf("page\t%d\t%s\t%s\n", pages[i].number, pages[i].name, pages[i].title);
}

/* Below the line that says what is wrong. */
static void hint(const struct command *cmd)
{
	fprintf(stderr, "Usage: teletap %s %s\n'teletap %s --help' says more\n", cmd->name,
		cmd->synopsis, cmd->name);
}

/* For a monitoring system 2 means that something has failed. */
static enum status usage_status(const struct command *cmd)
{
	return cmd->run == cmd_check ? STATUS_REFUSED : STATUS_USAGE;
}

/*
 * Where one of the three is closed ('>&-'), the next file opened would get its number, and
 * pages would be written to what is no place for them. A stand-in that refuses instead.
 */
static void fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	const struct command *cmd;
	enum status status;
	struct opts o;

	fill_standard();
	signal(SIGCHLD,
	       SIG_DFL); /* where it was ignored, we would not hear of our children's ends */
	if (argc < 2) {
		usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		fit_begin();
		usage(stdout);
		fit_end();
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--table")) {
		print_table();
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("teletap " TELETAP_VERSION);
		return STATUS_OK;
	}
	cmd = command_find(argv[1]);
	if (!cmd) {
		const char *near = command_near(argv[1]);

		say("%s: no such command%s%s%s", argv[1], near ? ": did you mean " : "",
		    near ? near : "", near ? "?" : "");
		usage(stderr);
		return STATUS_USAGE;
	}
	log_begin(cmd->name);
	switch (opts_parse(cmd, argc - 1, argv + 1, &o)) {
	case OPTS_DONE:
		return STATUS_OK;
	case OPTS_WRONG:
		hint(cmd);
		return usage_status(cmd);
	case OPTS_RUN:
		break;
	}
	log_verbose(o.verbose);
	guard_lets_encode(o.encode_names);
	self_start(TELETAP_VERSION, cmd->name);
	status = cmd->run(&o);
	if (status == STATUS_USAGE && cmd->run != cmd_check)
		hint(cmd);
	self_stop(status);
	return status;
}

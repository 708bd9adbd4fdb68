// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap probes: the markers in a process or in files.
 *
 * A file that cannot be read is said and passed over; what decides the exit status
 * is whether anything could be read, and whether it has markers. Files that are no
 * ELF files are expected in a list of names from standard input (-e -) and among
 * what a process has mapped, and said only with -v.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "model/quote.h"
#include "target/maps.h"
#include "target/scan.h"

#define BATCH 4096  /* files read before the first is shown */
#define ARGS_MAX 64 /* sdt.h itself knows 12 */
#define NAME_WIDTH 48

struct probes {
	const struct opts *o;
	struct scan_job *jobs; /* BATCH of them */
	size_t n_jobs;
	bool listing;                           /* they come from standard input */
	size_t n_read, n_unreadable, n_markers; /* so far */
};

static char *must(char *s)
{
	if (!s) {
		say("out of memory");
		exit(STATUS_REFUSED);
	}
	return s;
}

static void site_json(const char *path, const struct sdt_marker *m)
{
	char *file = must(quote_json(path)), *provider = must(quote_json(m->provider));
	char *name = must(quote_json(m->name)), *args = must(quote_json(m->args));

	printf("{\"file\":%s,\"provider\":%s,\"name\":%s,\"pc\":%" PRIu64 ",\"base\":%" PRIu64
	       ",\"semaphore\":%" PRIu64 ",\"arguments\":%s}\n",
	       file, provider, name, m->pc, m->base, m->semaphore, args);
	free(file);
	free(provider);
	free(name);
	free(args);
}

static void args_text(const char *args)
{
	struct sdt_arg list[ARGS_MAX];
	int n = sdt_args(args, list, ARGS_MAX);

	if (n == 0)
		fputs("  -", stdout);
	if (n < 0) {
		char *all = must(quote_text(args));

		printf("  not understood: %s", all);
		free(all);
	}
	for (int i = 0; i < n && i < ARGS_MAX; i++) {
		const struct sdt_arg *arg = &list[i];
		char *raw = must(strndup(arg->operand, arg->operand_len));
		char *operand = must(quote_text(raw));

		printf("%s arg%d ", i ? "," : " ", i + 1);
		if (arg->size)
			printf("%s%d ",
			       arg->is_float    ? "float"
			       : arg->is_signed ? "int"
						: "uint",
			       8 * arg->size);
		else
			fputs("word ", stdout);
		fputs(operand, stdout);
		free(operand);
		free(raw);
	}
	if (n > ARGS_MAX)
		printf(", and %d more", n - ARGS_MAX);
}

/* Where an address of the marker is in the file as it is now; 0 stays 0. */
static uint64_t moved(uint64_t address, const struct sdt_marker *m)
{
	return address ? address + m->shift : 0;
}

static void hex_text(uint64_t value, int width)
{
	if (value)
		printf("  %#-*" PRIx64, width, value);
	else
		printf("  %-*s", width, "-");
}

static int hex_width(const struct sdt_file *file)
{
	int width = (int)strlen("SEMAPHORE");

	for (size_t i = 0; i < file->n_markers; i++) {
		int len = snprintf(NULL, 0, "%#" PRIx64,
				   moved(file->markers[i].pc, &file->markers[i]));

		width = len > width ? len : width;
	}
	return width;
}

/* The names of a file's markers as shown. */
static char **names_make(const struct sdt_file *file, int *width)
{
	char **names = calloc(file->n_markers, sizeof(*names));

	must((char *)names);
	*width = (int)strlen("MARKER");
	for (size_t i = 0; i < file->n_markers; i++) {
		char *provider = must(quote_text(file->markers[i].provider));
		char *name = must(quote_text(file->markers[i].name));
		int len = asprintf(&names[i], "%s:%s", provider, name);

		if (len < 0)
			must(NULL);
		/* One very long name is no reason to move all columns. */
		if (len > *width && len <= NAME_WIDTH)
			*width = len;
		free(provider);
		free(name);
	}
	return names;
}

static void file_text(const char *path, const struct sdt_file *file)
{
	int width, hex = hex_width(file);
	char id[2 * SDT_BUILD_ID_MAX + 1];
	char *shown = must(quote_text(path));
	char **names = names_make(file, &width);

	sdt_build_id_hex(file, id);
	printf("%s  (%s%s)\n", shown, *id ? "build-id " : "no build-id", id);
	printf("  %-*s  %-*s  %-*s  %s\n", width, "MARKER", hex, "ADDRESS", hex, "SEMAPHORE",
	       "ARGUMENTS");
	for (size_t i = 0; i < file->n_markers; i++) {
		const struct sdt_marker *m = &file->markers[i];

		printf("  %-*s", width, names[i]);
		hex_text(moved(m->pc, m), hex);
		hex_text(moved(m->semaphore, m), hex);
		args_text(m->args);
		putchar('\n');
		free(names[i]);
	}
	free(names);
	free(shown);
}

/* What the stages say holds names from outside. */
static void say_quoted(const char *msg)
{
	char *quoted = must(quote_text(msg ? msg : "out of memory"));

	say("%s", quoted);
	free(quoted);
}

static void job_show(struct probes *p, const struct scan_job *job)
{
	/* Trees are full of other files; processes map what they compile, and devices. */
	bool expected = (job->ret == -ENOEXEC && (p->listing || job->maps)) ||
			(job->ret == -ENODEV && job->maps);

	if (expected ? p->o->verbose : job->ret || job->msg)
		say_quoted(job->msg);
	if (job->ret) {
		p->n_unreadable += !expected;
		return;
	}
	p->n_read++;
	if (!job->file.n_markers)
		return;
	if (p->o->output == OUTPUT_JSON) {
		for (size_t i = 0; i < job->file.n_markers; i++)
			site_json(job->path, &job->file.markers[i]);
	} else {
		if (p->n_markers)
			putchar('\n');
		fit_begin();
		file_text(job->path, &job->file);
		fit_end();
	}
	p->n_markers += job->file.n_markers;
}

/* Reads and shows the files that have been added. */
static void probes_flush(struct probes *p)
{
	scan_run(p->jobs, p->n_jobs);
	for (size_t i = 0; i < p->n_jobs; i++) {
		job_show(p, &p->jobs[i]);
		scan_job_free(&p->jobs[i]);
	}
	p->n_jobs = 0;
}

static struct scan_job *probes_add(struct probes *p, const char *path)
{
	struct scan_job *job;

	if (p->n_jobs == BATCH)
		probes_flush(p);
	job = &p->jobs[p->n_jobs++];
	*job = (struct scan_job){ .path = must(strdup(path)), .listed = p->listing };
	return job;
}

static void probes_add_list(struct probes *p, FILE *list)
{
	char *line = NULL;
	size_t size = 0;

	probes_flush(p);
	p->listing = true;
	while (getline(&line, &size, list) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			probes_add(p, line);
	}
	probes_flush(p);
	p->listing = false;
	free(line);
}

static void probes_add_name(struct probes *p, const char *name)
{
	if (strcmp(name, "-") == 0)
		probes_add_list(p, stdin);
	else
		probes_add(p, name);
}

static void probes_files(struct probes *p)
{
	for (int i = 0; i < p->o->n_files; i++)
		probes_add_name(p, p->o->files[i]);
	for (int i = 0; i < p->o->n_args; i++)
		probes_add_name(p, p->o->args[i]);
	probes_flush(p);
}

static enum status probes_pid(struct probes *p)
{
	atomic_long left = SDT_PROCESS_MAX;
	struct maps maps;
	char *msg = NULL;

	if (maps_read(p->o->pid, &maps, &msg)) {
		say_quoted(msg);
		free(msg);
		return STATUS_REFUSED;
	}
	if (!maps.n_files) {
		say("process %d runs no program: it has ended, or is the kernel's: 'ps -e' shows "
		    "the "
		    "others",
		    (int)p->o->pid);
		return STATUS_REFUSED;
	}
	for (size_t i = 0; i < maps.n_files; i++) {
		struct scan_job *job = probes_add(p, maps.files[i].path);

		job->maps = &maps;
		job->mapping = &maps.files[i];
		job->left = &left;
	}
	probes_flush(p);
	maps_free(&maps);
	return STATUS_OK;
}

static void say_none(const struct probes *p)
{
	const struct opts *o = p->o;
	const char *only = o->n_files + o->n_args != 1 ? NULL
			   : o->n_files                ? o->files[0]
						       : o->args[0];

	if (o->pid) {
		say("process %d: no markers in the %zu files it runs: look for a build that has "
		    "them",
		    (int)o->pid, p->n_read);
	} else if (only && p->n_read == 1 && strcmp(only, "-") != 0) {
		char *quoted = must(quote_text(only));

		say("%s: no markers: look for a build that has them", quoted);
		free(quoted);
	} else {
		say("no markers in %zu ELF files: look for a build that has them", p->n_read);
	}
}

static enum status probes_verdict(const struct probes *p)
{
	if (fflush(stdout) || ferror(stdout)) {
		say("standard output: %s", strerror(errno));
		return STATUS_REFUSED;
	}
	vsay("%zu files read, %zu could not be read, %zu markers", p->n_read, p->n_unreadable,
	     p->n_markers);
	if (p->n_markers)
		return STATUS_OK;
	if (p->n_unreadable && !p->n_read)
		return STATUS_REFUSED;
	say_none(p);
	return STATUS_NO;
}

enum status cmd_probes(const struct opts *o)
{
	struct probes p = { .o = o };
	enum status status = STATUS_OK;

	if (o->n_pids > 1) {
		say("one -p is enough");
		return STATUS_USAGE;
	}
	if (o->pid ? o->n_files || o->n_args : !o->n_files && !o->n_args) {
		say(o->pid ? "-p PID or files, not both"
			   : "name a process (-p PID) or a file (-e FILE)");
		return STATUS_USAGE;
	}
	p.jobs = calloc(BATCH, sizeof(*p.jobs));
	must((char *)p.jobs);
	if (o->pid)
		status = probes_pid(&p);
	else
		probes_files(&p);
	free(p.jobs);
	return status ? status : probes_verdict(&p);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap doctor: what works here and for this target, and what to do about the
 * rest. The verdicts come from host.c, interpreter.c, resolve.c and module.c: the
 * same that 'teletap watch' goes by.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "interpreter.h"
#include "module.h"
#include "quote.h"
#include "resolve.h"
#include "sign.h"
#include "teletap.h"

struct answers {
	const struct opts *o;
	struct host host;
	struct checks host_checks, target_checks;
	struct target target;
	struct interpreter interpreter;
	bool has_target;
	bool unseen; /* the target may not be looked at */
	int n_working;
};

static char *must(char *s)
{
	if (!s) {
		say("out of memory");
		exit(STATUS_REFUSED);
	}
	return s;
}

static char *ready(const struct answers *a, bool is_signed)
{
	char *text = NULL;

	if (asprintf(&text, "a module is ready%s%s%s", a->o->pack ? " in " : "",
		     a->o->pack ? a->o->pack : "",
		     !is_signed ? ""
		     : check_failed(&a->host_checks, false)
			     ? ", signed, which does when the kernel knows the key"
			     : ", signed") < 0)
		text = NULL;
	return must(text);
}

/* How the page's module is to be had; false and why not when in no way. */
static bool judge_module(const struct answers *a, const struct plan *plan, char **why)
{
	const struct check *failed;
	char *ko = NULL, *msg = NULL;
	int err = module_find(plan, a->o->pack, &ko, &msg);
	bool is_signed = !err && sign_present(ko);
	bool works = !err || (err == -ENOENT && a->host.compiles);

	failed = check_failed(&a->host_checks, is_signed);
	free(ko);
	if (failed)
		*why = must(strdup(failed->text));
	else if (!err)
		*why = ready(a, is_signed);
	else if (works)
		*why = must(strdup("its module is to be compiled first: 'teletap build' does it"));
	else if (msg)
		*why = must(strdup(msg));
	else
		*why = must(
			strdup("no module is ready, and none can be compiled here: bring a pack"));
	free(msg);
	return works && !failed;
}

/* Whether the page works, and why (not). *why is to be freed. */
static bool judge_page(const struct answers *a, const struct page *page, char **why)
{
	bool resolves = a->has_target || page_is_host(page);
	const struct check *failed = check_failed(&a->host_checks, resolves);
	const char *against;
	struct plan plan;
	char *msg = NULL;

	if (a->unseen && !page_is_host(page)) {
		*why = must(strdup("the target cannot be seen: run as root"));
		return false;
	}
	if (resolves && resolve_page(page, &a->target, &plan, &msg)) {
		*why = must(msg);
		return false;
	}
	if (resolves && origin_is_fed(plan.origin)) {
		*why = must(
			strdup(page_is_host(page)
				       ? "read from the kernel's files; no module is needed"
				       : "read from the program's memory; no module is needed"));
		return true;
	}
	against = a->has_target && !page_is_host(page)
			  ? interpreter_objects(&a->interpreter, plan.origin)
			  : NULL;
	if (against || failed) {
		*why = must(strdup(against ? against : failed->text));
		return false;
	}
	if (resolves)
		return judge_module(a, &plan, why);
	*why = must(strdup("a target (-p, -e) would tell whether it has the markers, and whether a "
			   "module is ready"));
	return true;
}

/*
 * What works anywhere is no answer; nor is, when a target was asked about, what works
 * without it, or for all.
 */
static bool counts(const struct answers *a, const struct page *page)
{
	if (page_is_host(page) && origin_is_fed(&page->origin))
		return false;
	return !(page_is_host(page) || page->common) || !(a->has_target || a->unseen);
}

static const char *const verdicts[] = { "OK", "WARN", "FAIL" };

static void checks_text(const struct checks *c)
{
	for (int i = 0; i < c->n; i++) {
		char *text = must(quote_text(c->list[i].text));

		printf("%-4s  %s\n", verdicts[c->list[i].verdict], text);
		if (c->list[i].remedy)
			printf("      -> %s\n", c->list[i].remedy);
		free(text);
	}
}

static void print_text(struct answers *a)
{
	printf("This host, kernel %s\n", a->host.release);
	checks_text(&a->host_checks);
	if (a->has_target || a->unseen) {
		char *path = must(quote_text(a->target.n_files ? a->target.files[0].path : ""));

		if (a->o->pid)
			printf("\nProcess %d  %s\n", (int)a->o->pid, path);
		else
			printf("\n%s\n", path);
		checks_text(&a->target_checks);
		free(path);
	}
	puts("\nPages");
	for (int i = 0; i < n_pages; i++) {
		char *why, *text;
		bool works = judge_page(a, &pages[i], &why);

		text = must(quote_text(why));
		printf("%3d  %-12s  %s: %s\n", pages[i].number, pages[i].name,
		       works ? "works" : "does not work", text);
		a->n_working += counts(a, &pages[i]) && works;
		free(text);
		free(why);
	}
}

/* "key":"value", or null; a comma in front but for the first. */
static void member(const char *key, const char *value, bool first)
{
	char *quoted = value ? must(quote_json(value)) : must(strdup("null"));

	printf("%s\"%s\":%s", first ? "" : ",", key, quoted);
	free(quoted);
}

static void checks_json(const struct checks *c, bool first)
{
	for (int i = 0; i < c->n; i++) {
		fputs(first && !i ? "{" : ",{", stdout);
		member("id", c->list[i].id, true);
		member("verdict", verdicts[c->list[i].verdict], false);
		member("text", c->list[i].text, false);
		member("remedy", c->list[i].remedy, false);
		putchar('}');
	}
}

static void answer(const char *key, enum answer value)
{
	printf(",\"%s\":%s", key,
	       value == ANSWER_YES  ? "true"
	       : value == ANSWER_NO ? "false"
				    : "null");
}

static void target_json(const struct answers *a)
{
	const struct interpreter *in = &a->interpreter;

	if (!a->has_target) {
		fputs("null", stdout);
		return;
	}
	if (a->o->pid)
		printf("{\"pid\":%d", (int)a->o->pid);
	else
		fputs("{\"pid\":null", stdout);
	member("exe", a->target.n_files ? a->target.files[0].path : NULL, false);
	member("python", in->path ? in->version : NULL, false);
	member("file", in->path, false);
	member("build_id", *in->id ? in->id : NULL, false);
	printf(",\"markers\":%s", in->markers ? "true" : "false");
	answer("deleted", !a->o->pid ? ANSWER_UNKNOWN : in->deleted ? ANSWER_YES : ANSWER_NO);
	answer("free_threaded", in->free_threaded);
	answer("jit", in->jit);
	answer("bad_paths", in->bad_paths);
	answer("foreign_namespace", in->foreign);
	if (in->interpreters)
		printf(",\"interpreters\":%d}", in->interpreters);
	else
		fputs(",\"interpreters\":null}", stdout);
}

static void print_json(struct answers *a)
{
	fputs("{\"checks\":[", stdout);
	checks_json(&a->host_checks, true);
	checks_json(&a->target_checks, false);
	fputs("],\"pages\":[", stdout);
	for (int i = 0; i < n_pages; i++) {
		char *why;
		bool works = judge_page(a, &pages[i], &why);

		printf("%s{\"page\":%d", i ? "," : "", pages[i].number);
		member("name", pages[i].name, false);
		printf(",\"works\":%s", works ? "true" : "false");
		member("why", why, false);
		putchar('}');
		a->n_working += counts(a, &pages[i]) && works;
		free(why);
	}
	fputs("],\"target\":", stdout);
	target_json(a);
	puts("}");
}

/* Opens and looks at the target; a status other than STATUS_OK has been said. */
static enum status look_at_target(struct answers *a)
{
	char *msg = NULL, *quoted;
	int err = target_open(&a->target, a->o, &msg);

	if (!err) {
		a->has_target = true;
		interpreter_read(&a->interpreter, &a->target);
		interpreter_check(&a->interpreter, &a->target, &a->target_checks);
		return STATUS_OK;
	}
	if (err == -EACCES || err == -EPERM) {
		a->unseen = true;
		check_add(&a->target_checks, "target", VERDICT_WARN, "run as root", "%s",
			  msg ? msg : strerror(-err));
		free(msg);
		return STATUS_OK;
	}
	quoted = must(quote_text(msg ? msg : strerror(-err)));
	say("%s", quoted);
	free(quoted);
	free(msg);
	if (err != -EINVAL)
		return STATUS_REFUSED;
	opts_usage(command_find("doctor"), stderr);
	return STATUS_USAGE;
}

enum status cmd_doctor(const struct opts *o)
{
	struct answers a = { .o = o, .target = { .pidfd = -1, .gate = -1 } };
	const char *root = getenv(HOST_ROOT);
	enum status status = STATUS_OK;

	if (o->n_args) {
		say("%s: no argument is needed; a target is -p PID or -e FILE", o->args[0]);
		opts_usage(command_find("doctor"), stderr);
		return STATUS_USAGE;
	}
	if (o->pack && !o->pid && !o->n_files) {
		say("--pack: also name the target: -p PID or -e FILE");
		opts_usage(command_find("doctor"), stderr);
		return STATUS_USAGE;
	}
	if (o->pid || o->n_files)
		status = look_at_target(&a);
	if (status)
		return status;
	host_check(root ? root : "", &a.host, &a.host_checks);
	if (o->output == OUTPUT_JSON)
		print_json(&a);
	else
		print_text(&a);
	target_close(&a.target);
	interpreter_free(&a.interpreter);
	checks_free(&a.host_checks);
	checks_free(&a.target_checks);
	if (fflush(stdout) || ferror(stdout)) {
		say("standard output: %s", strerror(errno));
		return STATUS_REFUSED;
	}
	return a.n_working ? STATUS_OK : STATUS_NO;
}

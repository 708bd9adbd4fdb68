// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap doctor: what works here and for this target, and what to do about the
 * rest. The verdicts come from host.c, interpreter.c and doctor/availability.c, which asks the same
 * that 'teletap watch' goes by.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rootfs.h"
#include "cmd/cmd.h"
#include "cpython/interpreter.h"
#include "doctor/availability.h"
#include "doctor/host.h"
#include "model/quote.h"
#include "module/resolve.h"
#include "source/program_pages.h"

struct answers {
	const struct opts *o;
	struct host host;
	struct checks host_checks, target_checks;
	struct target target;
	struct interpreter interpreter;
	bool has_target;
	bool unseen;     /* the target may not be looked at */
	struct own *own; /* pages that the process draws itself; NULL: none was asked */
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

/* What availability goes by. */
static struct judge judge_of(const struct answers *a)
{
	return (struct judge){ .host = &a->host,
			       .checks = &a->host_checks,
			       .target = a->has_target ? &a->target : NULL,
			       .unseen = a->unseen,
			       .pack = a->o->pack };
}

/* Whether the page works, and why (not). *why is to be freed. */
static bool judge(const struct answers *a, const struct page *page, int *by, char **why)
{
	struct judge j = judge_of(a);
	bool works = judge_page(&j, page, by, why);

	must(*why);
	return works;
}

/*
 * The page with this number of those that the process draws itself. False: there is none;
 * they work when there are.
 */
static bool own_page(const struct answers *a, int number, const char **name)
{
	const char *title;

	return a->own && own_listed(a->own, number, name, &title);
}

static const char own_why[] = "drawn by the program itself; no module is needed";

/*
 * What works anywhere is no answer; nor is, when a target was asked about, what works
 * without it, or for all.
 */
static bool counts(const struct answers *a, const struct page *page, int by)
{
	if (by == COLLECT_PROC || (by != COLLECT_STAP && by != COLLECT_BPF && !a->has_target))
		return false;
	return !(page_is_host(page) || page->common) || !(a->has_target || a->unseen);
}

static const char *const verdicts[] = { "OK", "WARN", "FAIL" };

static void checks_text(const struct checks *c, bool color)
{
	static const char *const colors[] = { "", "\033[33m", "\033[31m" };

	for (int i = 0; i < c->n; i++) {
		char *text = must(quote_text(c->list[i].text));
		const char *begin = color ? colors[c->list[i].verdict] : "";

		printf("%s%-4s%s  %s\n", begin, verdicts[c->list[i].verdict],
		       *begin ? "\033[0m" : "", text);
		if (c->list[i].remedy)
			printf("      -> %s\n", c->list[i].remedy);
		free(text);
	}
}

/*
 * The number of the first page that does not work for this reason, in whose text the number of
 * its own page makes no difference.
 */
static int first_with(char **reasons, int page, char *why)
{
	reasons[page] = why;
	for (int i = 0; i < page; i++) {
		char one[16], other[16];
		const char *a, *b;

		if (!reasons[i])
			continue;
		snprintf(one, sizeof(one), "page %d", pages[i].number);
		snprintf(other, sizeof(other), "page %d", pages[page].number);
		a = strstr(reasons[i], one);
		b = strstr(why, other);
		if (!a || !b ? !strcmp(reasons[i], why)
			     : a - reasons[i] == b - why &&
				       !strncmp(reasons[i], why, (size_t)(b - why)) &&
				       !strcmp(a + strlen(one), b + strlen(other)))
			return pages[i].number;
	}
	return pages[page].number;
}

static void pages_text(struct answers *a)
{
	char **reasons = calloc((size_t)n_pages, sizeof(*reasons));

	for (int i = 0; i < n_pages; i++) {
		char *why, *text;
		int by, first;
		bool works = judge(a, &pages[i], &by, &why);

		text = must(quote_text(why));
		first = works || !reasons ? pages[i].number : first_with(reasons, i, why);
		if (first == pages[i].number)
			printf("%3d  %-12s  %s: %s\n", pages[i].number, pages[i].name,
			       works ? "works" : "does not work", text);
		else
			printf("%3d  %-12s  does not work, for the reason of page %d\n",
			       pages[i].number, pages[i].name, first);
		a->n_working += works && counts(a, &pages[i], by);
		free(text);
		if (works || !reasons)
			free(why);
	}
	for (int i = 0; reasons && i < n_pages; i++)
		free(reasons[i]);
	free(reasons);
}

static void group_text(const struct target *t, const char *path)
{
	char *name = must(quote_text(t->group.name ? t->group.name : ""));

	printf("\n%c%s, %zu now  %s\n", toupper((unsigned char)*name), name + (*name != '\0'),
	       t->group.n_pids, path);
	free(name);
}

static void print_text(struct answers *a)
{
	bool color = want_color(a->o);

	printf("This host, kernel %s\n", a->host.release);
	checks_text(&a->host_checks, color);
	if (a->has_target || a->unseen) {
		char *path = must(quote_text(a->target.n_files ? a->target.files[0].path : ""));

		if (a->o->pid)
			printf("\nProcess %d  %s\n", (int)a->o->pid, path);
		else if (a->target.kind == TARGET_GROUP)
			group_text(&a->target, path);
		else
			printf("\n%s\n", path);
		checks_text(&a->target_checks, color);
		free(path);
	}
	puts("\nPages");
	pages_text(a);
	for (int i = OWN_FIRST; i <= OWN_LAST; i++) {
		const char *name;
		char *text;

		if (!own_page(a, i, &name))
			continue;
		text = must(quote_text(name));
		printf("%3d  %-12s  works: %s\n", i, text, own_why);
		a->n_working++;
		free(text);
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
	if (a->o->group)
		member(a->o->kind, a->o->group, false);
	for (int i = 0; i < a->o->n_pids && !a->o->pid; i++)
		printf("%s%d%s", i ? "," : ",\"pids\":[", (int)a->o->pids[i],
		       i + 1 < a->o->n_pids ? "" : "]");
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

static void works_json(bool works, const char *why)
{
	printf(",\"works\":%s", works ? "true" : "false");
	member("why", why, false);
}

/* Each collector of the page. */
static void collectors_json(const struct answers *a, const struct page *page)
{
	struct judge j = judge_of(a);
	bool first = true;

	fputs(",\"collectors\":[", stdout);
	for (int i = 0; i < COLLECTORS; i++) {
		char *why;
		bool works;

		if (!(page->by & 1U << i))
			continue;
		works = judge_collector(&j, page, (enum collector)i, &why);
		fputs(first ? "{" : ",{", stdout);
		first = false;
		member("name", collector_name((enum collector)i), true);
		works_json(works, must(why));
		putchar('}');
		free(why);
	}
	putchar(']');
}

/* Returns whether it works, and that is an answer. */
static bool page_json(const struct answers *a, const struct page *page, bool first)
{
	char *why;
	int by;
	bool works = judge(a, page, &by, &why);

	printf("%s{\"page\":%d", first ? "" : ",", page->number);
	member("name", page->name, false);
	works_json(works, why);
	member("collector", works ? collector_name((enum collector)by) : NULL, false);
	collectors_json(a, page);
	putchar('}');
	free(why);
	return works && counts(a, page, by);
}

static void own_page_json(int number, const char *name)
{
	printf(",{\"page\":%d", number);
	member("name", name, false);
	works_json(true, own_why);
	fputs(",\"collector\":null,\"collectors\":[]}", stdout);
}

static void print_json(struct answers *a)
{
	fputs("{\"checks\":[", stdout);
	checks_json(&a->host_checks, true);
	checks_json(&a->target_checks, false);
	fputs("],\"pages\":[", stdout);
	for (int i = 0; i < n_pages; i++)
		a->n_working += page_json(a, &pages[i], i == 0);
	for (int i = OWN_FIRST; i <= OWN_LAST; i++) {
		const char *name;

		if (!own_page(a, i, &name))
			continue;
		own_page_json(i, name);
		a->n_working++;
	}
	fputs("],\"target\":", stdout);
	target_json(a);
	puts("}");
}

static void sites_check(struct answers *a)
{
	size_t n = 0, files = 0;

	for (size_t i = 0; i < a->target.n_files; i++) {
		n += a->target.files[i].sdt.n_left_out;
		files += a->target.files[i].sdt.n_left_out != 0;
	}
	if (n)
		check_add(&a->target_checks, "sites", VERDICT_WARN,
			  "'teletap probes' shows the files and the sites that count",
			  "%zu sites of markers in %zu of its files are " SDT_LEFT_OUT, n, files);
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
		sites_check(a);
		if (a->o->pid)
			a->own = own_ask(a->o->pid);
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
	return err == -EINVAL ? STATUS_USAGE : STATUS_REFUSED;
}

enum status cmd_doctor(const struct opts *o)
{
	struct answers a = { .o = o, .target = { .pidfd = -1, .gate = -1 } };
	const char *root = getenv(HOST_ROOT);
	enum status status;
	struct judge j;

	if (o->n_args) {
		say("%s: no argument is needed; a target is -p PID or -e FILE", o->args[0]);
		return STATUS_USAGE;
	}
	if (o->pack && !opts_name_program(o)) {
		say("--pack: also name the target: -p PID or -e FILE");
		return STATUS_USAGE;
	}
	status = opts_name_program(o) ? look_at_target(&a) : STATUS_OK;
	if (status)
		return status;
	host_check(root ? root : "", &a.host, &a.host_checks);
	j = judge_of(&a);
	judge_prepare(&j);
	if (o->output == OUTPUT_JSON)
		print_json(&a);
	else
		print_text(&a);
	own_close(a.own);
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

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap doctor: what works here and for this target, and what to do about the
 * rest. The verdicts come from host.c, interpreter.c and doctor/availability.c, which asks
 * the same that 'teletap watch' goes by.
 */
#include "cmd/doctor.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rootfs.h"
#include "cmd/cmd.h"
#include "model/quote.h"

char *doctor_must(char *s)
{
	if (!s) {
		say("out of memory");
		exit(STATUS_REFUSED);
	}
	return s;
}

struct judge doctor_judge(const struct answers *a)
{
	return (struct judge){ .host = &a->host,
			       .checks = &a->host_checks,
			       .target = a->has_target ? &a->target : NULL,
			       .unseen = a->unseen,
			       .pack = a->o->pack };
}

bool doctor_works(const struct answers *a, const struct page *page, int *by, char **why)
{
	struct judge j = doctor_judge(a);
	bool works = judge_page(&j, page, by, why);

	doctor_must(*why);
	return works;
}

bool doctor_own_page(const struct answers *a, int number, const char **name)
{
	const char *title;

	return a->own && own_listed(a->own, number, name, &title);
}

const char doctor_own_why[] = "drawn by the program itself; no module is needed";

bool doctor_counts(const struct answers *a, const struct page *page, int by)
{
	if (by == COLLECT_PROC || (by != COLLECT_STAP && by != COLLECT_BPF && !a->has_target))
		return false;
	return !(page_is_host(page) || page->common) || !(a->has_target || a->unseen);
}

const char *const doctor_verdicts[] = { "OK", "WARN", "FAIL" };

static void checks_text(const struct checks *c, bool color)
{
	static const char *const colors[] = { "", "\033[33m", "\033[31m" };

	for (int i = 0; i < c->n; i++) {
		char *text = doctor_must(quote_text(c->list[i].text));
		const char *begin = color ? colors[c->list[i].verdict] : "";

		printf("%s%-4s%s  %s\n", begin, doctor_verdicts[c->list[i].verdict],
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
		bool works = doctor_works(a, &pages[i], &by, &why);

		text = doctor_must(quote_text(why));
		first = works || !reasons ? pages[i].number : first_with(reasons, i, why);
		if (first == pages[i].number)
			printf("%3d  %-12s  %s: %s\n", pages[i].number, pages[i].name,
			       works ? "works" : "does not work", text);
		else
			printf("%3d  %-12s  does not work, for the reason of page %d\n",
			       pages[i].number, pages[i].name, first);
		a->n_working += works && doctor_counts(a, &pages[i], by);
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
	char *name = doctor_must(quote_text(t->group.name ? t->group.name : ""));

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
		char *path =
			doctor_must(quote_text(a->target.n_files ? a->target.files[0].path : ""));

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

		if (!doctor_own_page(a, i, &name))
			continue;
		text = doctor_must(quote_text(name));
		printf("%3d  %-12s  works: %s\n", i, text, doctor_own_why);
		a->n_working++;
		free(text);
	}
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
	quoted = doctor_must(quote_text(msg ? msg : strerror(-err)));
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
	j = doctor_judge(&a);
	judge_prepare(&j);
	if (o->output == OUTPUT_JSON) {
		doctor_json(&a);
	} else {
		fit_begin();
		print_text(&a);
		fit_end();
	}
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

// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/resolve.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cpython/binary.h"
#include "cpython/import_sites.h"
#include "cpython/interpreter.h"
#include "cpython/process.h"
#include "module/bpf_limits.h"
#include "module/free_limits.h"
#include "module/resolve_process.h"
#include "module/script_macros.h"
#include "target/semaphore.h"

/* provider PAGE_ANY: of any; name NULL: any marker. */
static bool has_marker(const struct sdt_file *sdt, const char *provider, const char *name)
{
	for (size_t i = 0; i < sdt->n_markers; i++) {
		if ((!strcmp(provider, PAGE_ANY) || !strcmp(sdt->markers[i].provider, provider)) &&
		    (!name || !strcmp(sdt->markers[i].name, name)))
			return true;
	}
	return false;
}

static bool has_any(const struct origin *origin, const struct sdt_file *sdt)
{
	for (int i = 0; i < PAGE_MARKERS && origin->markers[i]; i++) {
		if (has_marker(sdt, origin->provider, origin->markers[i]))
			return true;
	}
	return false;
}

/* The first marker of the origin that the file lacks; NULL: it has what is needed. */
static const char *lacking(const struct origin *origin, const struct sdt_file *sdt)
{
	if (origin_is_program(origin))
		return NULL;
	if (origin_is_app(origin))
		return has_any(origin, sdt) ? NULL : origin->markers[0];
	for (int i = 0; i < PAGE_MARKERS && origin->markers[i]; i++) {
		if (!has_marker(sdt, origin->provider, origin->markers[i]))
			return origin->markers[i];
	}
	return NULL;
}

bool resolve_has(const struct origin *origin, const struct sdt_file *sdt)
{
	return !lacking(origin, sdt);
}

/* The one that tells most: with teletap.h in it, or with CPython, or the program itself. */
static struct target_file *program_of(const struct target *t)
{
	static const char begins[] = "teletap__";

	for (size_t i = 0; i < t->n_files; i++) {
		const struct sdt_file *sdt = &t->files[i].sdt;

		for (size_t k = 0; k < sdt->n_markers; k++) {
			if (!strncmp(sdt->markers[k].name, begins, sizeof(begins) - 1))
				return &t->files[i];
		}
	}
	for (size_t i = 0; i < t->n_files; i++) {
		if (has_marker(&t->files[i].sdt, "python", NULL))
			return &t->files[i];
	}
	return t->n_files ? &t->files[0] : NULL;
}

/* Pages of Python that read its memory alone need no markers. */
static bool needs_memory(const struct origin *origin)
{
	return !origin->markers[0] && !strcmp(origin->provider, "python");
}

/* Nothing but stacks, of a Python whose stacks cannot be read. */
static bool is_in_vain(const struct origin *origin, enum collector by, const struct target_file *f)
{
	struct python_place place;

	if (strcmp(origin->module, "stacks") != 0)
		return false;
	python_place_read(f->fd, &place);
	return by == COLLECT_BPF ? !python_layout(place.version)
				 : !python_has_stacks(place.version);
}

static bool serves(const struct origin *origin, const struct target_file *f)
{
	if (origin_is_app(origin))
		return has_any(origin, &f->sdt);
	if (needs_memory(origin))
		return resolve_is_python(f);
	return has_marker(&f->sdt, origin->provider, NULL);
}

/* The first file of the target that the origin's pages are about; NULL: none. */
static struct target_file *file_of(const struct origin *origin, const struct target *t)
{
	if (origin_is_program(origin))
		return program_of(t);
	for (size_t i = 0; i < t->n_files && origin->module; i++) {
		if (serves(origin, &t->files[i]))
			return &t->files[i];
	}
	return NULL;
}

/*
 * The files that are probed: all that have the markers. A script that goes by the layout of
 * CPython knows that of one.
 */
static int find_files(const struct target *t, struct plan *plan, char **msg)
{
	const struct origin *origin = plan->origin;

	plan->files[plan->n_files++] = plan->file;
	plan->ticks = has_marker(&plan->file->sdt, "teletap_python", "sums");
	for (size_t i = 0; i < t->n_files; i++) {
		struct target_file *f = &t->files[i];

		if (f == plan->file)
			continue;
		if (!strcmp(origin->provider, "python") &&
		    (origin->layout || lacking(origin, &f->sdt))) {
			if (has_marker(&f->sdt, "python", NULL) || resolve_is_python(f))
				plan->beside = f;
			continue;
		}
		if (!(origin_is_program(origin) ? has_any(origin, &f->sdt) : serves(origin, f)) ||
		    lacking(origin, &f->sdt))
			continue;
		if (plan->n_files == PLAN_FILES)
			return fail(msg, ENOTSUP,
				    "more than %d files of this process have the markers: name one "
				    "of them (-e FILE)",
				    PLAN_FILES);
		plan->files[plan->n_files++] = f;
		plan->ticks |= has_marker(&f->sdt, "teletap_python", "sums");
	}
	return 0;
}

static void describe(const struct target *t, char *out, size_t size)
{
	if (t->kind == TARGET_GROUP)
		snprintf(out, size, "%s (%s)", t->group.name, t->files[0].path);
	else if (t->kind == TARGET_PID)
		snprintf(out, size, "process %d (%s)", t->pid, t->n_files ? t->files[0].path : "?");
	else
		snprintf(out, size, "%s", t->files[0].path);
}

/* A refusal for want of markers also tells how many sites of the target do not count. */
static int add_left_out(int err, const struct target *t, char **msg)
{
	char *said = msg ? *msg : NULL;
	size_t n = 0;

	for (size_t i = 0; i < t->n_files; i++)
		n += t->files[i].sdt.n_left_out;
	if (err != -ENOENT || !said || !n)
		return err;
	*msg = NULL;
	fail(msg, 0, "%s; %zu sites " SDT_LEFT_OUT, said, n);
	free(said);
	return err;
}

/* What pages of the host are bound to instead of a file. */
static struct target_file host = { .path = (char *)"this host", .fd = -1 };

static int resolve_host(const struct page *page, enum collector by, struct plan *plan)
{
	*plan = (struct plan){ .page = page,
			       .collector = by,
			       .origin = &page->origin,
			       .module = page->origin.module,
			       .program = page->origin.module,
			       .file = &host,
			       .id = "host" };
	return macros_identify(plan);
}

/* The file that has the markers may not be there yet, or not be known. */
static const char *elsewhere(const struct target *t)
{
	return t->kind == TARGET_PID ? "; where the program loads them later, -e FILE names the "
				       "file that has them"
	       : t->kind == TARGET_COMMAND
		       ? "; where they are in a program that this starts, or in a library that "
			 "is loaded later, -e FILE beside -c names it"
		       : "";
}

/* No file of the target has what the page needs: says so; what: the target, in words. */
static int refuse_target(const struct page *page, const struct origin *origin,
			 const struct target *t, const char *what, char **msg)
{
	bool unbuilt = page->extension.module && *t->unbuilt;

	if (origin_is_app(origin))
		return fail(msg, ENOENT,
			    "%s has no marker %s of teletap.h, which page %d needs: the program's "
			    "authors put it in%s%s%s",
			    what, origin->markers[0], page->number, elsewhere(t),
			    unbuilt ? "; teletap has no build of its extension for CPython " : "",
			    unbuilt ? t->unbuilt : "");
	if (needs_memory(origin))
		return fail(msg, ENOENT,
			    "%s has no CPython in it, which page %d is about (or one without the "
			    "symbol _PyRuntime)%s",
			    what, page->number, elsewhere(t));
	return fail(msg, ENOENT,
		    "%s has no markers of %s, which page %d needs: "
		    "'teletap probes' shows what it has%s%s",
		    what, origin->provider, page->number,
		    strcmp(origin->provider, "python")
			    ? ""
			    : "; pages 210, 223, 224 and 232 to 236 need none, the others a "
			      "Python built --with-dtrace, such as Debian's or "
			      "Fedora's, or a program that imports teletap",
		    elsewhere(t));
}

/* Whether a file can be watched for the page; -errno with *msg set. */
static int check_file(const struct page *page, const struct origin *origin, enum collector by,
		      const struct target_file *file, char **msg)
{
	if (lacking(origin, &file->sdt) && interpreter_arms_functions(origin))
		return fail(
			msg, ENOENT,
			"no function markers in CPython 3.12 to 3.14 (%s), which page %d needs: "
			"page 223 shows where the time goes%s",
			file->path, page->number,
			page->extension.module
				? ", or let the program import teletap, whose extension has them"
				: "");
	if (lacking(origin, &file->sdt))
		return fail(msg, ENOENT, "%s lacks the marker %s, which page %d needs: %s",
			    file->path, lacking(origin, &file->sdt), page->number,
			    page->extension.module
				    ? "let the program import teletap, whose extension has it: see "
				      "'man teletap-pages'"
				    : "'teletap probes' shows what it has");
	if (is_in_vain(origin, by, file))
		return fail(
			msg, ENOTSUP,
			"%s is a CPython whose stacks cannot be read by a module (those of 3.9, "
			"3.11 and 3.13 to 3.15 can), which page %d shows: name a process (-p), "
			"whose memory is read, or take page 235, which has times",
			file->path, page->number);
	if (file->sdt.elf_machine != EM_X86_64 || file->sdt.elf_class != ELFCLASS64)
		return fail(msg, ENOTSUP,
			    "%s is not for x86-64: only such programs can be watched so far",
			    file->path);
	if (!file->sdt.build_id_len)
		return fail(msg, ENOTSUP,
			    "%s has no build-id, which ties a module to its binary: "
			    "link it with -Wl,--build-id",
			    file->path);
	if (free_limits_check(page, file, msg))
		return -ENOTSUP;
	return by == COLLECT_BPF ? bpf_limits_check(origin, file, msg) : 0;
}

/*
 * The page's markers in the extension, where this collector has its figures from there: BPF
 * programs do, a module has a script where they are not the same as CPython's own. NULL: it does
 * not.
 */
static const struct origin *extension_of(const struct page *page, enum collector by, bool *same)
{
	const struct origin *extension = &page->extension;

	*same = extension->module && !strcmp(extension->module, page->origin.module);
	return extension->module && (by == COLLECT_BPF || !*same) ? extension : NULL;
}

/*
 * The file that the page is about, and which of its markers: one kind of them, so that nothing is
 * counted twice. The extension's are taken first, those of the file that is offered, too, unless
 * CPython's tell the same. NULL: there is none; *origin is then the page's.
 */
static struct target_file *find_origin(const struct page *page, enum collector by,
				       const struct target *t, const struct origin **origin)
{
	bool same;
	const struct origin *extension = extension_of(page, by, &same);
	struct target_file *offered = by == COLLECT_BPF ? t->offered : NULL;
	const struct {
		const struct origin *origin;
		struct target_file *file;
	} loaded = { extension, extension ? file_of(extension, t) : NULL },
	  given = { extension, extension ? offered : NULL },
	  own = { &page->origin, file_of(&page->origin, t) },
	  tries[] = { same ? own : loaded, same ? loaded : given, same ? given : own };

	for (int i = 0; i < 3; i++) {
		*origin = tries[i].origin;
		if (tries[i].file && !lacking(*origin, &tries[i].file->sdt))
			return tries[i].file;
	}
	*origin = &page->origin;
	return own.file;
}

/* The CPython whose memory the page is drawn from; NULL: it is not known. */
static const struct target_file *find_python(const struct target *t, const struct plan *plan)
{
	if (strcmp(plan->origin->provider, "teletap_python") != 0)
		return plan->file;
	for (size_t i = 0; i < t->n_files; i++) {
		if (resolve_is_python(&t->files[i]))
			return &t->files[i];
	}
	return NULL;
}

/* For page 230 only: it goes through all code of an interpreter. */
static void find_ways_around(const struct page *page, const struct target *t)
{
	if (!origin_has_marker(&page->origin, "python", "import__find__load__start"))
		return;
	for (size_t k = 0; k < t->n_files; k++)
		bypass_imports(t->files[k].fd, &t->files[k].sdt);
}

int resolve_page(const struct page *page, enum collector by, const struct target *t,
		 struct plan *plan, char **msg)
{
	const struct origin *origin;
	struct target_file *file;
	char what[512];
	int err;

	if (t->kind == TARGET_GROUP && by == COLLECT_STAP && !page->whole)
		return fail(msg, ENOTSUP,
			    "%s: a module watches one process or every process of a file: name one "
			    "(-p PID, -e FILE)",
			    t->group.name);
	if (page_is_host(page))
		return resolve_host(page, by, plan);
	if (t->kind == TARGET_HOST)
		return fail(msg, ENOENT,
			    "page %d is about a program: name it (-p PID, -e FILE, -c COMMAND)",
			    page->number);
	if (by == COLLECT_MEMORY || by == COLLECT_PROC)
		return resolve_process(page, by, t, plan, msg);
	find_ways_around(page, t);
	describe(t, what, sizeof(what));
	file = find_origin(page, by, t, &origin);
	if (!file)
		return add_left_out(refuse_target(page, origin, t, what, msg), t, msg);
	if (by == COLLECT_RING && (t->kind == TARGET_FILE || t->group.n_pids > 1))
		return fail(msg, ENOTSUP,
			    "page %d is about one process: name it (-p PID, -c COMMAND)",
			    page->number);
	err = check_file(page, origin, by, file, msg);
	if (err)
		return add_left_out(err, t, msg);
	*plan = (struct plan){
		.page = page,
		.collector = by,
		.origin = origin,
		.module = origin->module,
		.file = file,
		.given = file == t->offered,
	};
	plan->python = find_python(t, plan);
	if (by == COLLECT_BPF)
		plan->program = bpf_program_name(origin, file);
	sdt_build_id_hex(&file->sdt, plan->id);
	if (by == COLLECT_RING)
		return 0;
	err = find_files(t, plan, msg);
	for (int i = 0; i < plan->n_files && !err; i++)
		err = semaphores_check(plan->files[i]->fd, plan->files[i]->path,
				       &plan->files[i]->sdt, origin->provider, origin->markers,
				       t->kind == TARGET_FILE || t->kind == TARGET_COMMAND, msg);
	if (!err && by == COLLECT_STAP)
		err = macros_identify(plan);
	if (err)
		fail(msg, -err, "%s: %s", file->path, strerror(-err));
	return err;
}

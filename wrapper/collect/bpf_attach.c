// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A probe stands at the marker itself, or, where that is faster and harms nothing, at the nop10
 * behind it (target/nop10.h). The kernel raises the marker's semaphore in each process where it
 * does (target/semaphore.c). It lets all probes at one place have the same semaphore, or none: a
 * module of SystemTap has none, so beside one of those ours have none either, and the semaphores
 * are raised from where nothing runs, as for modules.
 *
 * Probes are for all processes, and programs look themselves who it is: what the kernel
 * filters by process it hides from its children.
 */
#include "collect/bpf_attach.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/rights.h"
#include "model/origin.h"
#include "target/nop10.h"
#include "target/operand.h"
#include "target/semaphore.h"

#define SPARE 64     /* descriptors for everything else */
#define ENOTSUPP 524 /* the kernel's own, for an instruction that uprobes cannot trace */

static const char *operands_why(int err)
{
	switch (err) {
	case -ENODATA:
		return "there are too few";
	case -ENOENT:
		return "a variable is not in the file's symbol table, which may be stripped";
	case -ENOTUNIQ:
		return "the file has several variables of that name";
	case -EBADMSG:
		return "the file's symbol table makes no sense";
	default:
		return "one is of a kind that is not known";
	}
}

static int place_add(struct bpf_places *p, const struct target_file *file,
		     const struct sdt_marker *marker, const struct bpf_probe *probe, char **msg)
{
	struct bpf_place *list = realloc(p->list, (p->n + 1) * sizeof(*list));
	struct site *sites;
	struct sdt_arg args[SITE_OPERANDS];
	int n = probe->n_arguments, err;
	unsigned beside = marker->nop10 && nop10_works();

	if (list)
		p->list = list;
	sites = list ? realloc(p->sites, (p->n + 1) * sizeof(*sites)) : NULL;
	if (!sites)
		return -ENOMEM;
	p->sites = sites;
	sites[p->n] = (struct site){ .address = marker->pc + marker->shift + beside };
	n += sdt_args(marker->args, args, SITE_OPERANDS) > n ? probe->n_more : 0;
	sites[p->n].n_operands = (uint32_t)n;
	sites[p->n].kind = probe->kind;
	err = operands_parse(file->fd, marker, sites[p->n].address, sites[p->n].operands, n);
	if (err)
		return fail(
			msg, -err,
			"%s: the arguments of the marker %s:%s at 0x%llx (%s) cannot be read by "
			"BPF programs: %s: '--collector stap' may",
			file->path, marker->provider, marker->name, (unsigned long long)marker->pc,
			marker->args, operands_why(err));
	p->n_nop10 += beside;
	list[p->n++] = (struct bpf_place){ file, marker, probe, marker->site + beside };
	return 0;
}

int bpf_places_find(struct bpf_places *p, const struct plan *plan, const struct bpf_probe *probes,
		    char **msg)
{
	int err = 0;

	*p = (struct bpf_places){ 0 };
	for (; probes->marker; probes++) {
		for (int f = 0; f < plan->n_files; f++) {
			const struct target_file *file = plan->files[f];

			for (size_t i = 0; i < file->sdt.n_markers && !err; i++) {
				const struct sdt_marker *m = &file->sdt.markers[i];

				if (!strcmp(m->name, probes->marker) &&
				    origin_has_marker(plan->origin, m->provider, m->name))
					err = place_add(p, file, m, probes, msg);
			}
		}
	}
	if (p->n_nop10)
		vsay("%zu of %zu probes at a nop of ten bytes, which is faster", p->n_nop10, p->n);
	if (err)
		bpf_places_free(p);
	return err;
}

void bpf_places_free(struct bpf_places *p)
{
	free(p->list);
	free(p->sites);
	*p = (struct bpf_places){ 0 };
}

/* Each place takes two descriptors. */
static int allow_files(size_t n, char **msg)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return fail(msg, errno, "getrlimit: %s", strerror(errno));
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < 2 * n + SPARE)
		return fail(msg, ENFILE,
			    "its %zu probes need more open files than %llu: allow more, "
			    "'ulimit -n %zu'",
			    n, (unsigned long long)limit.rlim_max, 2 * n + SPARE);
	setrlimit(RLIMIT_NOFILE, &limit);
	return 0;
}

static int attach_one(const struct bpf_place *place, size_t number, const struct bpf_loaded *l,
		      bool counts, struct bpf_link **link)
{
	struct bpf_uprobe_opts opts = { .sz = sizeof(opts),
					.bpf_cookie = number,
					.ref_ctr_offset = counts ? place->marker->counter : 0 };
	struct bpf_program *program =
		bpf_object__find_program_by_name(l->object, place->probe->program);
	char path[40];

	if (!program)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place->file->fd);
	*link = bpf_program__attach_uprobe_opts(program, -1, path, place->offset, &opts);
	return *link ? 0 : -errno;
}

/*
 * All or none; counts: with the semaphores. *at: where it failed.
 */
static int attach_all(const struct bpf_places *p, const struct bpf_loaded *l, bool counts,
		      size_t *at)
{
	struct bpf_link **links = calloc(p->n + 1, sizeof(struct bpf_link *));
	int err = links ? 0 : -ENOMEM;

	for (*at = 0; !err && *at < p->n; *at += !err)
		err = attach_one(&p->list[*at], *at, l, counts, &links[*at]);
	for (size_t i = 0; err && links && i < *at; i++)
		bpf_link__destroy(links[i]);
	free(links); /* what they lead to stays until this process ends */
	return err;
}

static int raise_semaphores(const struct plan *plan, char **msg)
{
	struct semaphores held; /* until this process ends */
	int err = 0;

	for (int i = 0; i < plan->n_files && !err; i++)
		err = semaphores_raise(&held, plan->files[i]->fd, &plan->files[i]->sdt,
				       plan->origin->provider, plan->origin->markers, msg);
	return err;
}

static int refused(const struct bpf_place *place, int err, char **msg)
{
	const struct sdt_marker *m = place->marker;

	if (err == EINVAL)
		return fail(msg, EBUSY,
			    "another tracer (bpftrace, perf, bcc) is at the marker %s:%s: stop it "
			    "first",
			    m->provider, m->name);
	if (err == EACCES || err == EPERM)
		return fail(msg, err, "the kernel refuses a probe at %s:%s: %s: %s", m->provider,
			    m->name, strerror(err), rights_remedy("run as root"));
	return fail(msg, err, "%s: the kernel refuses a probe at %s:%s: %s", place->file->path,
		    m->provider, m->name,
		    err == ENOTSUPP ? "the instruction there cannot be traced; is the file altered?"
				    : strerror(err));
}

/* Programs for the kernel's own tracepoints say themselves where they belong. */
static int attach_tracepoints(const struct bpf_loaded *l, char **msg)
{
	struct bpf_program *program;

	for (program = bpf_object__next_program(l->object, NULL); program;
	     program = bpf_object__next_program(l->object, program)) {
		if (bpf_program__get_type(program) != BPF_PROG_TYPE_TRACING ||
		    bpf_program__expected_attach_type(program) == BPF_TRACE_ITER ||
		    !bpf_program__autoload(program))
			continue;
		if (!bpf_program__attach(program))
			return fail(msg, errno, "the kernel refuses the BPF program %s: %s",
				    bpf_program__section_name(program), strerror(errno));
	}
	return 0;
}

int bpf_attach(const struct bpf_places *p, const struct plan *plan, const struct bpf_loaded *l,
	       char **msg)
{
	size_t at;
	int err = attach_tracepoints(l, msg);

	if (!err)
		err = allow_files(p->n, msg);
	if (err)
		return err;
	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i].marker->counter > UINT32_MAX)
			return fail(msg, ENOTSUP,
				    "the semaphore of %s:%s lies beyond 4 GB, where the kernel "
				    "counts none",
				    p->list[i].marker->provider, p->list[i].marker->name);
	}
	err = attach_all(p, l, true, &at);
	if (err != -EINVAL)
		return err ? refused(&p->list[at], -err, msg) : 0;
	err = attach_all(p, l, false, &at);
	return err ? refused(&p->list[at], -err, msg) : raise_semaphores(plan, msg);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An object has one constant, "config", and one variable, "tables", which is mapped here, so
 * that reading it takes no system call and no time of the programs.
 */
#include "module/bpf_program.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/paths.h"

#define NO_PREALLOC 1U /* BPF_F_NO_PREALLOC */
#define APART "apart"  /* the map of figures that are told apart; others' names begin so */

void bpf_path(const char *module, char out[PATH_MAX])
{
	char share[PATH_MAX];

	if (paths_share(share, sizeof(share)))
		*share = '\0';
	if (snprintf(out, PATH_MAX, "%s/bpf/%s.bpf.o", share, module) >= PATH_MAX)
		*out = '\0';
}

/* Messages of libbpf go to -v, a line at a time, and from one thread at a time. */
static int tell(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text = NULL, *rest, *line;

	if (level == LIBBPF_DEBUG || vasprintf(&text, format, args) < 0)
		return 0;
	flockfile(stderr);
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (*line)
			vsay("%s", line);
	}
	funlockfile(stderr);
	free(text);
	return 0;
}

/* The map that holds a section of the object's data. */
static struct bpf_map *data_map(const struct bpf_object *object, const char *section)
{
	struct bpf_map *map;

	for (map = bpf_object__next_map(object, NULL); map;
	     map = bpf_object__next_map(object, map)) {
		const char *name = bpf_map__name(map);

		if (strlen(name) >= strlen(section) &&
		    !strcmp(name + strlen(name) - strlen(section), section))
			return map;
	}
	return NULL;
}

/* Where a variable lies in its section. */
static bool find_variable(const struct bpf_object *object, const char *section, const char *name,
			  size_t *at, size_t *size)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_var_secinfo *info = btf_var_secinfos(type) + i;
		const struct btf_type *variable = btf__type_by_id(btf, info->type);

		if (strcmp(btf__name_by_offset(btf, variable->name_off), name) != 0)
			continue;
		*at = info->offset;
		*size = info->size;
		return true;
	}
	return false;
}

static int set_config(struct bpf_object *object, const struct config *own)
{
	struct bpf_map *map = data_map(object, ".rodata");
	const char *old;
	char *data = NULL;
	size_t at, size, all;
	int err = -EINVAL;

	old = map ? bpf_map__initial_value(map, &all) : NULL;
	if (!old || !find_variable(object, ".rodata", "config", &at, &size) ||
	    size != sizeof(*own) || at + size > all)
		return err;
	data = malloc(all);
	if (!data)
		return -ENOMEM;
	memcpy(data, old, all);
	memcpy(data + at, own, size);
	err = bpf_map__set_initial_value(map, data, all);
	free(data);
	return err;
}

/*
 * Tables that take memory as they fill: before Linux 6.1 the kernel warns of them in programs
 * like ours, and has no memory ready for them.
 */
static void set_prealloc(struct bpf_object *object)
{
	struct utsname host;
	int major = 0, minor = 0;
	struct bpf_map *map;

	uname(&host);
	sscanf(host.release, "%d.%d", &major, &minor);
	if (major > 6 || (major == 6 && minor >= 1))
		return;
	for (map = bpf_object__next_map(object, NULL); map; map = bpf_object__next_map(object, map))
		bpf_map__set_map_flags(map, bpf_map__map_flags(map) & ~NO_PREALLOC);
}

/* Programs whose names begin so are not always wanted. */
static void set_optional(struct bpf_object *object, const char *begins, bool wanted)
{
	struct bpf_program *program;

	for (program = bpf_object__next_program(object, NULL); program;
	     program = bpf_object__next_program(object, program)) {
		if (!strncmp(bpf_program__name(program), begins, strlen(begins)))
			bpf_program__set_autoload(program, wanted);
	}
}

/* Tables of figures that are told apart are large, and not always wanted. */
static void set_apart(struct bpf_object *object, bool wanted)
{
	struct bpf_map *map;

	for (map = bpf_object__next_map(object, NULL); map;
	     map = bpf_object__next_map(object, map)) {
		if (!strncmp(bpf_map__name(map), APART, strlen(APART)))
			bpf_map__set_autocreate(map, wanted);
	}
}

static int fill_sites(const struct bpf_object *object, const struct site *sites, size_t n)
{
	int fd = bpf_object__find_map_fd_by_name(object, "sites"), err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		err = bpf_map_update_elem(fd, &i, &sites[i], BPF_ANY);
	return err;
}

/*
 * The map for "tables". Made by libbpf it would be written over with the zeros that it holds
 * already: megabytes, in an extra copy of our own.
 */
static int make_tables(struct bpf_object *object)
{
	struct bpf_map *map = data_map(object, ".bss");
	struct bpf_map_create_opts opts = { .sz = sizeof(opts) };
	int fd, err;

	if (!map)
		return -EINVAL;
	opts.map_flags = bpf_map__map_flags(map);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, bpf_map__name(map), sizeof(uint32_t),
			    bpf_map__value_size(map), 1, &opts);
	if (fd < 0)
		return fd;
	err = bpf_map__reuse_fd(map, fd); /* keeps one of its own */
	close(fd);
	return err;
}

static int map_apart(struct bpf_loaded *l)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(l->object, APART);
	void *tables;

	if (!map || !bpf_map__autocreate(map))
		return 0;
	l->apart_size = bpf_map__value_size(map);
	tables = mmap(NULL, l->apart_size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (tables == MAP_FAILED)
		return -errno;
	l->apart = tables;
	return 0;
}

static int map_tables(struct bpf_loaded *l)
{
	struct bpf_map *map = data_map(l->object, ".bss");
	size_t at, size;
	void *tables;

	if (!map || !find_variable(l->object, ".bss", "tables", &at, &size) || at)
		return -EINVAL;
	tables = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (tables == MAP_FAILED)
		return -errno;
	l->tables = tables;
	l->size = size;
	return 0;
}

/* Whether functions of the kernel are to run it. */
static bool has_hooks(const struct bpf_object *object)
{
	struct bpf_program *program = bpf_object__next_program(object, NULL);

	return program && bpf_program__expected_attach_type(program) == BPF_TRACE_FENTRY;
}

static int refused(const char *module, bool hooks, int err, char **msg)
{
	if (hooks)
		return fail(msg, err,
			    "the kernel does not take the BPF program %s, which needs fentry: %s; "
			    "'--collector stap' takes a module instead",
			    module, strerror(err));
	if (err == EPERM) /* EACCES is of the one that checks programs */
		return fail(msg, err,
			    "the kernel refuses BPF programs (%s): run as root, outside of a "
			    "container, on a kernel whose lockdown is not 'confidentiality'",
			    strerror(err));
	return fail(msg, err,
		    "the kernel does not take the BPF program %s: %s; -v says more, and "
		    "'--collector stap' takes a module instead",
		    module, strerror(err));
}

/*
 * Memory for what libbpf copies of the kernel's types, 5 MB twice. Taken page by page it costs a
 * third of the time until the first output where page faults are dear, as in virtual machines.
 */
static void prepare_heap(void)
{
	static const size_t huge = 2 << 20, room = 16 << 20;
	char *heap, *first;

	mallopt(M_MMAP_THRESHOLD, (int)(2 * room));
	mallopt(M_TRIM_THRESHOLD, (int)(2 * room));
	heap = malloc(room);
	if (!heap)
		return;
	first = heap + (huge - (uintptr_t)heap % huge);
	madvise(first, (size_t)(heap + room - first) & ~(huge - 1), MADV_HUGEPAGE);
	free(heap);
}

int bpf_load(struct bpf_loaded *l, const char *module, const struct config *config,
	     const struct site *sites, size_t n_sites, char **msg)
{
	const char *room = getenv(BPF_ROOM);
	struct config own = *config;
	char path[PATH_MAX];
	struct bpf_map *map;
	int err;

	*l = (struct bpf_loaded){ .room = room ? (uint32_t)atoi(room) : 0 };
	bpf_path(module, path);
	if (access(path, R_OK))
		return fail(msg, ENOENT,
			    "%s: there is no such BPF program: build teletap with "
			    "clang",
			    path);
	libbpf_set_print(tell);
	l->object = bpf_object__open_file(path, NULL);
	if (!l->object)
		return fail(msg, errno, "%s: %s: install teletap again", path, strerror(errno));
	set_prealloc(l->object);
	set_apart(l->object, config->by);
	set_optional(l->object, "library_", config->library);
	set_optional(l->object, "waiting_", config->waiting);
	own.room = l->room;
	own.one_site = n_sites == 1;
	if (own.one_site)
		own.site = sites[0];
	err = set_config(l->object, &own);
	map = bpf_object__find_map_by_name(l->object, "sites");
	if (!err && map)
		err = bpf_map__set_max_entries(map, (uint32_t)n_sites);
	if (!err)
		err = make_tables(l->object);
	prepare_heap();
	if (!err)
		err = bpf_object__load(l->object);
	if (!err && map)
		err = fill_sites(l->object, sites, n_sites);
	if (!err)
		err = map_tables(l);
	if (!err)
		err = map_apart(l);
	if (err) {
		bool hooks = has_hooks(l->object);

		bpf_unload(l);
		return refused(module, hooks, -err, msg);
	}
	return 0;
}

/* It has nothing to say: it writes into the tables. */
void bpf_look(const struct bpf_loaded *l, const char *iterator)
{
	struct bpf_program *program = bpf_object__find_program_by_name(l->object, iterator);
	struct bpf_link *link = program && bpf_program__autoload(program)
					? bpf_program__attach_iter(program, NULL)
					: NULL;
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	char nothing[64];

	while (fd >= 0 && read(fd, nothing, sizeof(nothing)) > 0)
		;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
}

uint64_t bpf_missed(const struct bpf_loaded *l)
{
	struct bpf_program *program;
	uint64_t missed = 0;

	for (program = bpf_object__next_program(l->object, NULL); program;
	     program = bpf_object__next_program(l->object, program)) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			missed += info.recursion_misses;
	}
	return missed;
}

void bpf_unload(struct bpf_loaded *l)
{
	if (l->tables)
		munmap(l->tables, l->size);
	if (l->apart)
		munmap(l->apart, l->apart_size);
	bpf_object__close(l->object);
	*l = (struct bpf_loaded){ 0 };
}

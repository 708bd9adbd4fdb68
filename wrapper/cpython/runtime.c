// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpython/runtime.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tapsets/teletap_layouts.h"

#define SCAN_BYTES 65536
#define SCAN_MAX (64 << 20)
#define SECTION ".PyRuntime"
#define INTERPRETERS 256 /* of one list */

bool runtime_says(struct memory *m, uint64_t runtime, uint64_t *version)
{
	uint64_t words[2];

	if (memory_read(m, runtime, words, sizeof(words)) || memcmp(words, PYTHON_COOKIE, 8) != 0)
		return false;
	*version = words[1];
	return words[1] >> 16 >= 0x030d && words[1] >> 24 == 3;
}

static uint64_t scan_part(struct memory *m, uint64_t from, uint64_t size)
{
	char *bytes = malloc(SCAN_BYTES);
	uint64_t found = 0, version;

	from += -from % 8;
	for (uint64_t at = 0; bytes && !found && at < size && at < SCAN_MAX; at += SCAN_BYTES) {
		uint64_t wanted = size - at < SCAN_BYTES ? size - at : SCAN_BYTES;
		ssize_t n = memory_read_once(m, from + at, bytes, wanted);

		for (ssize_t i = 0; i + 8 <= n && !found; i += 8) {
			if (!memcmp(bytes + i, PYTHON_COOKIE, 8) &&
			    runtime_says(m, from + at + (uint64_t)i, &version))
				found = from + at + (uint64_t)i;
		}
		if (n < (ssize_t)wanted)
			break;
	}
	free(bytes);
	return found;
}

static bool is_address(uint64_t word)
{
	return word >= 65536 && word % 8 == 0;
}

/*
 * Whether these are the addresses of the newest interpreter and the main one. Which is the oldest
 * one, the last of the list, and its thread states say whose they are and which thread's: what
 * pthread_self() gives points to itself (struct pthread of glibc and musl).
 */
static bool are_interpreters(struct memory *m, uint64_t newest, uint64_t main)
{
	const struct python_layout *l = PYTHON_ROW(python_layouts, 9);
	uint64_t at = newest, next = newest, state, interpreter, ident, self;

	if (!is_address(newest) || !is_address(main))
		return false;
	for (int i = 0; next && i < INTERPRETERS; i++) {
		at = next;
		if (!is_address(at) || memory_read(m, at + l->i_next, &next, sizeof(next)))
			return false;
	}
	return at == main && !next && !memory_read(m, main + l->i_threads, &state, 8) &&
	       is_address(state) && !memory_read(m, state + l->t_interp, &interpreter, 8) &&
	       interpreter == main && !memory_read(m, state + l->t_ident, &ident, 8) &&
	       is_address(ident) && !memory_read(m, ident, &self, 8) && self == ident;
}

/* Looks among what began as 0. */
static uint64_t scan_zeroed(struct memory *m, uint64_t from, uint64_t size)
{
	const struct python_layout *l = PYTHON_ROW(python_layouts, 9);
	uint64_t *words = malloc(SCAN_BYTES), found = 0;

	for (uint64_t at = 0; words && !found && at < size && at < SCAN_MAX; at += SCAN_BYTES - 8) {
		uint64_t wanted = size - at < SCAN_BYTES ? size - at : SCAN_BYTES;
		ssize_t n = memory_read_once(m, from + at, words, wanted);

		for (ssize_t i = 0; i + 1 < n / 8 && !found; i++) {
			if (words[i] && are_interpreters(m, words[i], words[i + 1]))
				found = from + at + (uint64_t)i * 8 - l->r_head;
		}
		if (n < (ssize_t)wanted)
			break;
	}
	free(words);
	return found;
}

uint64_t runtime_guess(struct memory *m, const struct loaded *l)
{
	uint64_t found = 0;

	for (int i = 0; i < l->n_parts && !found; i++) {
		uint64_t from = (l->parts[i].at + l->parts[i].stored + 7) & ~UINT64_C(7);
		uint64_t end = l->parts[i].at + l->parts[i].size;

		if (l->parts[i].writable && from < end)
			found = scan_zeroed(m, from, end - from);
	}
	return found;
}

/* The address of the section in the program's file; 0: it has none. */
static uint64_t find_section(pid_t pid)
{
	Elf_Scn *scn = NULL;
	uint64_t found = 0;
	size_t names = 0;
	char path[32];
	GElf_Shdr sh;
	Elf *elf;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	while (elf && !elf_getshdrstrndx(elf, &names) && !found && (scn = elf_nextscn(elf, scn))) {
		const char *name =
			gelf_getshdr(scn, &sh) ? elf_strptr(elf, names, sh.sh_name) : NULL;

		if (name && !strcmp(name, SECTION))
			found = sh.sh_addr;
	}
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return found;
}

/* The first file that a process has loaded is its program. */
static bool is_program(const struct memory *m, const struct loaded *l)
{
	struct loaded_files files;
	bool is;

	if (loaded_list(m->pid, &files))
		return false;
	is = files.n && files.list[0].base == l->base;
	loaded_list_free(&files);
	return is;
}

uint64_t runtime_find(struct memory *m, const struct loaded *l)
{
	uint64_t found = 0;

	for (int i = 0; i < l->n_parts && !found; i++) {
		if (l->parts[i].writable)
			found = scan_part(m, l->parts[i].at, l->parts[i].stored);
	}
	if (!found && is_program(m, l) && (found = find_section(m->pid)))
		found += l->bias;
	return found;
}

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

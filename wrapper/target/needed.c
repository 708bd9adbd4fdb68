// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/needed.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES 4096 /* of the dynamic section that are looked at */

struct needed {
	const char *name;            /* of the library; NULL: it needs none of that name */
	const char *rpath, *runpath; /* before and after those of the environment; NULL: none */
};

static void read_dynamic(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const char *begins,
			 struct needed *n)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Dyn entry;

	for (int i = 0; data && i < ENTRIES && gelf_getdyn(data, i, &entry); i++) {
		const char *text = entry.d_tag == DT_NEEDED || entry.d_tag == DT_RUNPATH ||
						   entry.d_tag == DT_RPATH
					   ? elf_strptr(elf, header->sh_link, entry.d_un.d_val)
					   : NULL;

		if (!text)
			continue;
		if (entry.d_tag == DT_RPATH)
			n->rpath = text;
		else if (entry.d_tag == DT_RUNPATH)
			n->runpath = text;
		else if (!strncmp(text, begins, strlen(begins)) && !strchr(text, '/'))
			n->name = text;
	}
}

static char *try_folder(const char *folder, int length, const char *origin, const char *name)
{
	static const char *const words[] = { "$ORIGIN", "${ORIGIN}" };
	char *path = NULL, *real;

	for (int i = 0; i < 2; i++) {
		int size = (int)strlen(words[i]);

		if (length >= size && !strncmp(folder, words[i], (size_t)size) &&
		    asprintf(&path, "%s%.*s/%s", origin, length - size, folder + size, name) < 0)
			return NULL;
	}
	if (!path && asprintf(&path, "%.*s/%s", length, folder, name) < 0)
		return NULL;
	real = *path == '/' ? realpath(path, NULL) : NULL;
	free(path);
	return real;
}

/* In each of the folders, which colons separate, and semicolons in the environment. */
static char *try_folders(const char *folders, const char *origin, const char *name)
{
	char *found = NULL;

	while (folders && *folders && !found) {
		int length = (int)strcspn(folders, ":;");

		found = try_folder(folders, length, origin, name);
		folders += length;
		folders += *folders != '\0';
	}
	return found;
}

/* In the dynamic linker's order: ld.so(8). */
static char *try_all(const struct needed *n, const char *origin)
{
	const char *const folders[] = {
		n->runpath ? NULL : n->rpath, getenv("LD_LIBRARY_PATH"), n->runpath,
		"/usr/local/lib:/lib/x86_64-linux-gnu:"
		"/usr/lib/x86_64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib"
	};
	char *found = NULL;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders) && !found; i++)
		found = try_folders(folders[i], origin, n->name);
	return found;
}

char *needed_find(int fd, const char *path, const char *begins)
{
	char *origin = strdup(path), *found = NULL;
	struct needed n = { 0 };
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	while (elf && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC)
			read_dynamic(elf, section, &header, begins, &n);
	}
	if (origin && strrchr(origin, '/'))
		*strrchr(origin, '/') = '\0';
	if (origin && n.name)
		found = try_all(&n, origin);
	elf_end(elf);
	free(origin);
	return found;
}

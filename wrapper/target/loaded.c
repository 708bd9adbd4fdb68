// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dynamic section, which the dynamic linker works by, is in memory, and with it all that
 * is exported: DT_SYMTAB and DT_STRTAB, found by DT_GNU_HASH or DT_HASH (System V ABI, chapter
 * 5; "GNU hash" as in glibc's elf/dl-lookup.c). Some dynamic linkers have put addresses in
 * place of the offsets in it, others not.
 */
#include "target/loaded.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 65536 /* symbols that are looked at */
#define DYNAMIC_MAX 512 /* entries of a dynamic section */

int loaded_list(pid_t pid, struct loaded_files *files)
{
	char *line = NULL, name[64];
	size_t size = 0;
	int err = 0;
	FILE *f;

	*files = (struct loaded_files){ 0 };
	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	f = fopen(name, "re");
	if (!f)
		return -errno;
	while (!err && files->n < LOADED_FILES && getline(&line, &size, f) > 0) {
		uint64_t start, offset;
		struct loaded_file *more;
		int at = 0;

		if (sscanf(line, "%" SCNx64 "-%*x %*4s %" SCNx64 " %*x:%*x %*u %n", &start, &offset,
			   &at) != 2 ||
		    !at || offset || line[at] != '/')
			continue;
		more = reallocarray(files->list, files->n + 1, sizeof(*more));
		if (more)
			files->list = more;
		line[at + (int)strcspn(line + at, "\n")] = '\0';
		if (more && (more[files->n].path = strdup(line + at)))
			files->list[files->n++].base = start;
		else
			err = -ENOMEM;
	}
	free(line);
	fclose(f);
	if (err)
		loaded_list_free(files);
	return err;
}

void loaded_list_free(struct loaded_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->list[i].path);
	free(files->list);
	*files = (struct loaded_files){ 0 };
}

/* An entry of the dynamic section as an address. */
static uint64_t place(const struct loaded *l, uint64_t value)
{
	return value < l->bias ? value + l->bias : value;
}

static void read_dynamic(struct memory *m, struct loaded *l, uint64_t at)
{
	Elf64_Dyn d;

	for (int i = 0; i < DYNAMIC_MAX; i++) {
		if (memory_read(m, at + (uint64_t)i * sizeof(d), &d, sizeof(d)) ||
		    d.d_tag == DT_NULL)
			return;
		if (d.d_tag == DT_SYMTAB)
			l->symbols = place(l, d.d_un.d_ptr);
		else if (d.d_tag == DT_STRTAB)
			l->strings = place(l, d.d_un.d_ptr);
		else if (d.d_tag == DT_GNU_HASH)
			l->gnu_hash = place(l, d.d_un.d_ptr);
		else if (d.d_tag == DT_HASH)
			l->hash = place(l, d.d_un.d_ptr);
	}
}

int loaded_open(struct memory *m, uint64_t base, struct loaded *l, bool *is_32)
{
	uint64_t dynamic = 0, first = UINT64_MAX;
	Elf64_Ehdr head;
	Elf64_Phdr part;
	int err;

	*l = (struct loaded){ .base = base };
	err = memory_read(m, base, &head, sizeof(head));
	if (err)
		return err;
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	*is_32 |= head.e_ident[EI_CLASS] == ELFCLASS32;
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != EM_X86_64 ||
	    head.e_phentsize != sizeof(part))
		return -ENOEXEC;
	for (int i = 0; i < head.e_phnum; i++) {
		err = memory_read(m, base + head.e_phoff + (uint64_t)i * sizeof(part), &part,
				  sizeof(part));
		if (err)
			return err;
		if (part.p_type == PT_LOAD && !part.p_offset && first == UINT64_MAX)
			first = part.p_vaddr;
		if (part.p_type == PT_DYNAMIC)
			dynamic = part.p_vaddr;
		if (part.p_type != PT_LOAD || l->n_parts == LOADED_PARTS)
			continue;
		l->parts[l->n_parts].at = part.p_vaddr;
		l->parts[l->n_parts].size = part.p_memsz;
		l->parts[l->n_parts].stored = part.p_filesz;
		l->parts[l->n_parts++].writable = part.p_flags & PF_W;
	}
	l->bias = base - (first == UINT64_MAX ? 0 : first);
	for (int i = 0; i < l->n_parts; i++)
		l->parts[i].at += l->bias;
	if (dynamic)
		read_dynamic(m, l, dynamic + l->bias);
	return 0;
}

/* The address of the symbol with this number, if it has this name and is defined here. */
static uint64_t symbol_at(struct memory *m, const struct loaded *l, uint32_t number,
			  const char *name)
{
	size_t len = strlen(name) + 1;
	char text[64];
	Elf64_Sym s;

	if (len > sizeof(text) ||
	    memory_read(m, l->symbols + (uint64_t)number * sizeof(s), &s, sizeof(s)) ||
	    s.st_shndx == SHN_UNDEF || memory_read(m, l->strings + s.st_name, text, len) ||
	    memcmp(text, name, len) != 0)
		return 0;
	return s.st_value + l->bias;
}

static uint64_t find_gnu(struct memory *m, const struct loaded *l, const char *name)
{
	uint32_t head[4], hash = 5381, number, value; /* buckets, first, words, shift */
	uint64_t buckets, chain, found = 0;

	for (const char *s = name; *s; s++)
		hash = hash * 33 + (unsigned char)*s;
	if (memory_read(m, l->gnu_hash, head, sizeof(head)) || !head[0])
		return 0;
	buckets = l->gnu_hash + sizeof(head) + (uint64_t)head[2] * 8;
	chain = buckets + (uint64_t)head[0] * 4;
	if (memory_read(m, buckets + (uint64_t)(hash % head[0]) * 4, &number, 4) ||
	    number < head[1])
		return 0;
	for (int i = 0; i < CHAIN_MAX && !found; i++, number++) {
		if (memory_read(m, chain + (uint64_t)(number - head[1]) * 4, &value, 4))
			return 0;
		if ((value | 1) == (hash | 1))
			found = symbol_at(m, l, number, name);
		if (value & 1)
			break;
	}
	return found;
}

uint64_t loaded_symbol(struct memory *m, const struct loaded *l, const char *name)
{
	uint32_t head[2]; /* buckets, symbols */
	uint64_t found = 0;

	if (!l->symbols || !l->strings)
		return 0;
	if (l->gnu_hash)
		return find_gnu(m, l, name);
	if (!l->hash || memory_read(m, l->hash, head, sizeof(head)))
		return 0;
	for (uint32_t i = 1; i < head[1] && i < CHAIN_MAX && !found; i++)
		found = symbol_at(m, l, i, name);
	return found;
}

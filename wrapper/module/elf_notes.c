// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf_notes: markers -> the notes of an ELF file.
 *
 * SystemTap reads the notes itself, by other rules than sdt.c: it would probe the sites that
 * are left out there, and what a file can be made to say differently to two readers. So it
 * never sees the file's own notes: all sections of notes but the loaded ones, where it does
 * not look, change their type, and .note.stapsdt leads to new ones behind the end of the
 * file, which hold what sdt.c has found.
 */
#include "module/elf_notes.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER "stapsdt"
#define MARKER 3 /* the note's type */

static void put_padded(FILE *f, const void *bytes, size_t size)
{
	fwrite(bytes, 1, size, f);
	fwrite("\0\0\0", 1, -size % 4, f);
}

/*
 * SystemTap takes an address less that of the first segment for the place in the file, which
 * is wrong where segments lie closer there than in memory (lld, mold): so it is told the
 * address that comes out right.
 */
static void put_marker(FILE *f, const struct sdt_marker *m, const struct sdt_file *sdt)
{
	const uint64_t addresses[3] = { m->site + sdt->load, sdt->base, 0 };
	size_t strings = (size_t)(m->args - m->provider) + strlen(m->args) + 1;
	const Elf64_Nhdr head = { sizeof(OWNER), (Elf64_Word)(sizeof(addresses) + strings),
				  MARKER };

	fwrite(&head, 1, sizeof(head), f);
	put_padded(f, OWNER, sizeof(OWNER));
	fwrite(addresses, 1, sizeof(addresses), f);
	put_padded(f, m->provider, strings); /* its name and args follow in the same block */
}

static int put_all(int fd, const struct sdt_file *sdt, off_t at, Elf64_Shdr *section)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&bytes, &size);
	int err = 0;

	for (size_t i = 0; f && i < sdt->n_markers; i++)
		put_marker(f, &sdt->markers[i], sdt);
	if (!f || fclose(f))
		err = -ENOMEM;
	else if (pwrite(fd, bytes, size, at) != (ssize_t)size)
		err = -EIO;
	free(bytes);
	section->sh_type = SHT_NOTE;
	section->sh_flags = 0;
	section->sh_offset = (Elf64_Off)at;
	section->sh_size = size;
	section->sh_addralign = 4;
	return err;
}

static bool has_name(int fd, const Elf64_Shdr *names, const Elf64_Shdr *section)
{
	static const char wanted[] = ".note.stapsdt";
	char name[sizeof(wanted)];

	return pread(fd, name, sizeof(name), (off_t)(names->sh_offset + section->sh_name)) ==
		       (ssize_t)sizeof(name) &&
	       !memcmp(name, wanted, sizeof(wanted));
}

/* Changes the section table, count entries at table, of which names names the others. */
static int replace(int fd, const struct sdt_file *sdt, off_t table, size_t count, size_t names)
{
	Elf64_Shdr section, of_names;
	bool done = false;
	struct stat st;
	int err = 0;

	if (fstat(fd, &st) ||
	    pread(fd, &of_names, sizeof(of_names), table + (off_t)(names * sizeof(of_names))) !=
		    (ssize_t)sizeof(of_names))
		return -ENOEXEC;
	for (size_t i = 0; i < count && !err; i++, table += (off_t)sizeof(section)) {
		if (pread(fd, &section, sizeof(section), table) != (ssize_t)sizeof(section))
			return -ENOEXEC;
		if (section.sh_type != SHT_NOTE || (section.sh_flags & SHF_ALLOC))
			continue;
		section.sh_type = SHT_PROGBITS;
		if (!done && has_name(fd, &of_names, &section)) {
			err = put_all(fd, sdt, (st.st_size + 7) & ~(off_t)7, &section);
			done = true;
		}
		if (!err &&
		    pwrite(fd, &section, sizeof(section), table) != (ssize_t)sizeof(section))
			err = -EIO;
	}
	return err ? err : done || !sdt->n_markers ? 0 : -ENOEXEC;
}

int notes_replace(int fd, const struct sdt_file *sdt)
{
	Elf64_Shdr zero = { 0 };
	Elf64_Ehdr head;
	size_t count, names;
	int err;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    head.e_shentsize != sizeof(zero) || head.e_shoff > INT64_MAX / 2)
		return -ENOEXEC;
	if (pread(fd, &zero, sizeof(zero), (off_t)head.e_shoff) != (ssize_t)sizeof(zero))
		return -ENOEXEC;
	count = head.e_shnum ? head.e_shnum : zero.sh_size;
	names = head.e_shstrndx == SHN_XINDEX ? zero.sh_link : head.e_shstrndx;
	if (!head.e_shoff && !sdt->n_markers)
		count = names = 0; /* no sections, so no notes */
	else if (count > UINT32_MAX || names >= count)
		return -ENOEXEC;
	err = count ? replace(fd, sdt, (off_t)head.e_shoff, count, names) : 0;
	head.e_type = ET_EXEC;
	if (!err && pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
		err = -EIO;
	return err;
}

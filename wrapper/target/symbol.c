// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program's own thread variables lie below the thread pointer, as the ABI lays down ("ELF
 * Handling For Thread-Local Storage", variant II): its block ends there, as long as its segment
 * is when rounded up to its alignment.
 */
#include "target/symbol.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>

static bool is_wanted(const GElf_Sym *sym, const char *found, const char *name)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS && type != STT_SECTION &&
	       type != STT_FILE && found && !strcmp(found, name);
}

/* Adds what a table has of that name. */
static int search(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, const char *name, GElf_Sym *found,
		  int n)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Sym sym;

	for (int i = 1; data && n < 2 && gelf_getsym(data, i, &sym); i++) {
		if (!is_wanted(&sym, elf_strptr(elf, sh->sh_link, sym.st_name), name) ||
		    (n && sym.st_value == found->st_value && sym.st_info == found->st_info))
			continue;
		*found = sym;
		n++;
	}
	return n;
}

static int find(Elf *elf, const char *name, GElf_Sym *found)
{
	int n = 0;

	/* What the table of dynamic symbols has, the other one has as well, if it is there. */
	for (int table = 0; table < 2 && !n; table++) {
		Elf_Scn *scn = NULL;
		GElf_Shdr sh;

		while ((scn = elf_nextscn(elf, scn))) {
			if (gelf_getshdr(scn, &sh) &&
			    sh.sh_type == (table ? SHT_DYNSYM : SHT_SYMTAB))
				n = search(elf, scn, &sh, name, found, n);
		}
	}
	return n == 1 ? 0 : n ? -ENOTUNIQ : -ENOENT;
}

static int thread_block(Elf *elf, uint64_t *size)
{
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_TLS)
			continue;
		if (ph.p_align > 1U << 30 || ph.p_align & (ph.p_align - 1) ||
		    ph.p_memsz > 1ULL << 40)
			return -EBADMSG;
		*size = ph.p_align ? (ph.p_memsz + ph.p_align - 1) & ~(ph.p_align - 1) : ph.p_memsz;
		return 0;
	}
	return -EBADMSG;
}

int symbol_find(int fd, const char *name, struct symbol *s)
{
	Elf *elf = elf_version(EV_CURRENT) ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	uint64_t block;
	GElf_Sym sym;
	int err = elf ? find(elf, name, &sym) : -EBADMSG;

	if (!err) {
		s->value = (int64_t)sym.st_value;
		s->per_thread = GELF_ST_TYPE(sym.st_info) == STT_TLS;
		if (s->per_thread)
			err = thread_block(elf, &block);
		if (!err && s->per_thread)
			s->value -= (int64_t)block;
	}
	if (elf)
		elf_end(elf);
	return err;
}

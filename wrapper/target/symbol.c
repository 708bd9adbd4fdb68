// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program's own thread variables lie below the thread pointer, as the ABI lays down ("ELF
 * Handling For Thread-Local Storage", variant II): its block ends there, as long as its segment
 * is when rounded up to its alignment.
 */
#include "target/symbol.h"

#include <errno.h>
#include <string.h>

bool symbol_next(struct symbol_walk *w, GElf_Sym *symbol, const char **name)
{
	while (!w->data || !gelf_getsym(w->data, w->next, symbol)) {
		w->section = elf_nextscn(w->elf, w->section);
		if (!w->section)
			return false;
		w->next = 1; /* the first one stands for none */
		w->data = gelf_getshdr(w->section, &w->header) && w->header.sh_type == w->type
				  ? elf_getdata(w->section, NULL)
				  : NULL;
	}
	w->next++;
	*name = elf_strptr(w->elf, w->header.sh_link, symbol->st_name);
	return true;
}

static bool is_wanted(const GElf_Sym *sym, const char *found, const char *name)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS && type != STT_SECTION &&
	       type != STT_FILE && found && !strcmp(found, name);
}

static int find(Elf *elf, const char *name, GElf_Sym *found)
{
	int n = 0;

	/* What the table of dynamic symbols has, the other one has as well, if it is there. */
	for (int table = 0; table < 2 && !n; table++) {
		struct symbol_walk w = { .elf = elf, .type = table ? SHT_DYNSYM : SHT_SYMTAB };
		const char *its;
		GElf_Sym sym;

		while (n < 2 && symbol_next(&w, &sym, &its)) {
			if (!is_wanted(&sym, its, name) ||
			    (n && sym.st_value == found->st_value && sym.st_info == found->st_info))
				continue;
			*found = sym;
			n++;
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

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions behind gc.collect() are static, and Debian's binaries are stripped.
 * But Python finds gc.collect() by a table, struct PyMethodDef { char *name; function;
 * int flags; char *doc }, and so do we: by the entry whose name is "collect" and whose
 * doc begins with that signature. PyGC_Collect() is exported. Where a function ends is
 * seen from the sorted table in .eh_frame_hdr, where the next one begins; unlikely parts
 * of it lie elsewhere, and are reached by jumps. Both call the collector, directly or
 * not, by the one function of .text, not exported, that both call (e8 and a 32-bit
 * distance): what is behind that instruction is the address sought. Seen to be so, with
 * one such function, in Debian's 3.9.2, 3.11.2, 3.13, 3.14.8 and 3.15.0, and in
 * libpython from 3.13 on.
 *
 * Nothing in the file is believed: every address is looked up in its segments, every
 * read is checked against the file's size. Where it looks otherwise, nothing is found.
 */
#include "cpython/gc_call_sites.h"

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cpython/binary.h"
#include "target/symbol.h"

#define DOC "collect($module"
#define TRIES 100 /* CPython has some methods of that name */
#define FUNCTION_MAX 4096
#define CALLS_MAX 64

struct file {
	Elf *elf;
	const unsigned char *bytes;
	size_t size;
	Elf_Data *moves; /* relocations of a library's pointers; NULL: none */
	size_t n_moves;
};

struct call {
	uint64_t target, back;
};

/* The file's bytes at an address, at least size of them; NULL: they are not there. */
static const unsigned char *at(const struct file *f, uint64_t addr, size_t size)
{
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(f->elf, i, &ph); i++) {
		if (ph.p_type != PT_LOAD || addr < ph.p_vaddr || addr - ph.p_vaddr >= ph.p_filesz)
			continue;
		if (ph.p_filesz - (addr - ph.p_vaddr) < size || ph.p_offset > f->size ||
		    f->size - ph.p_offset < addr - ph.p_vaddr + size)
			return NULL;
		return f->bytes + ph.p_offset + (addr - ph.p_vaddr);
	}
	return NULL;
}

static bool is_text(const struct file *f, uint64_t addr, const char *text, size_t size)
{
	const unsigned char *p = at(f, addr, size);

	return p && !memcmp(p, text, size);
}

/* The pointer at an address, as it will be when the file is mapped at 0. */
static uint64_t pointer(const struct file *f, uint64_t addr)
{
	const unsigned char *p = at(f, addr, 8);
	uint64_t value = 0;
	GElf_Rela rela;

	for (size_t i = 0; i < f->n_moves; i++) {
		if (gelf_getrela(f->moves, (int)i, &rela) && rela.r_offset == addr &&
		    GELF_R_TYPE(rela.r_info) == R_X86_64_RELATIVE)
			return (uint64_t)rela.r_addend;
	}
	if (p)
		memcpy(&value, p, sizeof(value));
	return value;
}

/* The function of the entry at addr, if it is the one for gc.collect(); or 0. */
static uint64_t method(const struct file *f, uint64_t addr)
{
	return is_text(f, pointer(f, addr + 24), DOC, strlen(DOC)) ? pointer(f, addr + 8) : 0;
}

static uint64_t find_method(const struct file *f)
{
	uint64_t name, found;
	GElf_Rela rela;
	GElf_Phdr ph;
	int tries = 0; /* each looks through all moves */

	for (size_t i = 0; i < f->n_moves && tries < TRIES; i++) {
		if (gelf_getrela(f->moves, (int)i, &rela) &&
		    GELF_R_TYPE(rela.r_info) == R_X86_64_RELATIVE &&
		    is_text(f, (uint64_t)rela.r_addend, "collect", 8) && ++tries &&
		    (found = method(f, rela.r_offset)))
			return found;
	}
	for (int i = 0; gelf_getphdr(f->elf, i, &ph); i++) {
		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_W))
			continue;
		for (uint64_t k = 0; k + 32 <= ph.p_filesz && tries < 2 * TRIES; k += 8) {
			const unsigned char *p = at(f, ph.p_vaddr + k, 32);

			if (!p)
				break;
			memcpy(&name, p, sizeof(name));
			if (name && is_text(f, name, "collect", 8) && ++tries &&
			    (found = method(f, ph.p_vaddr + k)))
				return found;
		}
	}
	return 0;
}

/* Where the function at addr ends at the latest; addr: not known. */
static uint64_t function_end(const struct file *f, uint64_t addr)
{
	const unsigned char *p = NULL;
	uint64_t end = addr, base = 0;
	uint32_t count = 0;
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(f->elf, i, &ph); i++) {
		if (ph.p_type == PT_GNU_EH_FRAME && ph.p_filesz >= 12) {
			base = ph.p_vaddr;
			p = at(f, base, 12);
		}
	}
	/* version 1, any pointer to .eh_frame of 4 bytes, 4-byte count, a table of pairs
	 * of signed 4-byte distances from here */
	if (!p || p[0] != 1 || (p[1] & 15) != 11 || p[2] != 3 || p[3] != 0x3b)
		return addr;
	memcpy(&count, p + 8, sizeof(count));
	p = at(f, base, 12 + (size_t)count * 8);
	for (uint32_t i = 0; p && i < count; i++) {
		int32_t distance;

		memcpy(&distance, p + 12 + (size_t)i * 8, sizeof(distance));
		if (base + (uint64_t)distance > addr) {
			end = base + (uint64_t)distance;
			break;
		}
	}
	return end - addr > FUNCTION_MAX ? addr : end;
}

/* Is it code of the file's own, and not a stub that leads to another file? */
static bool is_code(const struct file *f, uint64_t addr)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	size_t names;

	if (elf_getshdrstrndx(f->elf, &names))
		return false;
	while ((scn = elf_nextscn(f->elf, scn))) {
		const char *name;

		if (gelf_getshdr(scn, &sh) && addr >= sh.sh_addr &&
		    addr - sh.sh_addr < sh.sh_size && sh.sh_flags & SHF_EXECINSTR &&
		    (name = elf_strptr(f->elf, names, sh.sh_name)))
			return !strncmp(name, ".text", 5);
	}
	return false;
}

/* Where the instruction at p, at addr, leads to; 0: it is none with a 32-bit distance. */
static uint64_t target_of(const unsigned char *p, uint64_t addr, int size)
{
	int32_t distance;

	memcpy(&distance, p + size - 4, sizeof(distance));
	return addr + (uint64_t)size + (uint64_t)distance;
}

/* All that looks like a direct call from addr on, to where the function ends. */
static int find_calls_from(const struct file *f, uint64_t addr, struct call calls[CALLS_MAX], int n)
{
	size_t size = (size_t)(function_end(f, addr) - addr);
	const unsigned char *p = at(f, addr, size);

	for (size_t i = 0; p && i + 5 <= size && n < CALLS_MAX; i++) {
		if (p[i] != 0xe8)
			continue;
		calls[n].back = addr + i + 5;
		calls[n].target = target_of(p + i, addr + i, 5);
		n++;
	}
	return n;
}

/* The same for the function at addr, and for the parts of it that lie elsewhere. */
static int find_calls(const struct file *f, uint64_t addr, struct call calls[CALLS_MAX])
{
	size_t size = addr ? (size_t)(function_end(f, addr) - addr) : 0;
	const unsigned char *p = at(f, addr, size);
	int n = addr ? find_calls_from(f, addr, calls, 0) : 0;

	for (size_t i = 0; p && i + 6 <= size; i++) {
		uint64_t to = 0;

		if (p[i] == 0x0f && (p[i + 1] & 0xf0) == 0x80)
			to = target_of(p + i, addr + i, 6);
		else if (p[i] == 0xe9)
			to = target_of(p + i, addr + i, 5);
		if (to && (to < addr || to >= addr + size) && is_code(f, to))
			n = find_calls_from(f, to, calls, n);
	}
	return n;
}

static bool is_exported(const struct file *f, uint64_t addr)
{
	struct symbol_walk w = { .elf = f->elf, .type = SHT_DYNSYM };
	const char *name;
	GElf_Sym sym;

	while (symbol_next(&w, &sym, &name)) {
		if (sym.st_value == addr && sym.st_shndx != SHN_UNDEF)
			return true;
	}
	return false;
}

static void find_moves(struct file *f)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(f->elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_RELA ||
		    !(sh.sh_flags & SHF_ALLOC) || !sh.sh_entsize ||
		    (f->moves && sh.sh_size / sh.sh_entsize < f->n_moves))
			continue;
		f->moves = elf_getdata(scn, NULL);
		f->n_moves = f->moves ? sh.sh_size / sh.sh_entsize : 0;
	}
}

void python_collect_read(int fd, struct python_collect *c)
{
	struct call a[CALLS_MAX], b[CALLS_MAX];
	struct file f = { 0 };
	size_t section;
	uint64_t size;
	int n_a, n_b;

	*c = (struct python_collect){ 0 };
	elf_version(EV_CURRENT);
	f.elf = elf_begin(fd, ELF_C_READ, NULL);
	f.bytes = f.elf ? (const unsigned char *)elf_rawfile(f.elf, &f.size) : NULL;
	if (f.bytes) {
		find_moves(&f);
		n_a = find_calls(&f, find_method(&f), a);
		n_b = find_calls(&f, python_symbol(f.elf, "PyGC_Collect", &section, &size), b);
		for (int i = 0; i < n_a && !c->python; i++) {
			for (int k = 0; k < n_b && !c->python; k++) {
				if (a[i].target != b[k].target || !is_code(&f, a[i].target) ||
				    is_exported(&f, a[i].target))
					continue;
				c->python = a[i].back;
				c->c = b[k].back;
			}
		}
	}
	elf_end(f.elf);
}

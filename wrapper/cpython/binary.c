// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From 3.11 on CPython exports Py_Version, a constant; for older ones see version.h.
 */
#include "cpython/binary.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpython/version.h"
#include "tapsets/teletap_layouts.h"
#include "target/symbol.h"

uint64_t python_symbol(Elf *elf, const char *name, size_t *section, uint64_t *size)
{
	struct symbol_walk w = { .elf = elf, .type = SHT_DYNSYM };
	const char *its;
	GElf_Sym sym;

	while (symbol_next(&w, &sym, &its)) {
		if (its && !strcmp(its, name)) {
			*section = sym.st_shndx;
			*size = sym.st_size;
			return sym.st_value;
		}
	}
	return 0;
}

static uint64_t symbol_addr(Elf *elf, const char *name, size_t *section)
{
	uint64_t size;

	return python_symbol(elf, name, section, &size);
}

static bool read_addr(int fd, Elf *elf, size_t section, uint64_t addr, void *buf, size_t size)
{
	Elf_Scn *scn = elf_getscn(elf, section);
	GElf_Shdr sh;

	return scn && gelf_getshdr(scn, &sh) && addr >= sh.sh_addr &&
	       pread(fd, buf, size, (off_t)(addr - sh.sh_addr + sh.sh_offset)) == (ssize_t)size;
}

/* PY_VERSION_HEX: major, minor, micro, level (a, b, c: rc, f: final) and serial. */
static void format_hex(uint64_t hex, char out[PYTHON_VERSION_MAX])
{
	unsigned level = hex >> 4 & 15;
	int n = snprintf(out, PYTHON_VERSION_MAX, "%u.%u.%u", (unsigned)(hex >> 24 & 255),
			 (unsigned)(hex >> 16 & 255), (unsigned)(hex >> 8 & 255));

	if (level != 15)
		snprintf(out + n, (size_t)(PYTHON_VERSION_MAX - n), "%s%u",
			 level == 12   ? "rc"
			 : level == 11 ? "b"
				       : "a",
			 (unsigned)(hex & 15));
}

/* The section of the constants. False: there is none. */
static bool find_constants(Elf *elf, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	const char *name;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		if (gelf_getshdr(scn, sh) && (name = elf_strptr(elf, names, sh->sh_name)) &&
		    !strcmp(name, ".rodata"))
			return true;
	}
	return false;
}

/* Looks for it among the constants, as version.h says; 0: there is none. */
static uint32_t find_version(int fd, Elf *elf, char before)
{
	GElf_Shdr sh;
	bool more = find_constants(elf, &sh);
	char *bytes = more ? malloc(SCAN_BYTES) : NULL;
	uint64_t size = more && sh.sh_size < SCAN_MAX ? sh.sh_size : SCAN_MAX;
	uint32_t version = 0;

	for (uint64_t at = 0; bytes && more && !version;) {
		uint64_t n = size - at < SCAN_BYTES ? size - at : SCAN_BYTES;
		ssize_t got = pread(fd, bytes, n, (off_t)(sh.sh_offset + at));

		more = got > VERSION_BYTES;
		if (more) {
			version = version_find(bytes, (size_t)got, before);
			at += (uint64_t)got - VERSION_BYTES;
		}
	}
	free(bytes);
	return version;
}

void python_version(int fd, char out[PYTHON_VERSION_MAX])
{
	size_t section = 0;
	uint64_t addr, hex;
	Elf *elf;

	out[0] = '\0';
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return;
	addr = symbol_addr(elf, "Py_Version", &section);
	if (addr && read_addr(fd, elf, section, addr, &hex, sizeof(hex)) && hex >> 24 == 3) {
		format_hex(hex, out);
	} else if (symbol_addr(elf, "_PyRuntime", &section)) {
		hex = find_version(fd, elf, '\0');
		if (!hex)
			hex = find_version(fd, elf, '/');
		if (hex)
			format_hex(hex, out);
	}
	elf_end(elf);
}

/* PY_VERSION_HEX of a string that format_hex has written; 0 for none. */
static uint32_t parse_hex(const char *version)
{
	unsigned major, minor, micro, serial = 0, level = 15;
	char word[3] = "";

	switch (sscanf(version, "%u.%u.%u%2[abrc]%u", &major, &minor, &micro, word, &serial)) {
	case 3:
		break;
	case 5:
		level = word[0] == 'r' ? 12 : word[0] == 'b' ? 11 : 10;
		break;
	default:
		return 0;
	}
	return (major & 255) << 24 | (minor & 255) << 16 | (micro & 255) << 8 | level << 4 |
	       (serial & 15);
}

bool python_words_read(int fd, uint64_t *words)
{
	size_t section = 0;
	uint64_t runtime;
	bool good;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	runtime = elf ? symbol_addr(elf, "_PyRuntime", &section) : 0;
	good = runtime &&
	       read_addr(fd, elf, section, runtime, words, PYTHON_WORDS * sizeof(*words)) &&
	       !memcmp(words, PYTHON_COOKIE, 8);
	elf_end(elf);
	return good;
}

bool python_free_threaded(int fd)
{
	uint64_t words[PYTHON_WORDS];

	return python_words_read(fd, words) && words[2] == 1;
}

void python_place_read(int fd, struct python_place *p)
{
	char version[PYTHON_VERSION_MAX];
	size_t section = 0;
	GElf_Ehdr header;
	GElf_Phdr ph;
	struct stat st;
	Elf *elf;

	*p = (struct python_place){ 0 };
	python_version(fd, version);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return;
	if (gelf_getehdr(elf, &header))
		p->moves = p->library = header.e_type == ET_DYN;
	for (int i = 0; gelf_getphdr(elf, i, &ph); i++) {
		if (ph.p_type == PT_INTERP)
			p->library = false;
		if (ph.p_type == PT_LOAD && ph.p_flags & PF_X && !p->length) {
			p->code = ph.p_vaddr;
			p->offset = ph.p_offset;
			p->length = ph.p_filesz;
		}
	}
	p->bytes = fstat(fd, &st) ? 0 : (uint64_t)st.st_size;
	p->type = symbol_addr(elf, "PyCode_Type", &section);
	p->runtime = python_symbol(elf, "_PyRuntime", &section, &p->size);
	if (p->runtime)
		p->version = parse_hex(version);
	elf_end(elf);
}

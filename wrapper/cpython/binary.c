// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From 3.11 on CPython exports Py_Version, a constant. Older ones hold their
 * version only as a string among their constants: PY_VERSION, "3.9.2", which a linker may have
 * merged with the end of a path, ".../versions/3.9.2".
 */
#include "cpython/binary.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The first string "3.MINOR.MICRO" in the constants that follows this character. */
static void find_string(Elf *elf, char before, char out[PYTHON_VERSION_MAX])
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name, *p, *end;
		Elf_Data *data;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || !(name = elf_strptr(elf, names, sh.sh_name)) ||
		    strcmp(name, ".rodata") || !(data = elf_rawdata(scn, NULL)) || !data->d_buf)
			continue;
		end = (const char *)data->d_buf + data->d_size;
		for (p = data->d_buf; p + 8 < end; p++) {
			unsigned minor, micro;
			int used = 0;

			p = memchr(p, before, (size_t)(end - p - 8));
			if (!p)
				break;
			if (p[1] == '3' && p[2] == '.' && memchr(p + 1, '\0', 8) &&
			    sscanf(p + 1, "3.%2u.%2u%n", &minor, &micro, &used) == 2 &&
			    (!p[1 + used] || p[1 + used] == '+')) {
				snprintf(out, PYTHON_VERSION_MAX, "3.%u.%u", minor, micro);
				return;
			}
		}
	}
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
		find_string(elf, '\0', out);
		if (!*out)
			find_string(elf, '/', out);
	}
	elf_end(elf);
}

/* PY_VERSION_HEX of a string that format_hex or find_string has written; 0 for none. */
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

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * While the semaphore of an import marker is raised, CPython (3.7 to 3.15) calls
 * PyUnicode_AsUTF8() on the module's name, and ignores a failure: a name with half of a
 * surrogate pair then ends in a SystemError instead of an ImportError, in every process
 * of the binary. Only what is never called cannot fail. So the semaphore is left alone,
 * and the probe stands where the program decides to pass the marker over:
 *
 *	[lea  SEMAPHORE(%rip), %rax]
 *	cmpw  $0, SEMAPHORE(%rip)      or $0, (%rax)
 *	[mov  %rax, FOUND]
 *	jne   COLD                     <- here; kernels emulate a jump, nothing is stepped
 *	...
 * COLD:	[mov  FOUND, on the stack]
 *	mov   NAME, %rdi
 *	call  PyUnicode_AsUTF8
 *	...
 *	[test FOUND, FOUND]
 *	[cmp  NOT_FOUND, FOUND]
 *	nop                            <- the marker
 *
 * The registers NAME and FOUND hold at the jump what they hold at COLD. The script reads
 * the string object out of memory. Each instruction on the way is decoded, and the call's
 * destination is compared with the symbol: what does not look like this in every byte is
 * not touched.
 */
#include "cpython/import_sites.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpython/binary.h"

#define COLD_MAX 64 /* bytes from COLD to the marker */
#define MOVES_MAX 2 /* between the test and the jump */
#define BEFORE 24   /* bytes before the jump where FOUND is set */

/* The code of a file: its executable segment. */
struct code {
	unsigned char *bytes;
	uint64_t addr, size, offset;
	uint64_t encode; /* address of PyUnicode_AsUTF8 */
};

static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
				     "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };

static const unsigned char *at(const struct code *c, uint64_t addr, uint64_t size)
{
	uint64_t i = addr - c->addr;

	return addr >= c->addr && i < c->size && c->size - i >= size ? c->bytes + i : NULL;
}

/* Where the 4 bytes at p, the last ones of an instruction that ends at next, lead to. */
static uint64_t relative(const unsigned char *p, uint64_t next)
{
	int32_t distance;

	memcpy(&distance, p, sizeof(distance));
	return next + (uint64_t)(int64_t)distance;
}

/* mov of a 64-bit register to another: 3 bytes. *from and *to are their numbers. */
static bool is_move(const unsigned char *p, int *from, int *to)
{
	if ((p[0] & 0xfa) != 0x48 || p[1] != 0x89 || p[2] < 0xc0)
		return false;
	*from = (p[2] >> 3 & 7) | (p[0] & 4) << 1;
	*to = (p[2] & 7) | (p[0] & 1) << 3;
	return true;
}

/* The bytes of a mov of a 64-bit register to the stack; 0: it is something else. */
static size_t spill_size(const unsigned char *p)
{
	if ((p[0] & 0xfb) != 0x48 || p[1] != 0x89)
		return 0;
	if ((p[2] & 0xc7) == 0x44 && p[3] == 0x24) /* disp8(%rsp) */
		return 5;
	return (p[2] & 0xc7) == 0x45 ? 4 : 0; /* disp8(%rbp) */
}

/* Behind a test of the semaphore at addr: where that ends; 0: it is something else. */
static uint64_t test_end(const struct code *c, uint64_t addr, uint64_t semaphore)
{
	const unsigned char *p = at(c, addr, 16);

	if (!p)
		return 0;
	if (p[0] == 0x66 && p[1] == 0x83 && p[2] == 0x3d && !p[7] &&
	    relative(p + 3, addr + 8) == semaphore)
		return addr + 8;
	if (p[0] == 0x48 && p[1] == 0x8d && p[2] == 0x05 &&
	    relative(p + 3, addr + 7) == semaphore && !memcmp(p + 7, "\x66\x83\x38\0", 4))
		return addr + 11;
	return 0;
}

/* The jne to the code before the marker, and where that code begins; false: none. */
static bool find_jump(const struct code *c, uint64_t addr, uint64_t nop, uint64_t *jump,
		      uint64_t *cold)
{
	const unsigned char *p;
	int from, to;

	for (int moves = 0; (p = at(c, addr, 6)); moves++, addr += 3) {
		if (p[0] == 0x0f && p[1] == 0x85) {
			*jump = addr;
			*cold = relative(p + 2, addr + 6);
			return *cold < nop && nop - *cold <= COLD_MAX;
		}
		if (moves == MOVES_MAX || !is_move(p, &from, &to))
			return false;
	}
	return false;
}

/* The register that is encoded; -1: the code is something else. *end is behind the call. */
static int name_register(const struct code *c, uint64_t cold, uint64_t nop, uint64_t *end)
{
	const unsigned char *p = at(c, cold, COLD_MAX);
	size_t size = p ? spill_size(p) : 0;
	int from, to;

	if (!p || !is_move(p + size, &from, &to) || to != 7 || p[size + 3] != 0xe8)
		return -1;
	*end = cold + size + 8;
	return *end <= nop && relative(p + size + 4, *end) == c->encode ? from : -1;
}

/*
 * The register that is tested between *end and the marker, if it was set to what a call
 * gave shortly before the jump; -1: the code is something else. *end is behind the test then.
 */
static int found_register(const struct code *c, uint64_t jump, uint64_t *end, uint64_t nop)
{
	const unsigned char *p = at(c, *end, nop - *end), *before = at(c, jump - BEFORE, BEFORE);
	int from, to, reg = -1;

	for (; p && nop - *end >= 3 && reg < 0; p++, ++*end) {
		if ((p[0] & 0xfa) == 0x48 && p[1] == 0x85 && p[2] >= 0xc0 &&
		    (p[2] >> 3 & 7) == (p[2] & 7) && !(p[0] & 4) == !(p[0] & 1))
			reg = (p[2] & 7) | (p[0] & 1) << 3;
	}
	for (int i = 0; before && reg >= 0 && i + 3 <= BEFORE; i++) {
		if (is_move(before + i, &from, &to) && !from && to == reg)
			return reg;
	}
	return -1;
}

/*
 * What the module is compared with there: 3.15 gets an object of its caller back when there
 * is no such module. 0 in other versions.
 */
static void not_found(const struct code *c, int found, uint64_t addr, uint64_t nop, char *out,
		      size_t size)
{
	const unsigned char *p = at(c, addr, nop - addr);

	snprintf(out, size, "8@$0");
	for (uint64_t i = 0; p && i + 4 <= nop - addr; i++, p++) {
		int reg = (p[2] >> 3 & 7) | (p[0] & 4) << 1;

		if ((p[0] & 0xfa) == 0x48 && p[1] == 0x39 && p[2] >= 0xc0 &&
		    ((p[2] & 7) | (p[0] & 1) << 3) == found)
			snprintf(out, size, "8@%%%s", names[reg]);
		if ((p[0] & 0xfb) == 0x48 && p[1] == 0x3b && (p[2] & 0xc7) == 0x45 && reg == found)
			snprintf(out, size, "8@%d(%%rbp)", (signed char)p[3]);
	}
}

/* The strings of a marker lie in one block. */
static bool set_args(struct sdt_marker *m, const char *args)
{
	size_t provider = strlen(m->provider) + 1, name = strlen(m->name) + 1;
	char *block = malloc(provider + name + strlen(args) + 1);

	if (!block)
		return false;
	memcpy(block, m->provider, provider);
	memcpy(block + provider, m->name, name);
	strcpy(block + provider + name, args);
	free(m->provider);
	m->provider = block;
	m->name = block + provider;
	m->args = m->name + name;
	return true;
}

/* Moves the site if all of its code is understood. */
static void move_site(const struct code *c, struct sdt_marker *m)
{
	uint64_t nop = m->pc + m->shift, semaphore = m->semaphore + m->shift;
	bool done = strstr(m->name, "done");
	uint64_t jump = 0, best = 0, end;
	char args[64], other[24];
	int name, found = 0;

	for (uint64_t i = 0; i < c->size; i++) {
		uint64_t behind, j, cold;

		if (c->bytes[i] != 0x66 && c->bytes[i] != 0x48)
			continue;
		behind = test_end(c, c->addr + i, semaphore);
		if (behind && find_jump(c, behind, nop, &j, &cold) && cold > best) {
			jump = j;
			best = cold;
		}
	}
	name = jump ? name_register(c, best, nop, &end) : -1;
	if (name >= 0 && done)
		found = found_register(c, jump, &end, nop);
	if (name < 0 || found < 0)
		return;
	if (done) {
		not_found(c, found, end, nop, other, sizeof(other));
		snprintf(args, sizeof(args), "8@%%%s 8@%%%s %s", names[name], names[found], other);
	} else {
		snprintf(args, sizeof(args), "8@%%%s 8@%%%s", names[name], names[name]);
	}
	if (!set_args(m, args))
		return;
	m->pc = jump - m->shift;
	m->site = jump - c->addr + c->offset;
	m->semaphore = m->counter = 0;
}

static bool is_import(const struct sdt_marker *m)
{
	return m->semaphore && !strcmp(m->provider, "python") &&
	       !strncmp(m->name, "import__find__load__", 20);
}

bool bypass_lacks(const struct sdt_file *sdt)
{
	for (size_t i = 0; i < sdt->n_markers; i++) {
		if (is_import(&sdt->markers[i]))
			return true;
	}
	return false;
}

/*
 * The executable segment that holds the function, read into memory of our own (c->bytes, to be
 * freed): the file's owner may cut it at any time.
 */
static bool read_code(Elf *elf, int fd, uint64_t file_size, struct code *c)
{
	size_t n, section;
	uint64_t size;

	c->encode = python_symbol(elf, "PyUnicode_AsUTF8", &section, &size);
	if (!c->encode || elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD ||
		    !(ph.p_flags & PF_X) || c->encode - ph.p_vaddr >= ph.p_filesz ||
		    ph.p_offset > file_size || ph.p_filesz > file_size - ph.p_offset)
			continue;
		c->bytes = malloc(ph.p_filesz);
		c->addr = ph.p_vaddr;
		c->size = ph.p_filesz;
		c->offset = ph.p_offset;
		return c->bytes &&
		       pread(fd, c->bytes, ph.p_filesz, (off_t)ph.p_offset) == (ssize_t)ph.p_filesz;
	}
	return false;
}

void bypass_imports(int fd, struct sdt_file *sdt)
{
	struct code c = { 0 };
	struct stat st;
	Elf *elf;

	if (!bypass_lacks(sdt) || sdt->elf_machine != EM_X86_64 || fstat(fd, &st))
		return;
	/* The script does not know the string objects of these. */
	if (python_free_threaded(fd))
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && read_code(elf, fd, (uint64_t)st.st_size, &c)) {
		for (size_t i = 0; i < sdt->n_markers; i++) {
			if (is_import(&sdt->markers[i]))
				move_site(&c, &sdt->markers[i]);
		}
	}
	elf_end(elf);
	free(c.bytes);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A probe on a nop of one byte is a trap: int3. From Linux 6.18 on x86-64 kernels turn a longer
 * nop, when a probe there is first hit, into a call of a page that they map into the process,
 * which is cheaper (docs/systemtap.md, "Longer nops"). Those that do so with five bytes harm the
 * program; those that do so with ten do not. A release does not tell which kernel is which, as
 * distributors take such changes over. So a child process tries it on a nop of our own: that
 * must become something else than a trap, leave the red zone alone, and a child of the child
 * must survive it.
 */
#include "target/nop10.h"

#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/uprobe.h"

#define INT3 0xcc
#define SELF "/proc/self/exe"
#define HITS 3 /* the first one makes it a call */

struct place {
	uintptr_t address;
	uint64_t offset; /* in the file; 0: not found */
};

/* The program itself comes first, before its libraries. */
static int place_find(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct place *p = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *load = &info->dlpi_phdr[i];
		uintptr_t at = p->address - info->dlpi_addr - load->p_vaddr;

		if (load->p_type == PT_LOAD && at < load->p_filesz)
			p->offset = load->p_offset + at;
	}
	return 1;
}

/* The verdict with which a process exits; pid: as fork() returned it. */
static enum nop10_verdict verdict_of(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return NOP10_REFUSED;
	return WIFEXITED(status) ? (enum nop10_verdict)WEXITSTATUS(status) : NOP10_KILLS;
}

/* In a process of its own. */
static enum nop10_verdict try(bool (*pass)(void), const unsigned char *site, int type,
			      uint64_t where)
{
	unsigned char before[NOP10_SIZE];
	pid_t pid;

	memcpy(before, site, sizeof(before));
	if (uprobe_open(SELF, type, where, 0) < 0)
		return NOP10_REFUSED;
	for (int i = 0; i < HITS; i++) {
		if (!pass())
			return NOP10_WRITES;
	}
	if (*(const volatile unsigned char *)site == INT3 || !memcmp(before, site, sizeof(before)))
		return NOP10_TRAPS;
	pid = fork();
	if (!pid)
		_exit(pass() ? NOP10_WORKS : NOP10_WRITES);
	return verdict_of(pid);
}

enum nop10_verdict nop10_trial(bool (*pass)(void), const unsigned char *site)
{
	struct place place = { .address = (uintptr_t)site };
	int type = uprobe_type();
	pid_t pid;

	dl_iterate_phdr(place_find, &place);
	if (type < 0 || !place.offset)
		return NOP10_REFUSED;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0); /* what the kernel breaks leaves no core */
		_exit(try(pass, site, type, place.offset));
	}
	return verdict_of(pid);
}

#ifdef __x86_64__

/* Passes the nop with the red zone in use; false: it has changed. */
static __attribute__((naked, noinline, aligned(64))) bool pass(void)
{
	__asm__("mov %rsp, -8(%rsp)\n\t"
		"mov %rsp, -128(%rsp)\n\t"
		".byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n\t"
		"xor %eax, %eax\n\t"
		"cmp %rsp, -8(%rsp)\n\t"
		"jne 1f\n\t"
		"cmp %rsp, -128(%rsp)\n\t"
		"jne 1f\n\t"
		"inc %eax\n"
		"1:\tret");
}

bool nop10_works(void)
{
	static const unsigned char bytes[NOP10_SIZE] = NOP10_BYTES;
	static int works = -1;

	if (works < 0) {
		const unsigned char *site =
			memmem((const void *)(uintptr_t)pass, 64, bytes, sizeof(bytes));

		works = site && nop10_trial(pass, site) == NOP10_WORKS;
	}
	return works;
}

#else

bool nop10_works(void)
{
	return false;
}

#endif

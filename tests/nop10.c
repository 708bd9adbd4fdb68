// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nop10: what wrapper/target/nop10.c finds in this kernel, by its own nop and by others: one of
 * five bytes, with the red zone in use and without; one of one byte; and no nop, which writes
 * into the red zone as a kernel may.
 */
#include <stdint.h>
#include <stdio.h>

#include "target/nop10.h"

/* Passes the instruction with the red zone in use, as in nop10.c. */
#define PASS(name, instruction)                                                                    \
	static __attribute__((naked, noinline, aligned(64))) bool name(void)                       \
	{                                                                                          \
		__asm__("mov %rsp, -8(%rsp)\n\t" instruction "\n\t"                                \
			"xor %eax, %eax\n\t"                                                       \
			"cmp %rsp, -8(%rsp)\n\t"                                                   \
			"sete %al\n\t"                                                             \
			"ret");                                                                    \
	}

PASS(nop5, ".byte 0x0f, 0x1f, 0x44, 0, 0")
PASS(below, "add $-128, %rsp\n\t.byte 0x0f, 0x1f, 0x44, 0, 0\n\tsub $-128, %rsp")
PASS(nop1, "nop")
PASS(push, "push %rax\n\tpop %rax")

static const char *const verdicts[] = { [NOP10_WORKS] = "works",
					[NOP10_REFUSED] = "refused",
					[NOP10_TRAPS] = "traps",
					[NOP10_WRITES] = "writes",
					[NOP10_KILLS] = "kills" };

static void say(const char *name, bool (*pass)(void), unsigned char first)
{
	const unsigned char *site = (const unsigned char *)(uintptr_t)pass;

	while (*site != first)
		site++;
	printf("%s %s\n", name, verdicts[nop10_trial(pass, site)]);
	fflush(stdout);
}

int main(void)
{
	printf("nop10 %s\n", nop10_works() ? "works" : "no");
	fflush(stdout);
	say("nop5", nop5, 0x0f);
	say("below", below, 0x0f);
	say("nop1", nop1, 0x90);
	say("push", push, 0x50);
	return 0;
}

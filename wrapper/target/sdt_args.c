// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sdt_args: a marker's argument string -> its operands.
 *
 * The string is what the compiler's assembler template left: words separated by
 * spaces, each [-]SIZE[f]@OPERAND (or @OPERAND: of the machine's word size). The
 * operand is written as in the assembler of that machine, so it may hold spaces
 * inside brackets, and a further @:
 *
 *	x86      -4@$5   8@%rax   8@16(%rax,%rbx,2)   8@sym@GOTPCREL(%rip)
 *	arm      -4@5    8@x0     4@[sp, 16]          8@[x0, x1, lsl 3]
 *	others   8@%r5   4@0(31)  -4@-20(s0)
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "target/sdt.h"

static bool size_is_known(int size)
{
	return size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
}

static int arg_parse(const char *word, size_t len, struct sdt_arg *arg)
{
	const char *p = word, *end = word + len;
	bool bare = *word == '@';

	*arg = (struct sdt_arg){ 0 };
	if (*p == '-') {
		arg->is_signed = 1;
		p++;
	}
	for (; p < end && *p >= '0' && *p <= '9' && arg->size < 10; p++)
		arg->size = 10 * arg->size + (*p - '0');
	if (!bare && !size_is_known(arg->size))
		return -EINVAL;
	if (p < end && *p == 'f') {
		arg->is_float = 1;
		p++;
	}
	if (end - p < 2 || *p != '@')
		return -EINVAL;
	arg->operand = p + 1;
	arg->operand_len = (size_t)(end - arg->operand);
	return 0;
}

/* How long the word at p is; 0 when a bracket stays open. */
static size_t word_len(const char *p)
{
	size_t open = 0, len;

	for (len = 0; p[len] && (open || p[len] != ' '); len++) {
		if (p[len] == '[' || p[len] == '(')
			open++;
		else if (open && (p[len] == ']' || p[len] == ')'))
			open--;
	}
	return open ? 0 : len;
}

int sdt_args(const char *args, struct sdt_arg *arg, int max)
{
	struct sdt_arg parsed;
	size_t len;
	int n = 0;

	for (args += strspn(args, " "); *args; args += strspn(args, " ")) {
		len = word_len(args);
		if (len == 0 || arg_parse(args, len, &parsed))
			return -EINVAL;
		if (n < max)
			arg[n] = parsed;
		n++;
		args += len;
	}
	return n;
}

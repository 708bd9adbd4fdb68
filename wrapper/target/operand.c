// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operands as gcc and clang write them in AT&T's syntax:
 *
 *	$5   $-1            a number
 *	%rax %eax %ax %al   a register, of which the marker's size says how much counts
 *	(%rsp)  -16(%rbp)  8(%rax,%rbx,4)  (,%rcx,8)    memory
 *
 * Registers are known by where the kernel's struct pt_regs has them
 * (arch/x86/include/uapi/asm/ptrace.h).
 */
#include "target/operand.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define OPERAND_MAX 64 /* bytes of its text; the longest kind above has less */

static const struct {
	const char *names[4];
	uint16_t at;
} registers[] = {
	{ { "r15", "r15d", "r15w", "r15b" }, 0 },  { { "r14", "r14d", "r14w", "r14b" }, 8 },
	{ { "r13", "r13d", "r13w", "r13b" }, 16 }, { { "r12", "r12d", "r12w", "r12b" }, 24 },
	{ { "rbp", "ebp", "bp", "bpl" }, 32 },     { { "rbx", "ebx", "bx", "bl" }, 40 },
	{ { "r11", "r11d", "r11w", "r11b" }, 48 }, { { "r10", "r10d", "r10w", "r10b" }, 56 },
	{ { "r9", "r9d", "r9w", "r9b" }, 64 },     { { "r8", "r8d", "r8w", "r8b" }, 72 },
	{ { "rax", "eax", "ax", "al" }, 80 },      { { "rcx", "ecx", "cx", "cl" }, 88 },
	{ { "rdx", "edx", "dx", "dl" }, 96 },      { { "rsi", "esi", "si", "sil" }, 104 },
	{ { "rdi", "edi", "di", "dil" }, 112 },    { { "rip", "eip", "ip", "ip" }, 128 },
	{ { "rsp", "esp", "sp", "spl" }, 152 },
};

/* Takes a register's name off the text. */
static bool take_register(const char **text, uint16_t *at)
{
	const char *name = *text + 1;
	size_t len = **text == '%' ? strcspn(name, ",)") : 0;

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		for (int k = 0; k < 4; k++) {
			if (strlen(registers[i].names[k]) != len ||
			    strncmp(registers[i].names[k], name, len) != 0)
				continue;
			*at = registers[i].at;
			*text = name + len;
			return true;
		}
	}
	return false;
}

static bool take_number(const char **text, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(*text, &end, 0);
	if (errno == ERANGE) { /* an unsigned one */
		errno = 0;
		*number = (int64_t)strtoull(*text, &end, 0);
	}
	if (errno || end == *text)
		return false;
	*text = end;
	return true;
}

static bool take_scale(const char **text, uint8_t *scale)
{
	static const char scales[] = "1248";
	const char *found = **text ? strchr(scales, **text) : NULL;

	if (!found)
		return false;
	*scale = (uint8_t)(found - scales);
	(*text)++;
	return true;
}

/* NUMBER(BASE,INDEX,SCALE), each of which may be missing, but not both registers. */
static bool parse_memory(const char *text, struct operand *o)
{
	o->kind = OPERAND_MEMORY;
	if (*text != '(' && !take_number(&text, &o->number))
		return false;
	if (*text++ != '(')
		return false;
	if (*text == '%') {
		o->has_base = take_register(&text, &o->base);
		if (!o->has_base)
			return false;
	}
	if (*text == ',') {
		text++;
		o->has_index = take_register(&text, &o->index);
		if (!o->has_index)
			return false;
		if (*text == ',' && (text++, !take_scale(&text, &o->scale)))
			return false;
	}
	return (o->has_base || o->has_index) && !strcmp(text, ")");
}

static bool parse(const struct sdt_arg *arg, struct operand *o)
{
	char word[OPERAND_MAX];
	const char *text = word;

	*o = (struct operand){ .size = (uint8_t)(arg->size ? arg->size : 8),
			       .is_signed = (uint8_t)arg->is_signed };
	if (arg->is_float || o->size > 8 || arg->operand_len >= sizeof(word))
		return false;
	memcpy(word, arg->operand, arg->operand_len);
	word[arg->operand_len] = '\0';
	if (*text == '$') {
		o->kind = OPERAND_NUMBER;
		text++;
		return take_number(&text, &o->number) && !*text;
	}
	if (*text == '%') {
		o->kind = OPERAND_REGISTER;
		return take_register(&text, &o->base) && !*text;
	}
	return parse_memory(word, o);
}

int operands_parse(const struct sdt_marker *marker, struct operand *operands, int n)
{
	struct sdt_arg args[SITE_OPERANDS];
	int has = sdt_args(marker->args, args, SITE_OPERANDS);

	if (n > SITE_OPERANDS || has < n)
		return -ENODATA;
	for (int i = 0; i < n; i++) {
		if (!parse(&args[i], &operands[i]))
			return -ENOTSUP;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operands as gcc and clang write them in AT&T's syntax:
 *
 *	$5   $-1            a number
 *	%rax %eax %ax %al   a register, of which the marker's size says how much counts
 *	(%rsp)  -16(%rbp)  8(%rax,%rbx,4)  (,%rcx,8)    memory
 *	count(%rip)  s+8(%rip)                          a variable
 *	%fs:count@tpoff  %fs:s@tpoff+8                  a variable of the thread
 *
 * Registers are known by where the kernel's struct pt_regs has them
 * (arch/x86/include/uapi/asm/ptrace.h).
 */
#include "target/operand.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "target/symbol.h"

#define OPERAND_MAX 256 /* bytes of its text */
#define AT_IP 128       /* of the registers below */

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
	{ { "rdi", "edi", "di", "dil" }, 112 },    { { "rip", "eip", "ip", "ip" }, AT_IP },
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

/*
 * NAME[+NUMBER], behind %fs: with @tpoff, else in front of (%rip), which then has the address of
 * the probe, at. -ENOTSUP: it is not that, or the name's variable is of the other kind.
 */
static int parse_variable(int fd, uint64_t at, const char *text, struct operand *o)
{
	bool per_thread = !strncmp(text, "%fs:", 4);
	const char *name = per_thread ? text + 4 : text, *rest;
	size_t len = strcspn(name, per_thread ? "@" : "+-(");
	char word[OPERAND_MAX];
	struct symbol symbol;
	int64_t more = 0;
	int err;

	memcpy(word, name, len);
	word[len] = '\0';
	rest = name + len;
	if (per_thread && !strncmp(rest, "@tpoff", 6))
		rest += 6;
	else if (per_thread)
		return -ENOTSUP;
	if ((*rest == '+' || *rest == '-') && !take_number(&rest, &more))
		return -ENOTSUP;
	if (!len || strcmp(rest, per_thread ? "" : "(%rip)") != 0)
		return -ENOTSUP;
	err = symbol_find(fd, word, &symbol);
	if (err || symbol.per_thread != per_thread)
		return err ? err : -ENOTSUP;
	o->kind = per_thread ? OPERAND_THREAD : OPERAND_MEMORY;
	o->has_base = !per_thread;
	o->base = AT_IP;
	o->number = symbol.value + more - (per_thread ? 0 : (int64_t)at);
	return 0;
}

static int parse(int fd, uint64_t at, const struct sdt_arg *arg, struct operand *o)
{
	char word[OPERAND_MAX];
	const char *text = word;

	*o = (struct operand){ .size = (uint8_t)(arg->size ? arg->size : 8),
			       .is_signed = (uint8_t)arg->is_signed };
	if (arg->is_float || o->size > 8 || arg->operand_len >= sizeof(word))
		return -ENOTSUP;
	memcpy(word, arg->operand, arg->operand_len);
	word[arg->operand_len] = '\0';
	if (*text == '$') {
		o->kind = OPERAND_NUMBER;
		text++;
		return take_number(&text, &o->number) && !*text ? 0 : -ENOTSUP;
	}
	if (*text == '%' && take_register(&text, &o->base)) {
		o->kind = OPERAND_REGISTER;
		return *text ? -ENOTSUP : 0;
	}
	return parse_memory(word, o) ? 0 : parse_variable(fd, at, word, o);
}

int operands_parse(int fd, const struct sdt_marker *marker, uint64_t at, struct operand *operands,
		   int n)
{
	struct sdt_arg args[SITE_OPERANDS];
	int has = sdt_args(marker->args, args, SITE_OPERANDS);

	if (n > SITE_OPERANDS || has < n)
		return -ENODATA;
	for (int i = 0; i < n; i++) {
		int err = parse(fd, at, &args[i], &operands[i]);

		if (err)
			return err;
	}
	return 0;
}

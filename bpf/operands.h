/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operands: the arguments of a marker, out of registers and memory of the program.
 */
#ifndef TELETAP_BPF_OPERANDS_H
#define TELETAP_BPF_OPERANDS_H

#include "session.h"

#define AT_IP 128 /* where struct pt_regs has the address of the marker */
#define AT_SP 152 /* and the stack's */

/* In assembler, since clang adds to ctx first, and then the kernel's verifier refuses the load. */
#define REGISTER(ctx, at)                                                                          \
	({                                                                                         \
		uint64_t register_;                                                                \
		asm volatile("%0 = *(u64 *)(%1 + " #at ")" : "=r"(register_) : "r"(ctx));          \
		register_;                                                                         \
	})

/* As many as the collector makes it before it loads the program. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct site);
} sites SEC(".maps");

/*
 * Empty. From 6.13 on the kernel gives a program with a stack of 64 bytes and more one for each
 * processor, which two threads would share when one preempts the other; a program that may call
 * another one in its own place keeps the thread's (kernel/bpf/verifier.c, bpf_enable_priv_stack).
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint32_t);
} no_programs SEC(".maps");

/* The place that the program was attached to; NULL: there is none, which cannot be. */
static __always_inline const struct site *site_of(void *ctx)
{
	const struct site *site = (const struct site *)&config.site;
	uint32_t number;

	/* Clang would take what stands there now. */
	asm volatile("" : "+r"(site));
	if (config.one_site)
		return site;
	number = bpf_get_attach_cookie(ctx);
	site = bpf_map_lookup_elem(&sites, &number);
	if (!site)
		bpf_tail_call(ctx, &no_programs, 0);
	return site;
}

#define REGISTER_CASE(at)                                                                          \
	case at:                                                                                   \
		return REGISTER(ctx, at)

/* A register, by its place in struct pt_regs; 0: there is none. */
static __always_inline uint64_t operand_register(const void *ctx, uint16_t at)
{
	switch (at) {
		REGISTER_CASE(0);
		REGISTER_CASE(8);
		REGISTER_CASE(16);
		REGISTER_CASE(24);
		REGISTER_CASE(32);
		REGISTER_CASE(40);
		REGISTER_CASE(48);
		REGISTER_CASE(56);
		REGISTER_CASE(64);
		REGISTER_CASE(72);
		REGISTER_CASE(80);
		REGISTER_CASE(88);
		REGISTER_CASE(96);
		REGISTER_CASE(104);
		REGISTER_CASE(112);
		REGISTER_CASE(128);
		REGISTER_CASE(152);
	default:
		return 0;
	}
}

/* Where the C library keeps what is the thread's own. */
static __always_inline uint64_t thread_pointer(void)
{
	return bpf_get_current_task_btf()->thread.fsbase;
}

/* Gives the argument; false: it lies in memory that cannot be read. */
static __always_inline bool operand_read(const void *ctx, const struct operand *o, int64_t *value)
{
	uint32_t shift = (64 - 8 * o->size) & 63;
	uint64_t raw = o->number, address;

	if (o->kind == OPERAND_REGISTER) {
		raw = operand_register(ctx, o->base);
	} else if (o->kind != OPERAND_NUMBER) {
		if (o->kind == OPERAND_THREAD)
			raw += thread_pointer();
		if (o->has_base)
			raw += operand_register(ctx, o->base);
		if (o->has_index)
			raw += operand_register(ctx, o->index) << (o->scale & 3);
		address = raw;
		raw = 0;
		/* No more than it has: the page may end behind it. */
		if (o->size > sizeof(raw) ||
		    bpf_probe_read_user(&raw, o->size, (const void *)address))
			return false;
	}
	*value = o->is_signed ? (int64_t)(raw << shift) >> shift : (int64_t)(raw << shift >> shift);
	return true;
}

#endif

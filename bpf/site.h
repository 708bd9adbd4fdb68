/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site: a place of a marker, and where a BPF program finds the marker's arguments there.
 */
#ifndef TELETAP_BPF_SITE_H
#define TELETAP_BPF_SITE_H

#include <stdint.h>

/* An argument of a marker, as its note tells it. */
enum {
	OPERAND_NUMBER,
	OPERAND_REGISTER,
	OPERAND_MEMORY,
	OPERAND_THREAD /* memory, counted from where the thread's own begins */
};

struct operand {
	int64_t number;    /* itself; or what is added to the address */
	uint16_t base;     /* registers: their places in the kernel's struct pt_regs */
	uint16_t index;    /* likewise, of memory */
	uint8_t kind;      /* OPERAND_... */
	uint8_t has_base;  /* of memory */
	uint8_t has_index; /* likewise */
	uint8_t scale;     /* the index is shifted left by it */
	uint8_t size;      /* bytes: 1, 2, 4, 8 */
	uint8_t is_signed;
	uint8_t unused[6];
};

/* The operands of a marker at a place; a probe's cookie is its number in the map "sites". */
#define SITE_OPERANDS 4
struct site {
	uint64_t address;    /* in the file */
	uint32_t n_operands; /* that it has, of which those below are known as far as needed */
	uint32_t kind;       /* of its events, as the collector's probe has it */
	struct operand operands[SITE_OPERANDS];
};

#endif

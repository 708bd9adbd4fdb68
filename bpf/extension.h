/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extension: what each program has that takes the markers of the Python extension, too.
 */
#ifndef TELETAP_BPF_EXTENSION_H
#define TELETAP_BPF_EXTENSION_H

#include "operands.h"
#include "session.h"

SEC("uprobe/loaded")
int loaded(void *ctx)
{
	(void)ctx;
	if (watched())
		count(&tables.totals.loaded);
	return 0;
}

/*
 * What is to be added to an address in the file of the CPython that is known; false: it is
 * another one that runs here. A marker of CPython's lies in that file; one of the extension tells
 * in two operands, from this one on, where _PyRuntime and PyCode_Type are.
 */
static __always_inline bool python_bias(const void *ctx, const struct site *site, uint32_t operand,
					uint64_t *bias)
{
	int64_t runtime, type;

	*bias = operand_register(ctx, AT_IP) - site->address;
	if (site->n_operands < operand + 2 || !config.runtime)
		return config.runtime;
	if (!operand_read(ctx, &site->operands[operand], &runtime) ||
	    !operand_read(ctx, &site->operands[operand + 1], &type))
		return false;
	*bias = runtime - config.runtime;
	return type - config.type == *bias;
}

#endif

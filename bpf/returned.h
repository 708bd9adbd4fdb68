/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * returned: the function that returns, where nothing else is looked at: of a CPython 3.11, whose
 * markers nearly never tell when a function is entered (gh-98894), and where calls are counted
 * only.
 */
#ifndef TELETAP_BPF_RETURNED_H
#define TELETAP_BPF_RETURNED_H

#include "calls.h"
#define NAME_ROOM CALL_NAMES
#include "names.h"
#include "operands.h"
#include "python_frame.h"

/* The number of the function that the marker tells of; 0: none, which is counted. */
static __always_inline uint32_t returned_name(void *ctx, const struct site *site, int32_t line)
{
	int64_t file, function;
	struct name name;

	if (!operand_read(ctx, &site->operands[0], &file) ||
	    !operand_read(ctx, &site->operands[1], &function)) {
		count(&tables.totals.unread);
		return 0;
	}
	return name_function(&tables.totals, &tables.n_names, tables.names, &name, file, function,
			     line);
}

/* The number of the function that is over; 0: it is not watched, or not known. */
static __always_inline uint32_t call_returned(void *ctx)
{
	const struct site *site = site_of(ctx);
	struct task_struct *task = bpf_get_current_task_btf();
	struct frame frame;

	if (!site || !watched_here(task))
		return 0;
	if (!frame_now(task, operand_register(ctx, AT_IP) - site->address, &frame)) {
		count(&tables.totals.unread);
		return 0;
	}
	seen_process(&tables.totals, task->tgid);
	return frame.makes ? 0 : returned_name(ctx, site, frame.line);
}

#endif

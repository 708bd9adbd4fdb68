/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exec: the tables and events of exec.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_EXEC_H
#define TELETAP_BPF_EXEC_H

#include "shared.h"

#define EXEC_RING (512 * 1024)
#define EXEC_NAME 16
#define EXEC_ARGUMENTS 224

enum { EXEC_FORK, EXEC_PROGRAM, EXEC_END };

struct exec_event {
	uint32_t kind; /* EXEC_... */
	uint32_t pid, parent;
	int32_t status; /* of an end, as wait() has it */
	uint64_t start_ns, now_ns;
	char parent_name[EXEC_NAME], name[EXEC_NAME];
	uint64_t size; /* of all arguments; only of a new program, with what follows */
	char arguments[EXEC_ARGUMENTS];
};

struct exec_tables {
	struct totals totals;
	uint64_t forks, programs, ends, failures;
};

#endif

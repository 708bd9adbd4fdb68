/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * short_files: the tables and events of short_files.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_SHORT_FILES_H
#define TELETAP_BPF_SHORT_FILES_H

#include "shared.h"

#define SHORT_RING (512 * 1024)
#define SHORT_COMM 16
#define SHORT_ROOM 512

/* A file that was deleted within a second. */
struct short_event {
	uint64_t born_ns, lived_ns, size;
	uint32_t pid, by; /* who made it, who deleted it */
	uint8_t replaced; /* by another file that took its name */
	uint8_t cut;      /* its path is too long: only the name is here */
	char name[SHORT_COMM], by_name[SHORT_COMM];
	char path[SHORT_ROOM];
};

struct short_tables {
	struct totals totals;
	uint64_t created, deleted, bytes;
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imports: the tables of imports.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_IMPORTS_H
#define TELETAP_BPF_IMPORTS_H

#include "shared.h"

#define IMPORTS 8192
#define IMPORTS_OPEN 8192
#define IMPORT_THREADS 256

/* A module, imported by its parent, whose number is smaller; 0: by none that was seen. */
struct import {
	uint32_t parent, word, who; /* word: its name; 0: that could not be read */
	uint32_t ready;
	uint64_t begun, ended, failed, total_ns, self_ns;
};

struct import_tables {
	struct totals totals;
	uint64_t n_words;
	struct word_entry words[IMPORTS + 1];
	uint64_t n_imports;
	struct import imports[IMPORTS + 1];
	uint64_t unpaired; /* ends without a beginning that was seen */
};

#endif

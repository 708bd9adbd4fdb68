/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_program: a page's module -> its BPF programs (bpf/MODULE.bpf.c), loaded.
 */
#ifndef TELETAP_MODULE_BPF_PROGRAM_H
#define TELETAP_MODULE_BPF_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf/shared.h"

struct bpf_object;
struct bpf_settings;

/* For tests: an environment variable says how many entries a table may have. */
#define BPF_ROOM "TELETAP_BPF_ROOM"

struct bpf_loaded {
	struct bpf_object *object;
	void *tables; /* the module's struct NAME_tables, which begins with struct totals */
	size_t size;
	void *apart; /* its struct NAME_apart; NULL: figures are not told apart, or not there */
	size_t apart_size;
	uint32_t room; /* as BPF_ROOM has it; 0: as built */
	void *state;   /* what the collector keeps; its own, as is: */
	const struct bpf_settings *settings;
};

/* Where the module's object is installed; it need not be there. */
void bpf_path(const char *module, char out[PATH_MAX]);

/*
 * Loads its programs: nothing is probed yet. sites: those that they will be attached to, at
 * least one. Returns 0, or -errno with *msg set.
 */
int bpf_load(struct bpf_loaded *l, const char *module, const struct config *config,
	     const struct site *sites, size_t n_sites, char **msg);

/* Has the kernel call an iterator for all that it has; not loaded, it is not. */
void bpf_look(const struct bpf_loaded *l, const char *iterator);

/* How often the kernel has passed over one of the programs, since another one was running. */
uint64_t bpf_missed(const struct bpf_loaded *l);

void bpf_unload(struct bpf_loaded *l);

#endif

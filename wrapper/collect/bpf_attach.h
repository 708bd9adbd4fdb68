/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_attach: markers of a plan's files -> BPF programs at their places. They are taken away
 * when the process ends.
 */
#ifndef TELETAP_COLLECT_BPF_ATTACH_H
#define TELETAP_COLLECT_BPF_ATTACH_H

#include "bpf/shared.h"
#include "module/bpf_program.h"
#include "module/plan.h"

/* A program for a marker; it reads so many arguments of it. */
struct bpf_probe {
	const char *marker, *program;
	int n_arguments, n_more; /* n_more: where the marker has more, so many of them */
	uint32_t kind;           /* of its events: the number of a name that is given */
};

/* A place where a program will be. */
struct bpf_place {
	const struct target_file *file;
	const struct sdt_marker *marker;
	const struct bpf_probe *probe;
	uint64_t offset; /* in the file */
};

struct bpf_places {
	struct bpf_place *list;
	struct site *sites; /* of each its arguments */
	size_t n, n_nop10;  /* n_nop10: of them stand at one */
};

/*
 * The places of the probes (the last one has no marker) in the files of the plan. Release with
 * bpf_places_free. Returns 0, or -errno with *msg set.
 */
int bpf_places_find(struct bpf_places *p, const struct plan *plan, const struct bpf_probe *probes,
		    char **msg);
void bpf_places_free(struct bpf_places *p);

/*
 * Attaches the programs in the order of the probes, and switches the markers on. Returns 0, or
 * -errno with *msg set.
 */
int bpf_attach(const struct bpf_places *p, const struct plan *plan, const struct bpf_loaded *l,
	       char **msg);

#endif

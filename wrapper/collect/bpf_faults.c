// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 234: page faults and memory by Python function.
 */
#include "bpf/faults.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rootfs.h"
#include "collect/bpf_collector.h"
#include "collect/bpf_stacks.h"

#define CODE 26 /* fields of /proc/PID/stat: proc_pid_stat(5) */
#define STACK 28

static const struct bpf_event events[] = {
	{ "minor_fault", PERF_COUNT_SW_PAGE_FAULTS_MIN, 1 },
	{ "major_fault", PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1 },
	{ NULL, 0, 0 },
};

static int configure(const struct plan *plan, struct config *config)
{
	int processors = libbpf_num_possible_cpus();

	config->processors = processors > 0 ? (uint32_t)processors : 0;
	return stacks_configure_here(plan, config);
}

/* Whether a process still has the address space; what cannot be read is taken for it. */
static bool has_space(uint32_t pid, const struct space_key *key)
{
	static const struct look host = { .root = "" };
	uint64_t code = key->code, stack = key->stack;
	char path[40], text[1024], *rest, *word;

	if (!bpf_task_lives(pid))
		return false;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	if (look_text(&host, path, text, sizeof(text)) || !(rest = strrchr(text, ')')))
		return true;
	for (int field = 2; (word = strsep(&rest, " ")); field++) {
		if (field == CODE)
			code = strtoull(word, NULL, 10);
		if (field == STACK)
			stack = strtoull(word, NULL, 10);
	}
	return code == key->code && stack == key->stack;
}

/* Forgets processes that have ended, or run another program. */
static void sweep(const struct bpf_loaded *l)
{
	int fd = bpf_object__find_map_fd_by_name(l->object, "spaces");
	struct space_key key, next;
	bool has = !bpf_map_get_next_key(fd, NULL, &next);
	struct space space;

	while (has) {
		key = next;
		has = !bpf_map_get_next_key(fd, &key, &next);
		if (!bpf_map_lookup_elem(fd, &key, &space) && !has_space(space.pid, &key))
			bpf_map_delete_elem(fd, &key);
	}
}

static void row_line(FILE *f, const struct fault_row *row)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	fprintf(f, "fault\t%" PRIu32, row->function);
	for (int i = 0; i < SPACE_SUMS; i++)
		fprintf(f, "\t%" PRIu64, row->sums[i] * (i < SPACE_GROWN ? 1 : page));
	fprintf(f, "\t%" PRIu32 "\n", row->who);
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	const struct fault_tables *t = l->tables;
	size_t n = bpf_used(&t->n_rows, FAULT_ROWS);
	const struct nodes nodes = { &t->n_nodes, t->nodes, &t->stacks };

	sweep(l);
	for (size_t i = 1; i <= n; i++) {
		const struct fault_row *row = &t->rows[i];

		if (__atomic_load_n(&row->ready, __ATOMIC_ACQUIRE) && row->who <= WHOS &&
		    (!row->who || t->totals.who_ready[row->who]))
			row_line(f, row);
	}
	nodes_lines(f, l->state, &nodes, settings->why);
}

const struct bpf_module bpf_faults = { .name = "faults",
				       .size = sizeof(struct fault_tables),
				       .n_names = offsetof(struct fault_tables, n_names),
				       .names = offsetof(struct fault_tables, names),
				       .name_room = WALK_NAMES,
				       .events = events,
				       .python = true,
				       .state_size = sizeof(struct nodes_sent),
				       .configure = configure,
				       .lines = lines };

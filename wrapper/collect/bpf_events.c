// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_events.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"

/* Returns 0, also where there is no such processor now; or -errno. */
static int attach(struct bpf_program *program, const struct bpf_event *event, int processor)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = event->config,
					.sample_period = event->every };
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return errno == ENODEV ? 0 : -errno;
	return bpf_program__attach_perf_event(program, fd) ? 0 : -errno;
}

int bpf_events_attach(const struct bpf_loaded *l, const struct bpf_event *events, char **msg)
{
	int processors = libbpf_num_possible_cpus();

	for (; events->program; events++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(l->object, events->program);

		for (int i = 0; i < processors; i++) {
			int err = program ? attach(program, events, i) : -ENOENT;

			if (err)
				return fail(msg, -err,
					    "the kernel refuses the event of the BPF program %s: "
					    "%s: run as root",
					    events->program, strerror(-err));
		}
	}
	return 0;
}

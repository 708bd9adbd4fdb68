// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_events.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/rights.h"
#include "base/rootfs.h"
#include "bpf/stint.h"

/* Returns 0, with *fd -1 where there is no such processor now; or -errno. */
static int attach(struct bpf_program *program, const struct bpf_event *event, unsigned hz,
		  int processor, int *fd)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = event->config,
					.sample_period = event->every == BPF_HZ
								 ? 1000000000 / SAMPLE_TICKS / hz
								 : event->every,
					.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED };

	*fd = (int)syscall(SYS_perf_event_open, &attr, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
	if (*fd < 0)
		return errno == ENODEV ? 0 : -errno;
	return bpf_program__attach_perf_event(program, *fd) ? 0 : -errno;
}

int bpf_events_attach(struct bpf_events *e, const struct bpf_loaded *l,
		      const struct bpf_event *events, unsigned hz, char **msg)
{
	int n = libbpf_num_possible_cpus();

	e->list = n > 0 ? calloc((size_t)n, sizeof(*e->list)) : NULL;
	e->n = e->list ? n : 0;
	if (!e->list)
		return -ENOMEM;
	for (const struct bpf_event *event = events; event->program; event++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(l->object, event->program);

		for (int i = 0; i < n; i++) {
			int fd, err = program ? attach(program, event, hz, i, &fd) : -ENOENT;

			if (err)
				return fail(msg, -err,
					    "the kernel refuses the event of the BPF program %s: "
					    "%s: %s",
					    event->program, strerror(-err),
					    rights_remedy("run as root"));
			if (event == events)
				e->list[i].fd = fd;
		}
	}
	return 0;
}

/* The first one cannot be switched off, and has no such file, as a rule. */
static bool is_online(int processor)
{
	static const struct look host = { .root = "" };
	char path[60], text[8];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", processor);
	if (!look_exists(&host, path))
		return false;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", processor);
	return look_text(&host, path, text, sizeof(text)) || *text == '1';
}

void bpf_events_look(struct bpf_events *e)
{
	e->later = e->blind = 0;
	for (int i = 0; i < e->n; i++) {
		struct bpf_processor *p = &e->list[i];
		uint64_t now[2] = { 0 }; /* the count; for how long it was switched on */
		bool counts = p->fd >= 0 && read(p->fd, now, sizeof(now)) == sizeof(now) &&
			      now[1] > p->counted;

		p->counted = now[1];
		if (counts || !is_online(i))
			continue;
		e->blind++;
		e->later += p->fd < 0;
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_collector.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "collect/bpf_words.h"
#include "collect/host_threads.h"
#include "model/escape.h"

#define FUNCTION '5' /* letters of options: see cmd/options.c */
#define FILE_OPTION '6'
#define HZ 99 /* samples a second, unless told otherwise */

static const struct bpf_module *const modules[] = { &bpf_gc,
						    &bpf_counters,
						    &bpf_errors,
						    &bpf_spans,
						    &bpf_calls,
						    &bpf_exec,
						    &bpf_disk_io,
						    &bpf_short_files,
						    &bpf_imports,
						    &bpf_gc_events,
						    &bpf_audit,
						    &bpf_gc_cost,
						    &bpf_sums,
						    &bpf_call_times,
						    &bpf_call_times_extension,
						    &bpf_flow,
						    &bpf_flow_extension,
						    &bpf_offcpu,
						    &bpf_syscalls,
						    &bpf_faults,
						    &bpf_gil,
						    &bpf_sampled,
						    &bpf_postgres,
						    &bpf_glibc,
						    &bpf_calls_timed,
						    &bpf_call_times_timed,
						    &bpf_flow_timed };

struct bpf_source {
	const struct bpf_module *module;
	struct plan plan;
	struct config config;
	struct bpf_settings settings;
	struct bpf_places places;
	struct bpf_loaded loaded;
	struct ring_buffer *events; /* NULL: none */
	struct bpf_events processors;
	struct host_threads threads;
	uint64_t sequence;
	bool who_sent[WHOS + 1];
	bool *name_sent;
};

static void find_target(struct bpf_source *s, const struct target *t)
{
	struct members *who = &s->threads.all.who;

	s->threads.since_attached = true;
	target_members(t, s->plan.file->fd, who);
	s->config.cgroup = who->cgroup.id;
	s->config.command = who->command;
	s->config.watched = who->n_roots > 1 ? WATCHED_SEVERAL : who->roots[0].pid;
}

/* A hexadecimal number with a bit for each call, the first call's last. */
static void take_calls(struct config *config, const char *digits)
{
	size_t n = strlen(digits);

	config->some_calls = true;
	for (size_t i = 0; i < n && i < CONFIG_CALLS / 4; i++) {
		const char digit[] = { digits[n - 1 - i], '\0' };

		config->calls[i / 16] |= (uint64_t)strtoul(digit, NULL, 16) << 4 * (i % 16);
	}
}

static void take_settings(struct bpf_source *s, const struct opts *o)
{
	s->settings.jit = s->plan.jit;
	s->settings.hz = HZ;
	for (int i = 0; i < o->n_settings; i++) {
		const char *value = strchr(o->settings[i].text, '=');
		char letter = o->settings[i].letter;

		if (!value++ || !module_takes(s->plan.module, letter))
			continue;
		if (letter == OPTS_BY)
			s->config.by = (uint32_t)atoi(value);
		else if (letter == OPTS_COUNTS)
			s->settings.counts = true;
		else if (letter == OPTS_HZ)
			s->settings.hz = (unsigned)atoi(value);
		else if (letter == OPTS_WAITING)
			s->config.waiting = true;
		else if (letter == OPTS_CALL)
			take_calls(&s->config, value);
		else if (letter == FUNCTION)
			s->settings.function = value;
		else if (letter == FILE_OPTION)
			s->settings.file = value;
		else if (letter == OPTS_RATE)
			s->settings.rate = s->settings.hz = (unsigned)atoi(value);
	}
}

static const struct bpf_module *find_module(const char *name)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		if (!strcmp(modules[i]->name, name))
			return modules[i];
	}
	return NULL;
}

static int make(const struct plan *plan, const struct target *t, const struct opts *o, void **ctx,
		char **msg)
{
	struct bpf_source *s = calloc(1, sizeof(*s));

	*ctx = s;
	if (!s)
		return -ENOMEM;
	s->plan = *plan;
	find_target(s, t);
	take_settings(s, o);
	s->module = find_module(s->settings.counts ? plan->module : plan->program);
	if (!s->module)
		return fail(msg, ENOTSUP, "page %d: there are no BPF programs for it",
			    plan->page->number);
	s->name_sent = calloc(s->module->name_room + 1, sizeof(*s->name_sent));
	if (!s->name_sent)
		return -ENOMEM;
	if (s->module->configure)
		s->settings.why = s->module->configure(plan, &s->config);
	return s->module->probes ? bpf_places_find(&s->places, plan, s->module->probes, msg) : 0;
}

static void release(void *ctx)
{
	struct bpf_source *s = ctx;

	if (!s)
		return;
	bpf_places_free(&s->places);
	free(s->processors.list);
	free(s->threads.last);
	free(s->name_sent);
	free(s);
}

static int files(void *ctx, int *fds)
{
	const struct bpf_source *s = ctx;

	for (int i = 0; i < s->plan.n_files; i++)
		fds[i] = s->plan.files[i]->fd;
	return s->plan.n_files;
}

static int take_event(void *ctx, void *data, size_t size)
{
	const struct bpf_source *s = ctx;

	s->module->event(&s->loaded, data, size);
	return 0;
}

/* Several processes that are watched are in a map. */
static int put_roots(struct bpf_source *s, char **msg)
{
	int fd = bpf_object__find_map_fd_by_name(s->loaded.object, "roots");
	const struct members *who = &s->threads.all.who;

	for (int i = 0; i < who->n_roots && who->n_roots > 1; i++) {
		if (bpf_map_update_elem(fd, &who->roots[i].pid, &who->roots[i].begun, BPF_ANY))
			return fail(msg, errno, "the BPF programs' processes: %s", strerror(errno));
	}
	return 0;
}

static int open_events(struct bpf_source *s, char **msg)
{
	int fd = bpf_object__find_map_fd_by_name(s->loaded.object, "events");

	s->events = ring_buffer__new(fd, take_event, s, NULL);
	return s->events ? 0 : fail(msg, errno, "the BPF programs' ring: %s", strerror(errno));
}

static void give_names(const struct bpf_module *m, char *tables)
{
	struct name_entry *entries = (void *)(tables + m->names);
	uint64_t *n = (void *)(tables + m->n_names);

	for (; m->given && m->given[*n + 1]; entries[*n].ready = 1) {
		++*n;
		snprintf(entries[*n].name.function, FUNCTION_ROOM, "%s", m->given[*n]);
	}
}

static int begin(void *ctx, char **msg)
{
	struct bpf_source *s = ctx;
	int err = bpf_load(&s->loaded, s->module->name, &s->config, s->places.sites, s->places.n,
			   msg);

	if (!err && (s->loaded.size != s->module->size ||
		     (s->loaded.apart && s->loaded.apart_size != s->module->apart_size)))
		err = fail(msg, EINVAL,
			   "the BPF program %s is another version's: install teletap "
			   "again",
			   s->module->name);
	if (!err)
		err = put_roots(s, msg);
	if (!err && s->module->begin)
		s->module->begin(s->loaded.tables);
	if (!err)
		give_names(s->module, s->loaded.tables);
	s->loaded.settings = &s->settings;
	s->loaded.state = err ? NULL : calloc(1, s->module->state_size + 1);
	if (!err && !s->loaded.state)
		err = -ENOMEM;
	if (!err && s->module->event)
		err = open_events(s, msg);
	if (!err)
		err = bpf_attach(&s->places, &s->plan, &s->loaded, msg);
	if (!err && s->module->events)
		err = bpf_events_attach(&s->processors, &s->loaded, s->module->events,
					s->settings.hz, msg);
	if (!err)
		bpf_look(&s->loaded, "library_found");
	return err;
}

static int events_fd(void *ctx)
{
	const struct bpf_source *s = ctx;

	return s->events ? ring_buffer__epoll_fd(s->events) : -1;
}

static void take_events(void *ctx)
{
	const struct bpf_source *s = ctx;

	ring_buffer__consume(s->events);
}

bool bpf_task_lives(uint32_t number)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%" PRIu32, number);
	return !access(path, F_OK) || errno != ENOENT;
}

/* What threads that have ended had begun: it will not end. */
static void forget_threads(const struct bpf_source *s)
{
	int fd = s->module->by_thread
			 ? bpf_object__find_map_fd_by_name(s->loaded.object, s->module->by_thread)
			 : -1;
	uint32_t tid, next;
	bool has = fd >= 0 && !bpf_map_get_next_key(fd, NULL, &next);

	while (has) {
		tid = next;
		has = !bpf_map_get_next_key(fd, &tid, &next);
		if (!bpf_task_lives(tid))
			bpf_map_delete_elem(fd, &tid);
	}
}

/* By what the figures are split, and what is new of it. */
static void who_lines(FILE *f, struct bpf_source *s)
{
	const struct totals *t = s->loaded.tables;
	size_t n = bpf_used(&t->n_whos, WHOS);

	if (s->config.by == BY_ALL)
		return;
	fprintf(f, "by\t%" PRIu32 "\n", s->config.by);
	for (size_t i = 1; i <= n; i++) {
		if (s->who_sent[i] || !__atomic_load_n(&t->who_ready[i], __ATOMIC_ACQUIRE))
			continue;
		s->who_sent[i] = true;
		fprintf(f, "who\t%zu\t%" PRIu32 "\t%" PRIu32 "\n", i, t->whos[i].pid,
			s->config.by == BY_THREAD ? t->whos[i].number : 0);
	}
}

/* What is new of the names that the lines before mention. */
static void name_lines(FILE *f, struct bpf_source *s)
{
	const char *tables = s->loaded.tables;
	const struct name_entry *entries = (const void *)(tables + s->module->names);
	size_t n = bpf_used((const void *)(tables + s->module->n_names), s->module->name_room);

	for (size_t i = 1; i <= n; i++) {
		const struct name *name = &entries[i].name;

		if (s->name_sent[i] || !bpf_name_ready(&entries[i]))
			continue;
		s->name_sent[i] = true;
		fprintf(f, "name\t%zu", i);
		bpf_wide_field(f, name->function, FUNCTION_ROOM, name->function_kind,
			       name->function_cut);
		bpf_wide_field(f, name->file, FILE_ROOM, name->file_kind, name->file_cut);
		fprintf(f, "\t%" PRId32 "\n", name->line);
	}
}

static void word_lines(FILE *f, struct bpf_source *s)
{
	const char *tables = s->loaded.tables;
	const struct word_entry *entries = (const void *)(tables + s->module->words);
	size_t n = bpf_used((const void *)(tables + s->module->n_names), s->module->name_room);

	for (size_t i = 1; i <= n; i++) {
		if (s->name_sent[i] || !__atomic_load_n(&entries[i].ready, __ATOMIC_ACQUIRE))
			continue;
		s->name_sent[i] = true;
		fprintf(f, "name\t%zu", i);
		bpf_wide_field(f, entries[i].word.text, WORD_ROOM, entries[i].word.kind,
			       entries[i].word.cut);
		fputs("\t\t0\n", f);
	}
}

/* Others are those of the host. */
static bool is_of_target(const struct bpf_module *m)
{
	return m->probes || m->python;
}

static char *lines(void *ctx, bool final)
{
	static const struct look host = { .root = "" };
	struct bpf_source *s = ctx;
	const struct totals *t = s->loaded.tables;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	forget_threads(s);
	if (s->events)
		take_events(s);
	fprintf(f, "snap\t%" PRIu64 "\t%" PRId64 "\t%" PRId64 "\t%d\n", ++s->sequence,
		clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME), final);
	if (is_of_target(s->module)) {
		host_threads_line(f, &host, &s->threads);
		fprintf(f, "procs\t%" PRIu64 "\n", t->processes);
	}
	/* A process that was seen has the extension: programs of calls do without the marker
	 * "loaded". */
	if (s->plan.given)
		fprintf(f, "extension\t1\t%" PRIu64 "\n", t->loaded + t->processes);
	who_lines(f, s);
	s->module->lines(f, &s->loaded, &s->settings);
	if (s->module->names)
		name_lines(f, s);
	if (s->module->words)
		word_lines(f, s);
	bpf_events_look(&s->processors);
	fprintf(f, "processors\t%ld\t%d\t%d\nloss\t%" PRIu64 "\t0\t%" PRIu64 "\nend\t%" PRIu64 "\n",
		sysconf(_SC_NPROCESSORS_ONLN), s->processors.later, s->processors.blind,
		t->unread + bpf_missed(&s->loaded), t->full, s->sequence);
	return fclose(f) ? (free(text), NULL) : text;
}

const struct child_ops bpf_ops = { .process = "teletap-bpf",
				   .make = make,
				   .free = release,
				   .files = files,
				   .begin = begin,
				   .fd = events_fd,
				   .work = take_events,
				   .lines = lines };

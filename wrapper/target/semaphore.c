// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A marker is skipped by its program while its semaphore, a counter in the
 * program's own memory, is 0. Somebody must raise it in every process watched and
 * lower it afterwards, and count right through fork, vfork and exec.
 *
 * SystemTap's runtime does this by writing into the processes it finds. A forked
 * child inherits the raised counter and gets raised once more, a vforked one shares
 * its parent's memory, and after SIGKILL nobody lowers anything: counters are left
 * behind that make the program work for nobody, for ever. The kernel does it right:
 * a uprobe can carry the file offset of a "reference counter", which it raises in
 * each process where the uprobe is in place and lowers when it is taken away, by
 * itself also when the owner dies. So modules are compiled from a copy of the file
 * whose notes name no semaphores (compiler.c), and the kernel is asked here.
 *
 * The uprobe has to stand somewhere. Not at the marker: there SystemTap's own one
 * stands, and the kernel refuses two with different counters at one place. It
 * stands where code never runs and nothing reads (unused_bytes.c), one byte for each
 * semaphore. The place depends on the file only, so that several of us share it and
 * the kernel counts right.
 *
 * Sites. bpftrace, bcc and perf put their uprobes, with a counter, at the marker
 * itself. A module that is loaded then is refused by the kernel, but SystemTap 5.6
 * takes the error code for a pointer and, when it is unloaded, brings the kernel
 * down (uprobes-inode.c: uprobe_register returns ERR_PTR, compared with NULL; seen
 * on 7.2, in docs/systemtap.md). So before a module is loaded, we put a uprobe of
 * our own, without a counter, at each site, and hold it until SystemTap's are there.
 * Meanwhile we map the file ourselves: the kernel looks at an instruction when the first
 * process has it mapped, and refuses then what it cannot trace; that shall be here, and
 * not while SystemTap registers.
 *
 * Descriptors. A program may have thousands of sites. The soft limit of descriptors is
 * raised only while they are opened, since programs that we start inherit it. The kernel
 * takes 50 ms for each that is closed, one after another; SLOW and more are left to a
 * process that has nothing else to do.
 */
#include "target/semaphore.h"

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/rights.h"
#include "model/origin.h"
#include "target/unused_bytes.h"
#include "target/uprobe.h"

#define SLOW 16      /* descriptors */
#define SPARE 64u    /* descriptors for everything else */
#define ENOTSUPP 524 /* the kernel's own, for an instruction that uprobes cannot trace */

/* Where a uprobe stands, and its counter (0: none), as file offsets; the marker it is for. */
struct spot {
	uint64_t where, counter;
	const struct sdt_marker *marker;
};

/* The distinct semaphores of the file, sorted: its rank decides on a semaphore's place. */
static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t rank_all(const struct sdt_file *sdt, uint64_t *all)
{
	size_t n = 0, distinct = 0;

	for (size_t i = 0; i < sdt->n_markers; i++) {
		if (sdt->markers[i].counter)
			all[n++] = sdt->markers[i].counter;
	}
	if (n)
		qsort(all, n, sizeof(*all), compare);
	for (size_t i = 0; i < n; i++) {
		if (!i || all[i] != all[i - 1])
			all[distinct++] = all[i];
	}
	return distinct;
}

static bool named(const struct sdt_marker *m, const char *provider, const char *const *markers)
{
	if (strcmp(provider, PAGE_ANY) != 0 && strcmp(provider, PAGE_PROGRAM) != 0 &&
	    strcmp(m->provider, provider) != 0)
		return false;
	for (int k = 0; markers[k]; k++) {
		if (!strcmp(m->name, markers[k]))
			return true;
	}
	return false;
}

static int limit_check(size_t n, struct rlimit *limit, char **msg)
{
	if (getrlimit(RLIMIT_NOFILE, limit))
		return fail(msg, errno, "getrlimit: %s", strerror(errno));
	if (limit->rlim_max < n + SPARE)
		return fail(msg, ENFILE, /* say_why has a remedy of its own for EMFILE */
			    "its %zu probes need more open files than %llu: allow more, "
			    "'ulimit -n %zu'",
			    n, (unsigned long long)limit->rlim_max, n > 128 ? 2 * n : 256);
	return 0;
}

static int say_refused(const struct spot *spot, int err, char **msg)
{
	const struct sdt_marker *m = spot->marker;

	if (err == EINVAL && !spot->counter)
		return fail(msg, EBUSY,
			    "another tracer (bpftrace, perf, bcc) is at the marker %s:%s: "
			    "stop it first",
			    m->provider, m->name);
	return fail(msg, err, "the kernel refuses a probe %s %s:%s: %s%s%s",
		    spot->counter ? "for the semaphore of" : "at", m->provider, m->name,
		    err == ENOTSUPP ? "the instruction there cannot be traced; is the file altered?"
				    : strerror(err),
		    err == EACCES || err == EPERM ? ": " : "",
		    err == EACCES || err == EPERM ? rights_remedy("run as root") : "");
}

/* Puts a uprobe at each of the n spots; all or none. */
static int place_all(struct semaphores *s, int fd, const struct spot *spots, size_t n, char **msg)
{
	int type = uprobe_type(), err = 0;
	struct rlimit old, more;
	char path[40];

	*s = (struct semaphores){ .fds = calloc(n + 1, sizeof(*s->fds)) };
	if (!s->fds)
		return fail(msg, ENOMEM, "%s", strerror(ENOMEM));
	if (type < 0)
		err = fail(msg, ENOSYS,
			   "this kernel offers no uprobes to perf (no "
			   "/sys/bus/event_source/devices/uprobe): use one with "
			   "CONFIG_UPROBE_EVENTS");
	else
		err = limit_check(n, &old, msg);
	if (err)
		goto out;
	more = old;
	more.rlim_cur = old.rlim_max - n < old.rlim_cur ? old.rlim_max : old.rlim_cur + n;
	setrlimit(RLIMIT_NOFILE, &more);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	while (!err && s->n < n) {
		s->fds[s->n] = uprobe_open(path, type, spots[s->n].where, spots[s->n].counter);
		if (s->fds[s->n] < 0)
			err = say_refused(&spots[s->n], errno, msg);
		else
			s->n++;
	}
	setrlimit(RLIMIT_NOFILE, &old);
out:
	if (err)
		semaphores_drop(s);
	return err;
}

int semaphores_reserve(struct semaphores *s, int fd, const struct sdt_file *sdt,
		       const char *provider, const char *const *markers, char **msg)
{
	struct spot *spots = calloc(sdt->n_markers + 1, sizeof(*spots));
	void *code = MAP_FAILED;
	struct stat st = { 0 };
	size_t n = 0;
	int err = 0;

	*s = (struct semaphores){ 0 };
	if (!spots)
		return fail(msg, ENOMEM, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < sdt->n_markers; i++) {
		if (named(&sdt->markers[i], provider, markers))
			spots[n++] = (struct spot){ sdt->markers[i].site, 0, &sdt->markers[i] };
	}
	if (!fstat(fd, &st))
		code = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (code == MAP_FAILED)
		err = fail(msg, errno,
			   "the file cannot be mapped as a program: %s: is its file "
			   "system mounted noexec?",
			   strerror(errno));
	if (!err)
		err = place_all(s, fd, spots, n, msg);
	if (code != MAP_FAILED)
		munmap(code, (size_t)st.st_size);
	free(spots);
	return err;
}

/* The spots from which the wanted semaphores are raised; *spots is to be freed. */
static int find_spots(int fd, const struct sdt_file *sdt, const char *provider,
		      const char *const *markers, struct spot **spots, size_t *n, char **msg)
{
	uint64_t *all = calloc(sdt->n_markers + 1, sizeof(*all));
	uint64_t *places = calloc(sdt->n_markers + 1, sizeof(*places));
	long n_all, n_places;
	int err = 0;

	*n = 0;
	*spots = calloc(sdt->n_markers + 1, sizeof(**spots));
	if (!all || !places || !*spots) {
		err = fail(msg, ENOMEM, "%s", strerror(ENOMEM));
		goto out;
	}
	n_all = (long)rank_all(sdt, all);
	n_places = n_all ? unused_bytes(fd, places, (size_t)n_all) : 0;
	if (n_places < 0)
		err = fail(msg, (int)-n_places, "the file cannot be read: %s",
			   strerror((int)-n_places));
	for (size_t i = 0; i < sdt->n_markers && !err; i++) {
		const struct sdt_marker *m = &sdt->markers[i];
		uint64_t *found;

		if (!m->counter || !named(m, provider, markers))
			continue;
		found = bsearch(&m->counter, all, (size_t)n_all, sizeof(*all), compare);
		if (found - all >= n_places)
			err = fail(msg, ENOTSUP,
				   "its %ld semaphores need as many unused bytes, and it has %ld: "
				   "link it with GNU ld, or by lld with "
				   "-Wl,-z,separate-loadable-segments",
				   n_all, n_places);
		else if (m->counter > UINT32_MAX)
			err = fail(msg, ENOTSUP,
				   "the semaphore of %s:%s lies beyond 4 GB, where the kernel "
				   "counts none",
				   m->provider, m->name);
		else if (places[found - all]) /* 0: has its spot already; the file begins there */
			(*spots)[(*n)++] = (struct spot){ places[found - all], m->counter, m };
		if (!err)
			places[found - all] = 0;
	}
out:
	if (err) {
		free(*spots);
		*spots = NULL;
	}
	free(places);
	free(all);
	return err;
}

bool semaphores_stay_off(const struct sdt_file *sdt, const char *provider,
			 const char *const *markers)
{
	for (size_t i = 0; i < sdt->n_markers; i++) {
		if (sdt->markers[i].elsewhere && named(&sdt->markers[i], provider, markers))
			return true;
	}
	return false;
}

int semaphores_check(int fd, const char *path, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, bool later, char **msg)
{
	struct rlimit limit;
	struct spot *spots;
	char *why = NULL;
	size_t n, sites = 0;
	int err;

	if (later && semaphores_stay_off(sdt, provider, markers))
		return fail(msg, ENOTSUP,
			    "%s: the linker laid its data so that the kernel cannot switch its "
			    "markers on in processes that start later: name one that runs (-p "
			    "PID), or link it with -Wl,-z,separate-loadable-segments",
			    path);
	for (size_t i = 0; i < sdt->n_markers; i++) {
		sites += named(&sdt->markers[i], provider, markers);
		if (!sdt->markers[i].site)
			return fail(msg, ENOTSUP,
				    "%s is not linked yet, so its markers have no places: name the "
				    "program or the library",
				    path);
	}
	err = find_spots(fd, sdt, provider, markers, &spots, &n, &why);
	free(spots);
	if (!err)
		err = limit_check(sites > n ? sites : n, &limit, &why);
	if (err)
		fail(msg, 0, "%s: %s", path, why ? why : strerror(-err));
	free(why);
	return err;
}

int semaphores_raise(struct semaphores *s, int fd, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, char **msg)
{
	struct spot *spots;
	size_t n;
	int err;

	*s = (struct semaphores){ 0 };
	err = find_spots(fd, sdt, provider, markers, &spots, &n, msg);
	if (!err)
		err = place_all(s, fd, spots, n, msg);
	free(spots);
	return err;
}

/* In a process that has only these descriptors, ascending, and ends: the kernel closes them. */
static void hold_only(const struct semaphores *s)
{
	unsigned from = 0;

	for (size_t i = 0; i < s->n; i++) {
		unsigned fd = (unsigned)s->fds[i];

		if (fd > from)
			syscall(SYS_close_range, from, fd - 1, 0);
		from = fd + 1;
	}
	syscall(SYS_close_range, from, ~0u, 0);
}

/* The closing process is a child of none of ours, which need not wait for it. */
static void close_elsewhere(const struct semaphores *s)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0) {
			setsid();
			hold_only(s);
		}
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

void semaphores_drop(struct semaphores *s)
{
	if (s->n > SLOW)
		close_elsewhere(s);
	for (size_t i = 0; i < s->n; i++)
		close(s->fds[i]);
	free(s->fds);
	*s = (struct semaphores){ 0 };
}

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
 * stands where code never runs: in the zeros between the end of the code segment
 * and the end of its last page, one byte for each semaphore. The place depends on
 * the file only, so that several of us share it and the kernel counts right.
 *
 * Sites. bpftrace, bcc and perf put their uprobes, with a counter, at the marker
 * itself. A module that is loaded then is refused by the kernel, but SystemTap 5.6
 * takes the error code for a pointer and, when it is unloaded, brings the kernel
 * down (uprobes-inode.c: uprobe_register returns ERR_PTR, compared with NULL; seen
 * on 7.2, in docs/systemtap.md). So before a module is loaded, we put a uprobe of
 * our own, without a counter, at each site, and hold it until SystemTap's are there.
 */
#include "semaphore.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"
#include "page.h"

#define PAGE 4096u
#define INSN_MAX 16 /* the kernel decodes so many bytes; zeros are a valid instruction */

struct layout {
	uint64_t park, park_end; /* file offsets of the unused zeros */
};

/* Finds zeros from offset to the end of its page. */
static bool find_zeros(int fd, uint64_t offset, struct layout *l)
{
	unsigned char buf[PAGE];
	uint64_t end = (offset + PAGE - 1) / PAGE * PAGE;
	size_t len = end - offset;

	if (len < INSN_MAX + SEMAPHORES || pread(fd, buf, len, (off_t)offset) != (ssize_t)len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (buf[i])
			return false;
	}
	l->park = offset;
	l->park_end = end - INSN_MAX;
	return true;
}

/* Code first; a read-only segment does as well, the kernel takes any private one. */
static bool find_park(int fd, Elf *elf, struct layout *l)
{
	static const uint32_t tries[] = { PF_R | PF_X, PF_R };
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (int t = 0; t < 2; t++) {
		for (size_t i = 0; i < n; i++) {
			GElf_Phdr ph;

			if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD &&
			    ph.p_flags == tries[t] && ph.p_filesz == ph.p_memsz &&
			    find_zeros(fd, ph.p_offset + ph.p_filesz, l))
				return true;
		}
	}
	return false;
}

/* Address -> file offset, through the segment that holds it; 0: not in the file. */
static uint64_t file_offset(Elf *elf, uint64_t addr)
{
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && addr >= ph.p_vaddr &&
		    addr - ph.p_vaddr + 2 <= ph.p_filesz)
			return addr - ph.p_vaddr + ph.p_offset;
	}
	return 0;
}

static int uprobe_type(void)
{
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	int type;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &type) != 1)
		type = -1;
	fclose(f);
	return type;
}

static int place(const char *path, int type, uint64_t where, uint64_t counter)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = (uint32_t)type,
		.config = counter << 32,
		.uprobe_path = (uint64_t)(uintptr_t)path,
		.probe_offset = where,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
}

/* The distinct semaphores of the file, sorted: a semaphore's place is its rank. */
static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t rank_all(const struct sdt_file *sdt, uint64_t *all)
{
	size_t n = 0, distinct = 0;

	for (size_t i = 0; i < sdt->n_markers; i++) {
		if (sdt->markers[i].semaphore)
			all[n++] = sdt->markers[i].semaphore + sdt->markers[i].shift;
	}
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

static bool wanted(const struct sdt_file *sdt, uint64_t semaphore, const char *provider,
		   const char *const *markers)
{
	for (size_t i = 0; i < sdt->n_markers; i++) {
		const struct sdt_marker *m = &sdt->markers[i];

		if (m->semaphore && m->semaphore + m->shift == semaphore &&
		    named(m, provider, markers))
			return true;
	}
	return false;
}

static int no_uprobes(char **msg)
{
	return fail(msg, ENOSYS,
		    "this kernel offers no uprobes to perf (no "
		    "/sys/bus/event_source/devices/uprobe): use one with CONFIG_UPROBE_EVENTS");
}

int semaphores_reserve(struct semaphores *s, int fd, const struct sdt_file *sdt,
		       const char *provider, const char *const *markers, char **msg)
{
	int type = uprobe_type(), err = 0;
	char path[40];
	Elf *elf;

	*s = (struct semaphores){ 0 };
	if (type < 0)
		return no_uprobes(msg);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return fail(msg, ENOEXEC, "the ELF file cannot be read: %s", elf_errmsg(-1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < sdt->n_markers && !err; i++) {
		const struct sdt_marker *m = &sdt->markers[i];

		if (!named(m, provider, markers))
			continue;
		if (s->n == SEMAPHORES) {
			err = fail(msg, ENOTSUP, "more than %d sites", SEMAPHORES);
			break;
		}
		s->fds[s->n] = place(path, type, file_offset(elf, m->pc + m->shift), 0);
		if (s->fds[s->n] >= 0)
			s->n++;
		else if (errno == EINVAL)
			err = fail(msg, EBUSY,
				   "another tracer (bpftrace, perf, bcc) is at the marker %s:%s: "
				   "stop it first",
				   m->provider, m->name);
		else
			err = fail(msg, errno, "the kernel refuses a probe at %s:%s: %s",
				   m->provider, m->name, strerror(errno));
	}
	if (err)
		semaphores_drop(s);
	elf_end(elf);
	return err;
}

/* Where a uprobe that raises a semaphore stands, and that semaphore, as file offsets. */
struct spot {
	uint64_t where, counter;
};

static int find_spots(int fd, const struct sdt_file *sdt, const char *provider,
		      const char *const *markers, struct spot spots[SEMAPHORES], int *n, char **msg)
{
	uint64_t *all = calloc(sdt->n_markers + 1, sizeof(*all));
	struct layout layout;
	size_t n_all;
	int err = 0;
	Elf *elf;

	*n = 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!all || !elf) {
		err = fail(msg, ENOMEM, "the ELF file cannot be read: %s", elf_errmsg(-1));
		goto out;
	}
	n_all = rank_all(sdt, all);
	if (n_all && !find_park(fd, elf, &layout)) {
		err = fail(msg, ENOTSUP,
			   "the file has no unused bytes behind its code, which are needed to "
			   "raise its semaphores: link it with -Wl,-z,separate-code (lld: "
			   "-Wl,-z,separate-loadable-segments)");
		goto out;
	}
	for (size_t i = 0; i < n_all && !err; i++) {
		uint64_t counter = file_offset(elf, all[i]);

		if (!wanted(sdt, all[i], provider, markers))
			continue;
		if (*n == SEMAPHORES || layout.park + i >= layout.park_end || !counter ||
		    counter > UINT32_MAX)
			err = fail(msg, ENOTSUP, "semaphore at %#llx: no place for it",
				   (unsigned long long)all[i]);
		else
			spots[(*n)++] = (struct spot){ layout.park + i, counter };
	}
out:
	elf_end(elf);
	free(all);
	return err;
}

int semaphores_check(int fd, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, char **msg)
{
	struct spot spots[SEMAPHORES];
	int n = 0;

	for (size_t i = 0; i < sdt->n_markers; i++)
		n += named(&sdt->markers[i], provider, markers);
	if (n > SEMAPHORES)
		return fail(msg, ENOTSUP, "more than %d sites", SEMAPHORES);
	return find_spots(fd, sdt, provider, markers, spots, &n, msg);
}

int semaphores_raise(struct semaphores *s, int fd, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, char **msg)
{
	struct spot spots[SEMAPHORES];
	int type = uprobe_type(), n, err;
	char path[40];

	*s = (struct semaphores){ 0 };
	if (type < 0)
		return no_uprobes(msg);
	err = find_spots(fd, sdt, provider, markers, spots, &n, msg);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (; !err && s->n < n; s->n++) {
		s->fds[s->n] = place(path, type, spots[s->n].where, spots[s->n].counter);
		if (s->fds[s->n] >= 0)
			continue;
		err = fail(msg, errno, "the kernel refuses to raise a semaphore (%s)%s",
			   strerror(errno),
			   errno == EACCES || errno == EPERM ? ": run as root" : "");
		break;
	}
	if (err)
		semaphores_drop(s);
	return err;
}

void semaphores_drop(struct semaphores *s)
{
	for (int i = 0; i < s->n; i++)
		close(s->fds[i]);
	s->n = 0;
}

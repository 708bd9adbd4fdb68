// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System.map: the kernel that runs a module finds the functions that a script probes by their
 * names itself, but SystemTap refuses a name that is not in System.map, and Debian keeps a
 * kernel's System.map in its package of debug information. So the compiler sees one with these
 * names, at addresses that do not matter.
 *
 * Tracepoints: for any kernel.trace() stap compiles a query of each header that may define
 * some (tracepoint_builder::init_dw), 150 to 180 of them, which takes minutes of processor time
 * with each new kernel. So it sees only the headers that the scripts name, and those that other
 * headers include.
 */
#include "module/kernel_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static const char *const functions[] = { "futex_wait",        "do_group_exit",
					 "__x64_sys_mmap",    "__x64_sys_munmap",
					 "__x64_sys_mremap",  "__x64_sys_brk",
					 "__x64_sys_madvise", "security_file_open",
					 "d_delete",          "d_move" };

static const char *const headers[] = {
	/* of our tracepoints */
	"block.h", "exceptions.h", "sched.h", "signal.h", "syscalls.h",
	/* which headers outside of the folder, SystemTap's runtime or those above include */
	"mmflags.h", "net_probe_common.h", "percpu.h", "task.h", "tlb.h", "xdp.h", "xen.h"
};

static const char *const trees[] = { "source", "build" };

#define TREE "/lib/modules/%s/%s/include/trace/events"
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A host without /boot has to have its own. */
int kernel_view_map(const char *release)
{
	char path[512];
	FILE *f;

	if (mount("teletap", "/boot", "tmpfs", MS_NOSUID, "mode=0755"))
		return errno == ENOENT ? 0 : -errno;
	snprintf(path, sizeof(path), "/boot/System.map-%s", release);
	f = fopen(path, "we");
	if (!f)
		return -errno;
	fputs("ffffffff81000000 T _stext\n", f);
	for (size_t i = 0; i < COUNT(functions); i++)
		fprintf(f, "ffffffff%08zx T %s\n", 0x81001000 + 0x1000 * i, functions[i]);
	return fclose(f) ? -errno : 0;
}

/* The file itself, since stap knows what it has queried by a file's time. */
static int show(int folder, const char *path, const char *name)
{
	char from[64], to[600];
	int fd;

	if (faccessat(folder, name, F_OK, 0))
		return 0;
	snprintf(from, sizeof(from), "/proc/self/fd/%d/%s", folder, name);
	snprintf(to, sizeof(to), "%s/%s", path, name);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return mount(from, to, NULL, MS_BIND, NULL) ? -errno : 0;
}

static int show_needed(const char *path)
{
	int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), err = 0;

	if (folder < 0)
		return errno == ENOENT ? 0 : -errno;
	if (mount("teletap", path, "tmpfs", MS_NOSUID, "mode=0755"))
		err = -errno;
	for (size_t i = 0; i < COUNT(headers) && !err; i++)
		err = show(folder, path, headers[i]);
	close(folder);
	return err;
}

int kernel_view_tracepoints(const char *release)
{
	char path[512];
	int err = 0;

	for (size_t i = 0; i < COUNT(trees) && !err; i++) {
		snprintf(path, sizeof(path), TREE, release, trees[i]);
		err = show_needed(path);
	}
	return err;
}

void kernel_view_all_tracepoints(const char *release)
{
	char path[512];

	for (size_t i = COUNT(trees); i-- > 0;) {
		snprintf(path, sizeof(path), TREE, release, trees[i]);
		umount2(path, MNT_DETACH);
	}
}

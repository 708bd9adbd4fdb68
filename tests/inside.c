// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inside: gives up its privileges as the process that talks to the network does, then
 * tries what must not work. Prints one line per attempt; all say "refused".
 *
 *   inside [USER [connections]]      the latter: as one that accepts connections
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/sandbox.h"

/* dprintf wants lseek, which is forbidden, too. */
static void print(const char *what, const char *how)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%-10s %s\n", what, how);

	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(4);
}

static void tell(const char *what, long ret)
{
	print(what, ret >= 0 ? "DONE" : errno == EPERM ? "refused" : strerror(errno));
}

int main(int argc, char **argv)
{
	char *const nothing[] = { NULL };
	struct sandbox c;
	char *msg = NULL;
	long ret;

	ret = sandbox_find(argc > 1 ? argv[1] : NULL, &c, &msg);
	c.connections = argc > 2;
	if (ret || sandbox_enter(&c, &msg)) {
		dprintf(STDERR_FILENO, "inside: %s\n", msg ? msg : "?");
		return 3;
	}
	tell("shadow", syscall(SYS_open, "/etc/shadow", O_RDONLY));
	tell("openat", syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY));
	tell("openat2", syscall(SYS_openat2, AT_FDCWD, "/", nothing, 0));
	tell("module", syscall(SYS_init_module, "", 0, ""));
	tell("module-fd", syscall(SYS_finit_module, 0, "", 0));
	tell("bpf", syscall(SYS_bpf, 0, NULL, 0));
	tell("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	tell("exec", syscall(SYS_execve, "/bin/true", nothing, nothing));
	tell("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", nothing, nothing, 0));
	tell("fork", syscall(SYS_fork));
	tell("clone", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	tell("socket", syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0));
	tell("connect", syscall(SYS_connect, 0, NULL, 0));
	tell("kill", syscall(SYS_kill, 1, 0));
	tell("ptrace", syscall(SYS_ptrace, 0, 0, 0, 0));
	tell("chroot", syscall(SYS_chroot, "/"));
	tell("setuid", syscall(SYS_setresuid, 0, 0, 0));
	tell("mount", syscall(SYS_mount, "", "", "", 0, ""));
	tell("unlink", syscall(SYS_unlink, "/etc/passwd"));
	tell("option", syscall(SYS_setsockopt, 0, SOL_SOCKET, SO_DEBUG, &ret, sizeof(ret)));
	tell("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
	ret = syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	tell("code", ret);
	ret = syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	print("memory", ret == -1 ? "refused" : "given");
	syscall(SYS_exit_group, 0); /* before _exit, a sanitizer wants what is forbidden */
	return 1;
}

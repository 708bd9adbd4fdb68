// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order matters: the root directory and the user need capabilities, the last of
 * which goes with the user; the filter comes last, since it forbids all the rest. Calls
 * that are not on the list fail with EPERM: to be killed would be stricter, but a C
 * library that asks for something new must not end the service.
 */
#include "net/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/paths.h"

#define EMPTY PATHS_RUN "/empty"

static const int allowed[] = {
	SCMP_SYS(read),         SCMP_SYS(write),
	SCMP_SYS(recvfrom),     SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),     SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),      SCMP_SYS(sendmmsg),
	SCMP_SYS(poll),         SCMP_SYS(ppoll),
	SCMP_SYS(close),        SCMP_SYS(clock_gettime),
	SCMP_SYS(brk),          SCMP_SYS(munmap),
	SCMP_SYS(mremap),       SCMP_SYS(madvise),
	SCMP_SYS(exit),         SCMP_SYS(exit_group),
	SCMP_SYS(futex),        SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(getrandom),
	SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(getpid),       SCMP_SYS(gettid),
};

/* What libmicrohttpd needs besides: with epoll, no thread, and a socket that listens already. */
static const int connections[] = {
	SCMP_SYS(accept4),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(shutdown),
};

int sandbox_find(const char *user, struct sandbox *c, char **msg)
{
	struct passwd *pw = getpwnam(user ? user : "nobody");

	*c = (struct sandbox){ .uid = 65534, .gid = 65534 };
	if (pw) {
		c->uid = pw->pw_uid;
		c->gid = pw->pw_gid;
	} else if (user) {
		return fail(msg, ENOENT, "--user %s: there is no such user", user);
	}
	if (!c->uid || !c->gid)
		return fail(msg, EPERM, "--user %s: root is what is to be given up", user);
	return 0;
}

/* No capability but those of the mask, for programs that are started neither. */
static int bound_capabilities(uint64_t kept)
{
	for (int cap = 0; cap < 64; cap++) {
		if (!(kept >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EINVAL)
			return -errno;
	}
	return 0;
}

/* Of those it has, the ones of the mask. */
static int keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { 0 };

	if (syscall(SYS_capget, &head, caps))
		return -errno;
	for (int i = 0; i < 2; i++) {
		caps[i].permitted &= (uint32_t)(kept >> 32 * i);
		caps[i].effective = caps[i].permitted;
		caps[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, caps) ? -errno : 0;
}

int sandbox_reader(char **msg)
{
	const uint64_t kept = UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_KILL;
	int err = geteuid() ? 0 : bound_capabilities(kept);

	if (!err && !geteuid())
		err = keep_capabilities(kept);
	return err ? fail(msg, -err, "privileges cannot be given up: %s", strerror(-err)) : 0;
}

static int drop_user(const struct sandbox *c)
{
	int err;

	if ((mkdir(PATHS_RUN, 0700) && errno != EEXIST) ||
	    (mkdir(EMPTY, 0755) && errno != EEXIST) || chroot(EMPTY) || chdir("/"))
		return -errno;
	err = bound_capabilities(0);
	if (err)
		return err;
	if (setgroups(0, NULL) || setresgid(c->gid, c->gid, c->gid) ||
	    setresuid(c->uid, c->uid, c->uid))
		return -errno;
	return keep_capabilities(0);
}

static int filter(bool with_connections)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0;
	     i < sizeof(connections) / sizeof(connections[0]) && with_connections && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, connections[i], 0);
	if (!err && with_connections)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 1,
				       SCMP_A1(SCMP_CMP_EQ, IPPROTO_TCP));
	/* Its own memory: so teletap.h writes into the ring's file. */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(process_vm_writev), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	/* Memory, but none that can be run. */
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				       SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}

int sandbox_enter(const struct sandbox *c, char **msg)
{
	const struct rlimit none = { 0 };
	int err = geteuid() ? 0 : drop_user(c);

	if (!err && (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ||
		     prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
		err = -errno;
	if (err)
		return fail(msg, -err, "privileges cannot be given up: %s", strerror(-err));
	err = filter(c->connections);
	return err ? fail(msg, -err, "seccomp: %s: does this kernel have it?", strerror(-err)) : 0;
}

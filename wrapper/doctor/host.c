// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each check reads some files below a root directory and adds one line. The files
 * are the kernel's own, named in Documentation/admin-guide (kernel-parameters,
 * module-signing, LSM) and Documentation/ABI; what SystemTap needs of them was seen
 * in the lab or read in its runtime (docs/systemtap.md).
 */
#include "doctor/host.h"

#include <grp.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/rootfs.h"
#include "module/pack.h"
#include "target/pid_namespace.h"

#define CACHE_MB 50 /* a module takes about 2 MB; stap keeps as much for itself */

#define CAP_MODULE (UINT64_C(1) << 16) /* capability.h: CAP_SYS_MODULE, */
#define CAP_ADMIN (UINT64_C(1) << 21)  /* CAP_SYS_ADMIN, */
#define CAP_PERF (UINT64_C(1) << 38)   /* CAP_PERFMON */

/* A line of /proc/self/status. */
struct status_line {
	const char *key;
	uint64_t value;
};

static bool status_match(const char *line, void *arg)
{
	struct status_line *s = arg;
	size_t len = strlen(s->key);

	if (strncmp(line, s->key, len))
		return false;
	if (!strcmp(s->key, "Uid:"))
		return sscanf(line + len, "%*u %" SCNu64, &s->value) == 1; /* the effective one */
	return sscanf(line + len, "%" SCNx64, &s->value) == 1;
}

static void check_root(const struct look *l)
{
	struct status_line uid = { .key = "Uid:" };

	l->host->root = look_line(l, "/proc/self/status", status_match, &uid) && !uid.value;
	if (l->host->root)
		check_add(l->c, "root", VERDICT_OK, NULL, "running as root");
	else
		check_add(l->c, "root", VERDICT_WARN, "run as root to see all, and to watch",
			  "not root: other users' processes and some files of the kernel cannot be "
			  "seen, and 'works' below means: for root");
}

static void check_groups(const struct look *l)
{
	bool usr = false, dev = false;
	gid_t groups[256];
	int n = getgroups(256, groups);

	for (int i = 0; i < n; i++) {
		const struct group *g = getgrgid(groups[i]);

		usr |= g && !strcmp(g->gr_name, "stapusr");
		dev |= g && !strcmp(g->gr_name, "stapdev");
	}
	check_add(l->c, "groups", VERDICT_OK, NULL,
		  "%sa member of stapusr, %sa member of stapdev: neither is needed nor enough, as "
		  "only root may switch markers on",
		  usr ? "" : "not ", dev ? "" : "not ");
}

/* Without rights in the first user namespace, root can load nothing. */
static void check_capabilities(const struct look *l)
{
	struct status_line caps = { .key = "CapEff:" };
	unsigned inside, outside, count;
	char map[256];

	if (!l->host->root)
		return;
	if (!look_text(l, "/proc/self/uid_map", map, sizeof(map)) &&
	    sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && count != UINT32_MAX)
		check_add(l->c, "capabilities", VERDICT_FAIL, "run teletap on the host itself",
			  "this root is that of a user namespace (a container), which may load no "
			  "module");
	else if (!look_line(l, "/proc/self/status", status_match, &caps))
		check_add(l->c, "capabilities", VERDICT_WARN, NULL,
			  "what this root may do cannot be seen in /proc/self/status");
	else if (!(caps.value & CAP_MODULE) || !(caps.value & (CAP_ADMIN | CAP_PERF)))
		check_add(l->c, "capabilities", VERDICT_FAIL,
			  "run teletap on the host itself, or in a privileged container",
			  "this root has no %s: a container without rights",
			  caps.value & CAP_MODULE ? "CAP_PERFMON" : "CAP_SYS_MODULE");
	else
		check_add(l->c, "capabilities", VERDICT_OK, NULL,
			  "may load modules and place probes");
}

static void check_numbers(const struct look *l)
{
	if (numbers_foreign(l->root))
		check_add(l->c, "pid-namespace", VERDICT_FAIL, NUMBERS_REMEDY, NUMBERS_WRONG);
	else
		check_add(l->c, "pid-namespace", VERDICT_OK, NULL,
			  "process numbers are those of the host");
}

static void check_staprun(const struct look *l)
{
	char path[PATH_MAX], version[32];

	if (!look_program(l, "staprun", path)) {
		check_add(l->c, "staprun", VERDICT_FAIL,
			  "install systemtap-runtime (where systemtap comes as one package: "
			  "systemtap)",
			  "there is no staprun on PATH, which loads modules");
		return;
	}
	if (look_version_inside(path, version, sizeof(version)))
		check_add(l->c, "staprun", VERDICT_OK, NULL, "staprun %s (%s)", version,
			  path + strlen(l->root));
	else
		check_add(l->c, "staprun", VERDICT_OK, NULL,
			  "staprun is here (%s), and does not tell "
			  "its version",
			  path + strlen(l->root));
}

/* "6.12.107+deb13-amd64" and "5.6" alike: major * 1000 + minor; 0: no number. */
static int version_number(const char *text)
{
	int major, minor;

	return sscanf(text, "%d.%d", &major, &minor) == 2 ? major * 1000 + minor : 0;
}

/*
 * Pairs that do not compile, as met on Debian 12 (4.8 with 6.1.192: task_work_cancel
 * changed) and Debian 13 (5.1 with 6.12.107: uprobe_register changed). 5.6 compiles
 * for 6.1, 6.12 and 7.2.
 */
static const char *known_trouble(int stap, int kernel)
{
	if (!stap || !kernel || stap >= 5006)
		return NULL;
	if (kernel >= 6012)
		return "uprobe_register changed";
	return kernel >= 6001 ? "task_work_cancel changed" : NULL;
}

/* Whether stap is here and may well compile. */
static bool check_stap(const struct look *l)
{
	const char *trouble, *release = l->host->release;
	char path[PATH_MAX], version[32];

	if (!look_program(l, "stap", path)) {
		check_add(l->c, "stap", VERDICT_WARN,
			  LOOK_BRING ", or install systemtap 5.6 or later",
			  "there is no stap on PATH: modules cannot be compiled here, only loaded");
		return false;
	}
	look_version(path, "--version", version, sizeof(version));
	trouble = known_trouble(version_number(version), version_number(release));
	if (trouble)
		check_add(l->c, "stap", VERDICT_WARN, "with stap 5.6 or later, " LOOK_BRING,
			  "stap %s is known not to compile for kernels like %s (%s)", version,
			  release, trouble);
	else if (!version_number(version))
		check_add(l->c, "stap", VERDICT_WARN, "try 'teletap build'; 5.6 is known to do",
			  "stap is here, but does not tell its version");
	else
		check_add(l->c, "stap", VERDICT_OK, NULL,
			  "stap %s, with no known trouble on kernel %s", version, release);
	return !trouble;
}

static bool check_headers(const struct look *l)
{
	char path[PATH_MAX];
	bool here;

	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile", l->host->release);
	here = look_exists(l, path);
	if (here)
		check_add(l->c, "headers", VERDICT_OK, NULL, "the headers of kernel %s are here",
			  l->host->release);
	else
		check_add(l->c, "headers", VERDICT_WARN,
			  "install linux-headers-$(uname -r) (Fedora: kernel-devel-$(uname -r)), "
			  "or " LOOK_BRING,
			  "no headers of kernel %s (/lib/modules/%s/build): no module can be "
			  "compiled here",
			  l->host->release, l->host->release);
	return here;
}

static bool check_compiler(const struct look *l)
{
	char path[PATH_MAX];
	bool gcc = look_program(l, "gcc", path), make = look_program(l, "make", path);

	if (gcc && make)
		check_add(l->c, "compiler", VERDICT_OK, NULL, "gcc and make are here");
	else
		check_add(l->c, "compiler", VERDICT_WARN, "install gcc and make, or " LOOK_BRING,
			  "no %s on PATH: no module can be compiled here",
			  gcc    ? "make"
			  : make ? "gcc"
				 : "gcc and no make");
	return gcc && make;
}

/* Modules are kept in the cache; where it is missing, its parent's disk counts. */
static void check_cache(const struct look *l)
{
	char path[PATH_MAX], *slash;
	struct statvfs disk;
	struct stat st;
	uint64_t mb;

	look_path(l, PACK_CACHE, path);
	if (!stat(path, &st) &&
	    (st.st_mode & (S_IWGRP | S_IWOTH) || (st.st_uid && st.st_uid != geteuid())))
		check_add(l->c, "cache-owner", VERDICT_WARN,
			  "'chown root' and 'chmod go-w' it, or remove it",
			  PACK_CACHE " can be written by others: no module is taken from it");
	while (statvfs(path, &disk) && (slash = strrchr(path, '/')) && slash > path)
		*slash = '\0';
	if (statvfs(path, &disk)) {
		check_add(l->c, "cache", VERDICT_WARN, NULL,
			  "the disk of " PACK_CACHE " cannot be seen");
		return;
	}
	mb = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
	if (mb < CACHE_MB)
		check_add(l->c, "cache", VERDICT_WARN, "make room, or " LOOK_BRING,
			  "%" PRIu64 " MB free for compiled modules (" PACK_CACHE ")", mb);
	else
		check_add(l->c, "cache", VERDICT_OK, NULL,
			  "%" PRIu64 " MB free for compiled modules (" PACK_CACHE ")", mb);
}

void host_check(const char *root, struct host *host, struct checks *c)
{
	struct look l = { .root = root, .host = host, .c = c };
	bool stap, headers, compiler;

	*host = (struct host){ 0 };
	look_text(&l, "/proc/sys/kernel/osrelease", host->release, sizeof(host->release));
	host->release[strcspn(host->release, "\n")] = '\0';
	check_root(&l);
	check_groups(&l);
	check_capabilities(&l);
	check_numbers(&l);
	check_staprun(&l);
	stap = check_stap(&l);
	headers = check_headers(&l);
	compiler = check_compiler(&l);
	host->compiles = stap && headers && compiler;
	check_cache(&l);
	host_check_kernel(&l);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/choose.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/rootfs.h"
#include "module/bpf_program.h"
#include "module/bpf_trial.h"
#include "module/module.h"
#include "module/resolve.h"
#include "module/sign.h"
#include "target/pid_namespace.h"
#include "target/program.h"

static struct look host_look(void)
{
	const char *root = getenv(HOST_ROOT);

	return (struct look){ .root = root ? root : "" };
}

bool choose_loads_modules(void)
{
	const struct look l = host_look();
	char text[16];

	return !geteuid() && look_exists(&l, "/proc/modules") &&
	       (look_text(&l, "/proc/sys/kernel/modules_disabled", text, sizeof(text)) ||
		*text != '1');
}

/*
 * Root may, unless that was taken from it. CAP_BPF and CAP_PERFMON are not enough: for a uprobe
 * perf_event_open wants CAP_SYS_ADMIN (kernel/events/core.c, perf_uprobe_event_init).
 */
static bool may_use_bpf(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return !syscall(SYS_capget, &head, data) && data[0].effective & 1U << CAP_SYS_ADMIN;
}

bool choose_bpf(const char *module, char **why)
{
	const struct look l = host_look();
	char path[PATH_MAX];
	struct utsname host;
	int major = 0, minor = 0;

	bpf_path(module, path);
	uname(&host);
	sscanf(host.release, "%d.%d", &major, &minor);
	if (access(path, R_OK))
		fail(why, 0, "no BPF program %s is installed: build teletap with clang", path);
	else if (major < 5 || (major == 5 && minor < 14))
		fail(why, 0, "kernel %s: BPF programs need 5.14 or later", host.release);
	else if (!look_exists(&l, "/sys/kernel/btf/vmlinux"))
		fail(why, 0, "no /sys/kernel/btf/vmlinux: BPF programs need a kernel with BTF");
	else if (!may_use_bpf())
		fail(why, 0, "BPF programs need root, or the capability CAP_SYS_ADMIN");
	else
		return !numbers_check(why);
	return false;
}

static bool others_may_write(const struct plan *plan)
{
	for (int i = 0; i < plan->n_files; i++) {
		struct stat st;

		if (fstat(plan->files[i]->fd, &st) || st.st_uid || st.st_mode & (S_IWGRP | S_IWOTH))
			return true;
	}
	return false;
}

static bool is_on_path(const char *program)
{
	char *path = NULL;
	bool is = !program_find(program, &path, NULL);

	free(path);
	return is;
}

/* Secure Boot comes to the same, by way of lockdown. */
static bool kernel_takes_signed_only(void)
{
	const struct look l = host_look();
	char text[64];

	if (!look_text(&l, "/sys/module/module/parameters/sig_enforce", text, sizeof(text)) &&
	    (*text == 'Y' || *text == '1'))
		return true;
	return !look_text(&l, "/sys/kernel/security/lockdown", text, sizeof(text)) &&
	       !strstr(text, "[none]");
}

/* Or the pack that the user names has one that must not be used, which is not passed over. */
static bool module_is_ready(const struct plan *plan, const char *pack)
{
	struct pack_ko ko = { 0 };
	int err = choose_loads_modules() && is_on_path("staprun") && !numbers_check(NULL)
			  ? module_find(plan, pack, &ko, NULL)
			  : -ENOENT;

	if (!err && kernel_takes_signed_only() && !sign_present(ko.path))
		err = -ENOENT;
	free(ko.path);
	return !err || (pack && err != -ENOENT);
}

static bool module_can_be_compiled(void)
{
	return choose_loads_modules() && !numbers_check(NULL) && is_on_path("stap");
}

/* Resolves the page for a collector that may have it. */
static bool has(const struct page *page, enum collector by, const struct target *t,
		struct plan *plan)
{
	return page->by & 1U << by && !resolve_page(page, by, t, plan, NULL);
}

/* The one that is named, or the only one. */
static int take(const struct page *page, const struct target *t, enum collector by,
		struct plan *plan, char **msg)
{
	char names[64] = "";

	if (page->by & 1U << by)
		return resolve_page(page, by, t, plan, msg);
	for (int i = 0; i < COLLECTORS; i++) {
		if (page->by & 1U << i)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				 *names ? ", " : "", collector_name((enum collector)i));
	}
	return fail(msg, ENOTSUP, "--collector %s: not one of page %d, which has: %s",
		    collector_name(by), page->number, names);
}

bool choose_by_name(const struct page *page, enum collector by, const struct target *t)
{
	return by == COLLECT_MEMORY && t->kind == TARGET_FILE && page->by != BY_MEMORY;
}

enum collector choose_first(const struct page *page, const struct target *t)
{
	unsigned by = page->by;

	if (t && t->kind == TARGET_GROUP && by & ~BY_STAP)
		by &= ~BY_STAP;
	return (enum collector)__builtin_ctz(by);
}

int choose(const struct page *page, const struct target *t, int collector, const char *pack,
	   struct plan *plan, char **msg)
{
	static const enum collector readers[] = { COLLECT_PROC, COLLECT_RING };
	struct plan module, bpf;
	bool has_module, has_bpf, unsafe, later;

	if (collector >= 0 || !(page->by & (page->by - 1)))
		return take(page, t,
			    collector >= 0 ? (enum collector)collector
					   : (enum collector)__builtin_ctz(page->by),
			    plan, msg);
	has_module = has(page, COLLECT_STAP, t, &module);
	has_bpf = has(page, COLLECT_BPF, t, &bpf) && choose_bpf(bpf.program, NULL) &&
		  (!page->origin.hooks || bpf_loads(bpf.program, NULL));
	unsafe = has_module && has_bpf && others_may_write(&module);
	if (has_module && !unsafe && module_is_ready(&module, pack)) {
		*plan = module;
		return 0;
	}
	later = page->incomplete & BY_BPF && has_module && !unsafe && module_can_be_compiled();
	if (has_bpf && !later) {
		*plan = bpf;
		return 0;
	}
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (has(page, readers[i], t, plan))
			return 0;
	}
	if (!(has_module && module_can_be_compiled()) && !choose_by_name(page, COLLECT_MEMORY, t) &&
	    has(page, COLLECT_MEMORY, t, plan))
		return 0;
	return resolve_page(page, choose_first(page, t), t, plan, msg);
}

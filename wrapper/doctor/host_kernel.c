// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's part of the checks of host.c: whether it takes modules at all, ours,
 * which are not signed, and whether it has what they use.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rootfs.h"
#include "doctor/host.h"
#include "module/leftover.h"
#include "target/pid_namespace.h"

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = line; (p = strstr(p, word)); p += len) {
		if ((p == line || p[-1] == ' ') && strchr(" \n", p[len]))
			return true;
	}
	return false;
}

static void check_modules(const struct look *l)
{
	char text[4096];

	look_text(l, "/proc/cmdline", text, sizeof(text));
	if (has_word(text, "nomodule"))
		check_add(l->c, "modules", VERDICT_FAIL,
			  "boot without 'nomodule', or use another machine",
			  "this kernel was booted with 'nomodule': it loads no module");
	else if (!look_exists(l, "/proc/modules"))
		check_add(l->c, "modules", VERDICT_FAIL, "use a kernel with CONFIG_MODULES",
			  "this kernel has no module support (no /proc/modules)");
	else
		check_add(l->c, "modules", VERDICT_OK, NULL, "this kernel loads modules");
	if (!look_text(l, "/proc/sys/kernel/modules_disabled", text, sizeof(text)) &&
	    text[0] == '1')
		check_add(l->c, "modules-disabled", VERDICT_FAIL,
			  "boot anew: it cannot be switched back",
			  "kernel.modules_disabled is 1: no module can be loaded until the next "
			  "boot");
	else
		check_add(l->c, "modules-disabled", VERDICT_OK, NULL,
			  "kernel.modules_disabled is not set");
}

/* What is to be done when the kernel takes signed modules only. */
#define SIGN                                                                                       \
	"sign the modules with a key that the kernel knows: 'teletap build --key KEY.pem --cert "  \
	"CERT', the certificate enrolled with 'mokutil --import'"

static void check_lockdown(const struct look *l)
{
	char text[128];
	int err = look_text(l, "/sys/kernel/security/lockdown", text, sizeof(text));

	if (!err && strstr(text, "[none]"))
		check_add(l->c, "lockdown", VERDICT_OK, NULL, "the kernel is not locked down");
	else if (!err)
		check_add(l->c, "lockdown", VERDICT_FAIL, SIGN,
			  "the kernel is locked down (%s): it refuses modules that are not signed",
			  strstr(text, "[confidentiality]") ? "confidentiality" : "integrity");
	else if (look_exists(l, "/sys/kernel/security/lsm"))
		check_add(l->c, "lockdown", VERDICT_OK, NULL, "the kernel knows no lockdown");
	else
		check_add(l->c, "lockdown", VERDICT_WARN,
			  "mount -t securityfs none /sys/kernel/security",
			  "whether the kernel is locked down cannot be seen: no securityfs");
}

static void check_secure_boot(const struct look *l)
{
	char pattern[PATH_MAX], data[6] = "";
	glob_t found = { 0 };
	int on = -1;

	if (!look_exists(l, "/sys/firmware/efi")) {
		check_add(l->c, "secure-boot", VERDICT_OK, NULL, "no EFI, so no Secure Boot");
		return;
	}
	look_path(l, "/sys/firmware/efi/efivars/SecureBoot-*", pattern);
	/* Four bytes of attributes, then the value (efivarfs). */
	if (!glob(pattern, 0, NULL, &found) &&
	    !look_text(l, found.gl_pathv[0] + strlen(l->root), data, sizeof(data)))
		on = data[4];
	globfree(&found);
	if (on < 0)
		check_add(l->c, "secure-boot", VERDICT_WARN, "look with 'mokutil --sb-state'",
			  "whether Secure Boot is on cannot be seen in /sys/firmware/efi/efivars");
	else if (on)
		check_add(l->c, "secure-boot", VERDICT_WARN,
			  SIGN "; whether it must be, the lines on lockdown and signatures say",
			  "Secure Boot is on: most distributions' kernels then refuse unsigned "
			  "modules");
	else
		check_add(l->c, "secure-boot", VERDICT_OK, NULL, "Secure Boot is off");
}

static void check_signatures(const struct look *l)
{
	char text[16];

	if (!look_text(l, "/sys/module/module/parameters/sig_enforce", text, sizeof(text)) &&
	    (text[0] == 'Y' || text[0] == '1'))
		check_add(l->c, "signatures", VERDICT_FAIL, SIGN,
			  "the kernel takes signed modules only (module.sig_enforce)");
	else
		check_add(l->c, "signatures", VERDICT_OK, NULL,
			  "unsigned modules are not refused as such");
}

static void check_uprobes(const struct look *l)
{
	if (look_exists(l, "/sys/bus/event_source/devices/uprobe/type"))
		check_add(l->c, "uprobes", VERDICT_OK, NULL, "the kernel offers uprobes to perf");
	else
		check_add(l->c, "uprobes", VERDICT_FAIL, "use a kernel with CONFIG_UPROBE_EVENTS",
			  "the kernel offers no uprobes to perf (no "
			  "/sys/bus/event_source/devices/uprobe), which switch markers on");
}

/* What /proc/mounts says about proc. */
struct proc_mount {
	bool here, read_only;
};

static bool mount_match(const char *line, void *arg)
{
	struct proc_mount *m = arg;
	char options[256];

	if (sscanf(line, "%*s /proc proc %255s", options) != 1)
		return false;
	m->here = true;
	m->read_only = !strncmp(options, "ro,", 3) || !strcmp(options, "ro");
	return false; /* the last one lies on top */
}

/*
 * A module of SystemTap 5.6 talks to stapio through /proc/systemtap/NAME, unless it
 * was compiled for debugfs (runtime/transport/transport.c); ours is asked for
 * snapshots through the same folder.
 */
static void check_transport(const struct look *l)
{
	struct proc_mount m = { 0 };

	look_line(l, "/proc/mounts", mount_match, &m);
	if (!m.here)
		check_add(l->c, "transport", VERDICT_WARN, "mount -t proc none /proc",
			  "how /proc is mounted cannot be seen: modules talk through "
			  "/proc/systemtap");
	else if (m.read_only)
		check_add(l->c, "transport", VERDICT_FAIL, "mount -o remount,rw /proc",
			  "/proc is mounted read-only: modules take questions in /proc/systemtap");
	else
		check_add(l->c, "transport", VERDICT_OK, NULL,
			  "modules talk through /proc/systemtap; neither debugfs nor tracefs is "
			  "needed");
}

struct leftovers {
	const struct look *l;
	char name[64]; /* the last one */
	int n;
};

static bool leftover_match(const char *line, void *arg)
{
	struct leftovers *left = arg;

	if (leftover(left->l->root, line)) {
		snprintf(left->name, sizeof(left->name), "%.*s", (int)strcspn(line, " "), line);
		left->n++;
	}
	return false;
}

static void check_leftovers(const struct look *l)
{
	struct leftovers left = { .l = l };

	/* Whose they are cannot be seen where the numbers are others. */
	if (!numbers_foreign(l->root))
		look_line(l, "/proc/modules", leftover_match, &left);
	if (left.n)
		check_add(l->c, "leftovers", VERDICT_WARN, "the next 'teletap watch' removes it",
			  "%d module%s that a killed teletap left behind, idle (%s)", left.n,
			  left.n > 1 ? "s" : "", left.name);
	else
		check_add(
			l->c, "leftovers", VERDICT_OK, NULL,
			"no module left behind; whether other tracers are at a marker is seen only "
			"when watching");
}

void host_check_kernel(const struct look *l)
{
	check_modules(l);
	check_lockdown(l);
	check_secure_boot(l);
	check_signatures(l);
	check_uprobes(l);
	check_transport(l);
	check_leftovers(l);
}

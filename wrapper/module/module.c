// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/module.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/paths.h"
#include "module/pack.h"
#include "module/stap_version.h"
#include "target/semaphore.h"

/* What identifies it; what is not known by the plan alone is to be added. */
static struct pack_module wanted(const struct plan *plan, const char *release)
{
	return (struct pack_module){ .name = plan->module,
				     .release = release,
				     .id = plan->id,
				     .sites = plan->sites,
				     .path = plan->file->path };
}

int module_find(const struct plan *plan, const char *pack, struct pack_ko *ko, char **msg)
{
	struct utsname host;
	char source[PACK_HASH];
	struct pack_module want;
	char *why = NULL;
	int err;

	if (plan->collector != COLLECT_STAP) {
		ko->path = strdup("");
		return ko->path ? 0 : -ENOMEM;
	}
	uname(&host);
	want = wanted(plan, host.release);
	if (pack) {
		if (access(pack, R_OK))
			return fail(msg, errno == ENOENT ? ENOTDIR : errno,
				    "--pack %s: %s: name a folder "
				    "that 'teletap build -d' has made",
				    pack, strerror(errno));
		err = pack_find(pack, &want, ko, &why);
		if (why) { /* near misses of a pack asked for are refusals */
			if (msg)
				*msg = why;
			else
				free(why);
			return err == -ENOENT ? -ESTALE : err;
		}
		if (err != -ENOENT)
			return err;
	}
	if (!compiler_hash(plan->module, source))
		want.source = source;
	err = pack_find(PACK_CACHE, &want, ko, &why);
	if (err == -EPROTO) /* of another version: begun again by the next one compiled */
		err = -ENOENT;
	if (err && err != -ENOENT && msg) {
		*msg = why;
		return err;
	}
	free(why);
	return err;
}

bool module_ready(const struct plan *plan, const char *release, const char *pack,
		  const struct signer *signer)
{
	struct pack_module want = wanted(plan, release);
	struct pack_ko ko = { 0 };
	char source[PACK_HASH];
	bool ready;

	want.source = source;
	want.certificate = signer ? signer_fingerprint(signer) : NULL;
	ready = !compiler_hash(plan->module, source) &&
		!pack_find(pack ? pack : PACK_CACHE, &want, &ko, NULL);
	free(ko.path);
	return ready;
}

int module_sign(const struct plan *plan, const char *release, const char *pack,
		const struct signer *signer, char **msg)
{
	struct pack_module want = wanted(plan, release);
	char source[PACK_HASH];

	want.source = source;
	if (compiler_hash(plan->module, source))
		return fail(msg, ENOENT,
			    "the scripts are not installed: install teletap as a whole");
	return pack_sign(pack ? pack : PACK_CACHE, &want, signer, msg);
}

/* Whether the running kernel takes its probes, as far as it can be asked by us and here. */
static int ask_kernel(const struct plan *plan, char **msg)
{
	int err = 0;

	for (int i = 0; i < plan->n_files && !err; i++) {
		struct semaphores s;
		char *why = NULL;

		err = semaphores_reserve(&s, plan->files[i]->fd, &plan->files[i]->sdt,
					 plan->origin->provider, plan->origin->markers, &why);
		if (!err)
			semaphores_drop(&s);
		else if (err == -ENOSYS || err == -EPERM || err == -EACCES)
			err = 0;
		else
			fail(msg, -err, "%s", why ? why : strerror(-err));
		free(why);
	}
	return err;
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return !strncmp(path, folder, len) && (!path[len] || path[len] == '/');
}

/*
 * Makes a folder to compile in, below TMPDIR. Not where the compiler's own mounts would
 * hide it (compiler.c).
 */
static int make_folder(char *out, size_t size, char **msg)
{
	const char *tmp = getenv("TMPDIR");
	char place[PATH_MAX];

	if (!tmp || !*tmp)
		tmp = "/tmp";
	if (!realpath(tmp, place))
		return fail(msg, errno, "TMPDIR %s: %s: name a folder that is there", tmp,
			    strerror(errno));
	if (is_below(place, "/run") || is_below(place, "/boot"))
		return fail(msg, EINVAL,
			    "TMPDIR %s: nothing can be compiled below /run or /boot: name "
			    "another folder",
			    tmp);
	snprintf(out, size, "%s/teletap-XXXXXX", place);
	if (!mkdtemp(out))
		return fail(msg, errno, "%s: %s", out, strerror(errno));
	return 0;
}

/* What is known before it is compiled: half a minute for nothing is worth the look. */
static int check_before(const struct plan *plan, const char *release, const char *dir, char **msg)
{
	struct utsname host;
	int err = pack_check(dir, msg);

	uname(&host);
	if (!err && !strcmp(release, host.release))
		err = ask_kernel(plan, msg);
	return err;
}

int module_compile(const struct plan *plan, const char *release, const char *pack,
		   compiler_tick *tick, char **msg)
{
	const char *dir = pack ? pack : PACK_CACHE;
	char folder[PATH_MAX + 32], share[4096], ko[PATH_MAX + 128], source[PACK_HASH], stap[64];
	struct pack_module module = wanted(plan, release);
	int err;

	module.stap = stap;
	module.source = source;
	module.markers = plan->origin->markers;
	if (paths_share(share, sizeof(share)) || compiler_hash(plan->module, source))
		return fail(msg, ENOENT,
			    "the scripts are not installed (%s): install teletap as a whole, "
			    "or bring a pack (--pack)",
			    share);
	err = check_before(plan, release, dir, msg);
	if (!err)
		err = make_folder(folder, sizeof(folder), msg);
	if (!err)
		err = compiler_run(plan, release, folder, share, tick, msg);
	if (err)
		return err; /* the folder stays, for its log */
	stap_version(stap, sizeof(stap));
	snprintf(ko, sizeof(ko), "%s/" PACK_MODULE ".ko", folder, plan->module);
	err = pack_add(dir, &module, ko, msg);
	paths_remove(folder);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fail.h"
#include "pack.h"
#include "paths.h"
#include "stap.h"

int module_find(const struct plan *plan, const char *pack, char **ko, char **msg)
{
	struct utsname host;
	char source[PACK_HASH];
	bool installed = !compiler_hash(plan->module, source);
	struct pack_module want = { .name = plan->module,
				    .id = plan->id,
				    .path = plan->file->path };
	char *why = NULL;
	int err;

	if (origin_is_fed(plan->origin)) {
		*ko = strdup("");
		return *ko ? 0 : -ENOMEM;
	}
	uname(&host);
	want.release = host.release;
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
			return err == -ENOENT ? -ESTALE : err;
		}
		if (err != -ENOENT)
			return err;
	}
	if (installed)
		want.source = source;
	err = pack_find(PACK_CACHE, &want, ko, &why);
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
	char source[PACK_HASH], *ko = NULL;
	struct pack_module want = { .name = plan->module,
				    .release = release,
				    .id = plan->id,
				    .path = plan->file->path,
				    .source = source,
				    .certificate = signer ? signer_fingerprint(signer) : NULL };
	bool ready = !compiler_hash(plan->module, source) &&
		     !pack_find(pack ? pack : PACK_CACHE, &want, &ko, NULL);

	free(ko);
	return ready;
}

int module_sign(const struct plan *plan, const char *release, const char *pack,
		const struct signer *signer, char **msg)
{
	char source[PACK_HASH];
	struct pack_module want = { .name = plan->module,
				    .release = release,
				    .id = plan->id,
				    .path = plan->file->path,
				    .source = source };

	if (compiler_hash(plan->module, source))
		return fail(msg, ENOENT,
			    "the scripts are not installed: install teletap as a whole");
	return pack_sign(pack ? pack : PACK_CACHE, &want, signer, msg);
}

int module_compile(const struct plan *plan, const char *release, const char *pack,
		   compiler_tick *tick, char **msg)
{
	const char *tmp = getenv("TMPDIR");
	char folder[4096], share[4096], ko[4200], source[PACK_HASH], stap[64];
	struct pack_module module = {
		.name = plan->module,
		.release = release,
		.id = plan->id,
		.path = plan->file->path,
		.stap = stap,
		.source = source,
		.markers = plan->origin->markers,
	};
	int err;

	if (paths_share(share, sizeof(share)) || compiler_hash(plan->module, source))
		return fail(msg, ENOENT,
			    "the scripts are not installed (%s): install teletap as a whole, "
			    "or bring a pack (--pack)",
			    share);
	snprintf(folder, sizeof(folder), "%s/teletap-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return fail(msg, errno, "%s: %s", folder, strerror(errno));
	err = compiler_run(plan, release, folder, share, tick, msg);
	if (err)
		return err; /* the folder stays, for its log */
	stap_version(stap, sizeof(stap));
	snprintf(ko, sizeof(ko), "%s/" PACK_MODULE ".ko", folder, plan->module);
	err = pack_add(pack ? pack : PACK_CACHE, &module, ko, msg);
	compiler_clear(folder);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/signals.h"
#include "model/quote.h"
#include "module/trust.h"

static const char *get(const json_t *module, const char *key)
{
	const char *s = json_string_value(json_object_get(module, key));

	return s ? s : "";
}

/* Reads the manifest; *manifest is NULL (and 0 returned) when there is none. */
static int load(const char *dir, json_t **manifest, char **msg)
{
	char path[4096];
	json_error_t error;
	json_int_t format;
	int err, fd;

	*manifest = NULL;
	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	if (access(path, F_OK))
		return 0;
	err = trust_root(dir, msg);
	if (err)
		return err;
	fd = trust_open(path, msg);
	if (fd < 0)
		return fd;
	*manifest = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
	close(fd);
	if (!*manifest)
		return fail(msg, EBADMSG, "%s:%d: %s: build the pack again", path, error.line,
			    error.text);
	format = json_integer_value(json_object_get(*manifest, "format"));
	if (format == PACK_FORMAT)
		return 0;
	json_decref(*manifest);
	*manifest = NULL;
	return fail(msg, EPROTO,
		    "%s: format %lld, this teletap reads %d: build the pack with this version",
		    path, (long long)format, PACK_FORMAT);
}

static bool same(const json_t *module, const struct pack_module *want)
{
	return !strcmp(get(module, "name"), want->name) &&
	       !strcmp(get(module, "release"), want->release) &&
	       !strcmp(get(module, "build_id"), want->id) &&
	       !strcmp(get(module, "sites"), want->sites);
}

static char *ko_path(const char *dir, const struct pack_module *m)
{
	char *path;
	int n = asprintf(&path, "%s/%s/%s/%s/" PACK_MODULE ".ko", dir, m->release, m->id, m->sites,
			 m->name);

	return n < 0 ? NULL : path;
}

static bool fits(const json_t *module, const struct pack_module *want)
{
	return (!want->source || !strcmp(get(module, "source"), want->source)) &&
	       (!want->certificate || !strcmp(get(module, "certificate"), want->certificate));
}

/* Says in which way the pack's module is not the wanted one. */
static void differ(const char *dir, const json_t *module, const struct pack_module *want,
		   char **msg)
{
	bool same_id = !strcmp(get(module, "build_id"), want->id);

	if (strcmp(get(module, "name"), want->name))
		return;
	if (same_id && strcmp(get(module, "sites"), want->sites) != 0)
		fail(msg, ENOENT,
		     "%s: its module %s is for a file with the same build-id (%s), but not the "
		     "same contents, as %s: build it with 'teletap build %s' for this one",
		     dir, want->name, get(module, "path"), want->path, want->name);
	else if (same_id)
		fail(msg, ENOENT,
		     "%s: its module %s is for kernel %s, this is %s: build it with "
		     "'teletap build %s -k %s'",
		     dir, want->name, get(module, "release"), want->release, want->name,
		     want->release);
	else if (!strcmp(get(module, "release"), want->release))
		fail(msg, ENOENT,
		     "%s: its module %s is for the build %.12s of %s, %s is %.12s: "
		     "build it with 'teletap build %s -e %s'",
		     dir, want->name, get(module, "build_id"), get(module, "path"), want->path,
		     want->id, want->name, want->path);
}

/* Checks the module's file, and the folders on the way to it, against the manifest. */
static int verify(const char *dir, const json_t *module, const struct pack_module *want,
		  struct pack_ko *ko, char **msg)
{
	char *path = ko_path(dir, want);
	int err, fd = -1;

	if (!path)
		return -ENOMEM;
	err = trust_folders(dir, path, msg);
	if (!err)
		fd = trust_open(path, msg);
	if (!err)
		err = fd < 0 ? fd : pack_hash_fd(fd, ko->hash);
	if (fd >= 0)
		close(fd);
	if (!err && strcmp(ko->hash, get(module, "sha256")))
		err = pack_other_file(path, ko->hash, get(module, "sha256"), msg);
	if (err) {
		fail(msg, -err, "%s: %s", path, strerror(-err));
		free(path);
	} else {
		ko->path = path;
	}
	return err;
}

int pack_find(const char *dir, const struct pack_module *want, struct pack_ko *ko, char **msg)
{
	json_t *manifest, *module;
	size_t i;
	int err = load(dir, &manifest, msg);

	if (err)
		return err;
	if (!manifest)
		return fail(msg, ENOENT,
			    "%s: no manifest.json in it: name a folder that 'teletap build "
			    "-d' has made",
			    dir);
	err = -ENOENT;
	json_array_foreach (json_object_get(manifest, "modules"), i, module) {
		if (!same(module, want)) {
			differ(dir, module, want, msg);
			continue;
		}
		if (msg) {
			free(*msg);
			*msg = NULL;
		}
		if (fits(module, want))
			err = verify(dir, module, want, ko, msg);
		break;
	}
	json_decref(manifest);
	if (err == -ENOENT)
		fail(msg, ENOENT,
		     "%s: no module %s for %s (build %.12s) and kernel %s: build it with "
		     "'teletap build %s -e %s -k %s'",
		     dir, want->name, want->path, want->id, want->release, want->name, want->path,
		     want->release);
	return err;
}

/* Makes the folders on the way to the module's file. */
static int make_folders(char *to, char **msg)
{
	int err = 0;

	for (char *slash = to + 1; !err && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(to, 0755) && errno != EEXIST)
			err = fail(msg, errno, "%s: %s", to, strerror(errno));
		*slash = '/';
	}
	return err;
}

/* The pack is ours until the descriptor is closed. */
static int lock_pack(const char *dir, char **msg)
{
	char path[4096];
	int fd, err;

	snprintf(path, sizeof(path), "%s/.lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	err = fd < 0 ? -errno : signals_flock(fd);
	if (!err)
		return fd;
	fail(msg, -err, "%s: %s", path, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

static int save(const char *dir, const json_t *manifest, char **msg)
{
	char path[4096], tmp[4200];
	bool written;
	int fd;

	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	snprintf(tmp, sizeof(tmp), "%s.%d", path, getpid());
	fd = pack_create(tmp);
	written = fd >= 0 && !json_dumpfd(manifest, fd, JSON_INDENT(2) | JSON_PRESERVE_ORDER) &&
		  !fsync(fd);
	if (fd >= 0)
		close(fd);
	if (written && !rename(tmp, path))
		return 0;
	unlink(tmp);
	return fail(msg, EIO, "%s: cannot be written", path);
}

/* An entry of the manifest; NULL when out of memory. */
static json_t *describe(const struct pack_module *m, const char *hash)
{
	json_t *markers = json_array(), *module;
	char *path = quote_text(m->path); /* JSON holds UTF-8 alone */

	for (size_t i = 0; m->markers[i]; i++)
		json_array_append_new(markers, json_string(m->markers[i]));
	module = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s}", "name", m->name,
			   "release", m->release, "build_id", m->id, "sites", m->sites, "path",
			   path ? path : "?", "markers", markers, "stap", m->stap, "source",
			   m->source, "sha256", hash);
	free(path);
	return module;
}

int pack_check(const char *dir, char **msg)
{
	json_t *manifest = NULL;
	int err = access(dir, F_OK) ? 0 : trust_root(dir, msg);
	char *why = NULL;

	if (!err)
		err = load(dir, &manifest, &why);
	if (err == -EBADMSG || err == -EPROTO) /* pack_add begins it again */
		err = 0;
	else if (why)
		fail(msg, -err, "%s", why);
	json_decref(manifest);
	free(why);
	return err;
}

int pack_add(const char *dir, const struct pack_module *m, const char *ko, char **msg)
{
	char hash[PACK_HASH], *to = ko_path(dir, m);
	json_t *manifest = NULL, *modules, *module;
	int lock = -1, err;
	size_t i;

	err = to ? make_folders(to, msg) : -ENOMEM;
	if (!err)
		err = trust_root(dir, msg);
	if (!err)
		err = trust_folders(dir, to, msg);
	if (!err)
		err = lock = lock_pack(dir, msg);
	if (lock < 0)
		goto out;
	err = load(dir, &manifest, msg);
	if (err == -EBADMSG ||
	    err == -EPROTO) { /* no manifest, or another version's: the modules are built again */
		free(*msg);
		*msg = NULL;
		err = 0;
	}
	if (!err)
		err = pack_place(&(struct pack_ko){ .path = (char *)ko }, to, NULL, hash, msg);
	if (err)
		goto out;
	if (!json_is_array(json_object_get(manifest, "modules"))) {
		json_decref(manifest);
		manifest = json_pack("{s:i, s:[]}", "format", PACK_FORMAT, "modules");
	}
	modules = json_object_get(manifest, "modules");
	json_array_foreach (modules, i, module) {
		if (same(module, m)) {
			json_array_remove(modules, i);
			break;
		}
	}
	err = json_array_append_new(modules, describe(m, hash)) ? -ENOMEM
								: save(dir, manifest, msg);
out:
	json_decref(manifest);
	if (lock >= 0)
		close(lock);
	free(to);
	return err;
}

int pack_sign(const char *dir, const struct pack_module *want, const struct signer *signer,
	      char **msg)
{
	int lock = lock_pack(dir, msg), err;
	json_t *manifest = NULL, *module;
	struct pack_ko ko = { 0 };
	char hash[PACK_HASH];
	size_t i;

	if (lock < 0)
		return lock;
	err = pack_find(dir, want, &ko, msg);
	if (!err)
		err = pack_place(&ko, ko.path, signer, hash, msg);
	if (!err)
		err = load(dir, &manifest, msg);
	if (err)
		goto out;
	json_array_foreach (json_object_get(manifest, "modules"), i, module) {
		if (!same(module, want))
			continue;
		json_object_set_new(module, "sha256", json_string(hash));
		json_object_set_new(module, "signer", json_string(signer_name(signer)));
		json_object_set_new(module, "certificate", json_string(signer_fingerprint(signer)));
	}
	err = save(dir, manifest, msg);
out:
	json_decref(manifest);
	close(lock);
	free(ko.path);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pack: a folder of compiled modules for given kernels and targets:
 *
 *   DIR/manifest.json                       what is in it, with a sha256 of each module
 *   DIR/RELEASE/BUILD-ID/SITES/teletap_NAME_0000000.ko
 *
 * staprun renames a module to go by its own process number, without making the name
 * longer: the zeros are the room for it.
 * The cache is a pack. Nothing is taken from one that others could have written.
 */
#ifndef TELETAP_MODULE_PACK_H
#define TELETAP_MODULE_PACK_H

#include "module/pack_file.h"

#define PACK_FORMAT 2
#define PACK_CACHE "/var/cache/teletap"
#define PACK_MODULE "teletap_%s_0000000"

/* What identifies a module, and where it came from. */
struct pack_module {
	const char *name;           /* gc */
	const char *release;        /* of the kernel */
	const char *id;             /* the target's build-id */
	const char *sites;          /* hash of what is compiled in from it, see script_macros.h */
	const char *path;           /* of the target, for people */
	const char *stap;           /* version that compiled it */
	const char *source;         /* hash of the scripts; NULL in pack_find: any will do */
	const char *const *markers; /* NULL-terminated; those the module probes */
	const char *certificate;    /* pack_find: signed with it (its fingerprint, see
				       sign.h); NULL: any, or none */
};

/*
 * Finds a module. Returns 0 with *ko set; -ENOENT with *msg set when the pack has none
 * (saying what differs when one nearly fits); -EPROTO when another version of teletap
 * has made the pack; another -errno with *msg set when the pack or the module must not
 * be trusted.
 */
int pack_find(const char *dir, const struct pack_module *want, struct pack_ko *ko, char **msg);

/*
 * Whether a module could be put into the pack, as far as can be known before there is one.
 * Returns 0, or -errno with *msg set.
 */
int pack_check(const char *dir, char **msg);

/* Puts the file ko into the pack (made when missing). Returns 0, or -errno with *msg. */
int pack_add(const char *dir, const struct pack_module *module, const char *ko, char **msg);

/*
 * Signs a module that is in the pack, with the manifest saying by whom. Returns 0, or
 * -errno with *msg set, as pack_find does.
 */
int pack_sign(const char *dir, const struct pack_module *want, const struct signer *signer,
	      char **msg);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sign: a module -> the same module with a signature at its end, for kernels that
 * take no other (Secure Boot, lockdown, module.sig_enforce).
 */
#ifndef TELETAP_MODULE_SIGN_H
#define TELETAP_MODULE_SIGN_H

#include <stdbool.h>

#define SIGN_FINGERPRINT 65 /* sha256 in hex, terminated */

struct signer;

/*
 * Reads a private key (PEM; OpenSSL asks for its password on the terminal) and the
 * certificate that goes with it (PEM or DER). Returns 0 with *s set (to be closed), or
 * -errno with *msg set: -EINVAL when one of the files is not what it should be, or the
 * two do not belong together.
 */
int signer_open(struct signer **s, const char *key, const char *cert, char **msg);
void signer_close(struct signer *s);

/* Whose certificate it is, as "CN=NAME,O=..."; and the sha256 of its DER form, in hex. */
const char *signer_name(const struct signer *s);
const char *signer_fingerprint(const struct signer *s);

/*
 * Signs the module's file in place; an earlier signature goes. Returns 0, or -errno
 * with *msg set.
 */
int sign_module(const struct signer *s, const char *path, char **msg);

/* Whether the file ends like a signed module. */
bool sign_present(const char *path);

#endif

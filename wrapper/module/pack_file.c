// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/pack_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "module/trust.h"

int pack_hash_fd(int fd, char out[PACK_HASH])
{
	unsigned char buf[65536], sum[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	ssize_t n;

	crypto_hash_sha256_init(&state);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		crypto_hash_sha256_update(&state, buf, (unsigned long long)n);
	crypto_hash_sha256_final(&state, sum);
	sodium_bin2hex(out, PACK_HASH, sum, sizeof(sum));
	return n < 0 ? -errno : 0;
}

int pack_hash_file(const char *path, char out[PACK_HASH])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = pack_hash_fd(fd, out);
	close(fd);
	return err;
}

int pack_other_file(const char *path, const char *hash, const char *wanted, char **msg)
{
	return fail(msg, EBADMSG,
		    "%s: not the file the manifest describes (sha256 %.12s, not %.12s): build "
		    "the pack again",
		    path, hash, wanted);
}

int pack_create(const char *path)
{
	unlink(path);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/* Closes in. */
static int copy_file(int in, const char *to)
{
	int out = in < 0 ? -1 : pack_create(to);
	int err = out < 0 ? -errno : 0;
	char buf[65536];
	ssize_t n = 0;

	while (!err && (n = read(in, buf, sizeof(buf))) > 0) {
		errno = ENOSPC; /* what is written in part has no other reason */
		if (write(out, buf, (size_t)n) != n)
			err = -errno;
	}
	if (!err && (n < 0 || fsync(out)))
		err = -errno;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) && !err)
		err = -errno;
	return err;
}

int pack_copy(const struct pack_ko *ko, const char *to, char **msg)
{
	char hash[PACK_HASH];
	int in = trust_open(ko->path, msg), err;

	if (in < 0)
		return in;
	err = copy_file(in, to);
	if (!err)
		err = pack_hash_file(to, hash);
	if (err)
		return fail(msg, -err, "%s: %s", ko->path, strerror(-err));
	return strcmp(hash, ko->hash) ? pack_other_file(ko->path, hash, ko->hash, msg) : 0;
}

int pack_place(const struct pack_ko *ko, const char *to, const struct signer *signer,
	       char hash[PACK_HASH], char **msg)
{
	char *tmp;
	int err;

	if (asprintf(&tmp, "%s.%d", to, getpid()) < 0)
		return -ENOMEM;
	err = signer ? pack_copy(ko, tmp, msg)
		     : copy_file(open(ko->path, O_RDONLY | O_CLOEXEC), tmp);
	if (!err && signer)
		err = sign_module(signer, tmp, msg);
	if (!err)
		err = pack_hash_file(tmp, hash);
	if (!err && rename(tmp, to))
		err = -errno;
	if (err) {
		fail(msg, -err, "%s: %s", to, strerror(-err));
		unlink(tmp);
	}
	free(tmp);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A signed module is the module, then a detached CMS signature over it (DER, SHA-256,
 * no attributes, no certificates), then twelve bytes that say so, then a line of text.
 * The kernel takes it apart from the end (kernel/module/signing.c,
 * include/linux/module_signature.h); scripts/sign-file writes the same. It is done
 * here because that tool lies in other places on every distribution, and is not there
 * where a pack made elsewhere is signed.
 *
 * What changes one byte of the module breaks its signature: 'staprun -R' does, which
 * writes another name into it.
 */
#include "module/sign.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/fail.h"

#define MAGIC "~Module signature appended~\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define ID_PKCS7 2

/* struct module_signature */
struct trailer {
	uint8_t algo, hash, id_type, signer_len, key_id_len, pad[3];
	uint32_t sig_len; /* big-endian */
};

struct signer {
	EVP_PKEY *key;
	X509 *cert;
	char *name;
	char fingerprint[SIGN_FINGERPRINT];
};

/* OpenSSL's own word on what went wrong. */
static const char *reason(void)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	return why ? why : "no reason given";
}

static int read_key(struct signer *s, const char *path, char **msg)
{
	BIO *bio = BIO_new_file(path, "r");

	if (!bio)
		return fail(msg, errno ? errno : EIO, "--key %s: %s: check the name", path,
			    strerror(errno ? errno : EIO));
	s->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return s->key ? 0
		      : fail(msg, EINVAL,
			     "--key %s: no private key that can be read (%s): it must be PEM, as "
			     "'openssl req -newkey rsa:2048 -nodes -keyout' writes it",
			     path, reason());
}

static int read_cert(struct signer *s, const char *path, char **msg)
{
	BIO *bio = BIO_new_file(path, "r");

	if (!bio)
		return fail(msg, errno ? errno : EIO, "--cert %s: %s: check the name", path,
			    strerror(errno ? errno : EIO));
	s->cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (!s->cert && BIO_reset(bio) == 0)
		s->cert = d2i_X509_bio(bio, NULL);
	BIO_free(bio);
	return s->cert ? 0
		       : fail(msg, EINVAL, "--cert %s: no certificate (PEM or DER): %s", path,
			      reason());
}

static int read_name(struct signer *s)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char *text;
	long len;

	if (bio &&
	    X509_NAME_print_ex(bio, X509_get_subject_name(s->cert), 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		s->name = strndup(text, (size_t)len);
	}
	BIO_free(bio);
	if (!s->name || !X509_digest(s->cert, EVP_sha256(), sum, &n))
		return -ENOMEM;
	for (unsigned i = 0; i < n && 2 * i + 2 < SIGN_FINGERPRINT; i++)
		snprintf(s->fingerprint + 2 * i, 3, "%02x", sum[i]);
	return 0;
}

int signer_open(struct signer **out, const char *key, const char *cert, char **msg)
{
	struct signer *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -ENOMEM;

	*out = NULL;
	if (!err)
		err = read_key(s, key, msg);
	if (!err)
		err = read_cert(s, cert, msg);
	if (!err)
		err = read_name(s);
	if (!err && !X509_check_private_key(s->cert, s->key))
		err = fail(msg, EINVAL,
			   "--key %s and --cert %s do not belong together: name the certificate of "
			   "this key",
			   key, cert);
	if (err)
		signer_close(s);
	else
		*out = s;
	return err;
}

void signer_close(struct signer *s)
{
	if (!s)
		return;
	EVP_PKEY_free(s->key);
	X509_free(s->cert);
	free(s->name);
	free(s);
}

const char *signer_name(const struct signer *s)
{
	return s->name;
}

const char *signer_fingerprint(const struct signer *s)
{
	return s->fingerprint;
}

/* How long the module is without a signature; size: it has none. */
static off_t bare_size(int fd, off_t size)
{
	struct {
		struct trailer trailer;
		char magic[MAGIC_LEN];
	} end;
	off_t rest = size - (off_t)sizeof(end);

	_Static_assert(sizeof(end) == 12 + MAGIC_LEN, "no padding");
	if (rest < 0 || pread(fd, &end, sizeof(end), rest) != sizeof(end) ||
	    memcmp(end.magic, MAGIC, MAGIC_LEN) != 0)
		return size;
	rest -= be32toh(end.trailer.sig_len);
	return rest < 0 ? size : rest;
}

/* The signature over all that bio holds, in DER; *der is to be freed by OpenSSL. */
static int make_signature(const struct signer *s, BIO *bio, unsigned char **der)
{
	const unsigned flags = CMS_NOCERTS | CMS_BINARY | CMS_NOATTR;
	CMS_ContentInfo *cms =
		CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL | CMS_DETACHED | CMS_STREAM);
	int len = -1;

	if (cms && CMS_add1_signer(cms, s->cert, s->key, EVP_sha256(), flags | CMS_NOSMIMECAP) &&
	    CMS_final(cms, bio, NULL, flags))
		len = i2d_CMS_ContentInfo(cms, der);
	CMS_ContentInfo_free(cms);
	return len;
}

static int append(int fd, const void *data, size_t size)
{
	errno = ENOSPC; /* what is written in part has no other reason */
	return write(fd, data, size) == (ssize_t)size ? 0 : -errno;
}

int sign_module(const struct signer *s, const char *path, char **msg)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), len, err = 0;
	struct trailer trailer = { .id_type = ID_PKCS7 };
	unsigned char *der = NULL;
	struct stat st;
	BIO *bio;

	if (fd < 0 || fstat(fd, &st)) {
		err = fail(msg, errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (ftruncate(fd, bare_size(fd, st.st_size)) || lseek(fd, 0, SEEK_SET) != 0) {
		err = fail(msg, errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	bio = BIO_new_fd(fd, BIO_NOCLOSE);
	len = bio ? make_signature(s, bio, &der) : -1;
	BIO_free(bio);
	if (len < 0) {
		err = fail(msg, EIO, "%s: cannot be signed: %s", path, reason());
		goto out;
	}
	trailer.sig_len = htobe32((uint32_t)len);
	if (lseek(fd, 0, SEEK_END) < 0)
		err = -errno;
	if (!err)
		err = append(fd, der, (size_t)len);
	if (!err)
		err = append(fd, &trailer, sizeof(trailer));
	if (!err)
		err = append(fd, MAGIC, MAGIC_LEN);
	if (!err && fsync(fd))
		err = -errno;
	if (err)
		fail(msg, -err, "%s: %s", path, strerror(-err));
out:
	OPENSSL_free(der);
	if (fd >= 0)
		close(fd);
	return err;
}

bool sign_present(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[MAGIC_LEN];
	struct stat st;
	bool found;

	found = fd >= 0 && !fstat(fd, &st) && st.st_size > (off_t)MAGIC_LEN &&
		pread(fd, magic, MAGIC_LEN, st.st_size - (off_t)MAGIC_LEN) == (ssize_t)MAGIC_LEN &&
		!memcmp(magic, MAGIC, MAGIC_LEN);
	if (fd >= 0)
		close(fd);
	return found;
}

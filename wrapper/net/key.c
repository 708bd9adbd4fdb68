// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

int key_read(const char *path, unsigned char key[REQUEST_KEY], char **msg)
{
	char text[2 * REQUEST_KEY + 2];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), err = 0;
	struct stat st;
	size_t bytes;
	ssize_t n;

	if (fd < 0)
		return fail(msg, errno, "the key %s: %s", path, strerror(errno));
	if (fstat(fd, &st)) {
		err = fail(msg, errno, "the key %s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || (st.st_uid && st.st_uid != geteuid()) ||
		   st.st_mode & 077) {
		err = fail(msg, EPERM,
			   "the key %s is not safe: it must be a file of root's or your own that "
			   "nobody else may read: chmod 600",
			   path);
	} else {
		n = read(fd, text, sizeof(text));
		if (n == sizeof(text) - 1 && text[n - 1] == '\n')
			n--;
		if (n != 2 * REQUEST_KEY ||
		    sodium_hex2bin(key, REQUEST_KEY, text, (size_t)n, NULL, &bytes, NULL) ||
		    bytes != REQUEST_KEY)
			err = fail(msg, EKEYREJECTED,
				   "the key %s is none: 64 hexadecimal digits; 'head -c 32 "
				   "/dev/urandom | xxd -p -c 64' makes them",
				   path);
	}
	sodium_memzero(text, sizeof(text));
	close(fd);
	return err;
}

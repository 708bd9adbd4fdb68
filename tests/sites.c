// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drives sdt and semaphore alone, for the tests:
 *	sites FILE PROVIDER MARKER [OFF]   reserves the sites (OFF bytes further), then raises the
 *	                                   semaphores; says how many of each, waits for a line
 *	                                   and drops them
 *	sites FILE PROVIDER MARKER check   only semaphores_check
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/semaphore.h"

static int complain(const char *what, char *msg, int err)
{
	printf("%s: %s (%d)\n", what, msg ? msg : strerror(-err), -err);
	free(msg);
	return 3;
}

int main(int argc, char **argv)
{
	const char *markers[] = { argc > 3 ? argv[3] : NULL, NULL };
	struct semaphores sites, raised;
	struct sdt_file sdt;
	char *msg = NULL;
	int fd, err;

	if (argc < 4)
		return 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? -errno : sdt_read(fd, argv[1], &sdt, NULL);
	if (err)
		return complain("read", NULL, err);
	for (size_t i = 0; argc > 4 && i < sdt.n_markers; i++)
		sdt.markers[i].site += (uint64_t)atoll(argv[4]);
	err = semaphores_check(fd, argv[1], &sdt, argv[2], markers, true, &msg);
	if (err)
		return complain("check", msg, err);
	if (argc > 4 && !strcmp(argv[4], "check"))
		return 0;
	err = semaphores_reserve(&sites, fd, &sdt, argv[2], markers, &msg);
	if (err)
		return complain("reserve", msg, err);
	err = semaphores_raise(&raised, fd, &sdt, argv[2], markers, &msg);
	if (err)
		return complain("raise", msg, err);
	printf("%zu sites, %zu semaphores\n", sites.n, raised.n);
	fflush(stdout);
	getchar();
	semaphores_drop(&sites);
	semaphores_drop(&raised);
	sdt_free(&sdt);
	close(fd);
	return 0;
}

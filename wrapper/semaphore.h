/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * semaphore: switches markers on, and the kernel switches them off again, however
 * this program ends. The reasoning is at the top of semaphore.c.
 */
#ifndef TELETAP_SEMAPHORE_H
#define TELETAP_SEMAPHORE_H

#include "sdt.h"

#define SEMAPHORES 64 /* also sites */

/* Uprobes of ours in the kernel, each held by a file descriptor. */
struct semaphores {
	int n;
	int fds[SEMAPHORES];
};

/*
 * Reserves the sites of the named markers (NULL-terminated) for a module about to be
 * loaded; semaphores_drop once it is in place. Returns 0, or -errno with *msg set:
 * -EBUSY when another tracer is there.
 */
int semaphores_reserve(struct semaphores *s, int fd, const struct sdt_file *sdt,
		       const char *provider, const char *const *markers, char **msg);

/*
 * Whether the file allows for both: its sites are not too many, and each semaphore has a
 * place from where it can be raised. Looks at the file only. Returns 0, or -ENOTSUP with *msg set.
 */
int semaphores_check(int fd, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, char **msg);

/*
 * Raises the semaphores of the named markers (NULL-terminated) in every process
 * that has the file open at fd mapped, now or later, until semaphores_drop or the
 * end of this process. Returns 0, or -errno with *msg set.
 */
int semaphores_raise(struct semaphores *s, int fd, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, char **msg);
void semaphores_drop(struct semaphores *s);

#endif

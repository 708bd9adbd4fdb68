/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * semaphore: switches markers on, and the kernel switches them off again, however
 * this program ends. The reasoning is at the top of semaphore.c.
 */
#ifndef TELETAP_TARGET_SEMAPHORE_H
#define TELETAP_TARGET_SEMAPHORE_H

#include "target/sdt.h"

/* Uprobes of ours in the kernel, each held by a file descriptor. */
struct semaphores {
	size_t n;
	int *fds;
};

/*
 * Reserves the sites of the named markers (NULL-terminated) for a module about to be
 * loaded; semaphores_drop once it is in place. Returns 0, or -errno with *msg set:
 * -EBUSY when another tracer is there.
 */
int semaphores_reserve(struct semaphores *s, int fd, const struct sdt_file *sdt,
		       const char *provider, const char *const *markers, char **msg);

/* Whether the kernel does not raise one of the named semaphores in what starts later. */
bool semaphores_stay_off(const struct sdt_file *sdt, const char *provider,
			 const char *const *markers);

/*
 * Whether both can be done: there are file descriptors enough, and each semaphore has a
 * place from where it can be raised; later: in processes that start later, too. Looks at
 * the file only; path is for the message. Returns 0, or -ENOTSUP with *msg set.
 */
int semaphores_check(int fd, const char *path, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, bool later, char **msg);

/*
 * Raises the semaphores of the named markers (NULL-terminated) in every process
 * that has the file open at fd mapped, now or later, until semaphores_drop or the
 * end of this process. Returns 0, or -errno with *msg set.
 */
int semaphores_raise(struct semaphores *s, int fd, const struct sdt_file *sdt, const char *provider,
		     const char *const *markers, char **msg);

/* Takes the uprobes away. Of more than a few, a process of their own does so by and by. */
void semaphores_drop(struct semaphores *s);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory: the memory of another process, read by process_vm_readv(2), which neither stops nor
 * changes it. What is read is kept by pages until memory_forget, so that one look reads each
 * page once.
 */
#ifndef TELETAP_TARGET_MEMORY_H
#define TELETAP_TARGET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEMORY_PAGE 4096
#define MEMORY_PAGES 2048 /* kept at once */
#define MEMORY_LOAD 256   /* read at once */

struct memory_page {
	uint64_t at, look; /* its address; of which look it is */
	uint64_t used;     /* in which look it was noted in used */
	unsigned char bytes[MEMORY_PAGE];
};

struct memory {
	pid_t pid;
	uint64_t look; /* counts memory_forget */
	struct memory_page *pages;
	int n_used; /* of this look, in the order of reading; more than MEMORY_LOAD are not noted */
	uint64_t used[MEMORY_LOAD];
};

/* Begins to read this process. False: out of memory. */
bool memory_begin(struct memory *m, pid_t pid);
void memory_end(struct memory *m);

/* What is read from now on is read anew. */
void memory_forget(struct memory *m);

/*
 * What a look has read is likely what the next one reads: the addresses of its pages, at most
 * room of them, into list; returns how many. memory_load reads the pages of addresses a few
 * hundred at once, as far as they are there.
 */
int memory_pages(const struct memory *m, uint64_t *list, int room);
void memory_load(struct memory *m, const uint64_t *list, int n);

/* Reads size bytes at an address. Returns 0, or -errno: -EFAULT where there is no memory. */
int memory_read(struct memory *m, uint64_t at, void *to, size_t size);

/* The same without keeping pages. Returns how many bytes, or -errno. */
ssize_t memory_read_once(const struct memory *m, uint64_t at, void *to, size_t size);

#endif

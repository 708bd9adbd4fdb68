// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define USER_END (UINT64_C(1) << 47)

bool memory_begin(struct memory *m, pid_t pid)
{
	*m = (struct memory){ .pid = pid, .look = 1 };
	m->pages = calloc(MEMORY_PAGES, sizeof(*m->pages));
	return m->pages;
}

void memory_end(struct memory *m)
{
	free(m->pages);
	*m = (struct memory){ 0 };
}

void memory_forget(struct memory *m)
{
	m->look++;
}

ssize_t memory_read_once(const struct memory *m, uint64_t at, void *to, size_t size)
{
	struct iovec local = { .iov_base = to, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)at, .iov_len = size };
	ssize_t n;

	if (at >= USER_END || size > USER_END - at)
		return -EFAULT;
	n = process_vm_readv(m->pid, &local, 1, &remote, 1, 0);
	return n < 0 ? -errno : n;
}

static struct memory_page *page_at(struct memory *m, uint64_t at, int *err)
{
	size_t slot = (size_t)((at / MEMORY_PAGE * UINT64_C(0x9e3779b97f4a7c15)) >> 40);
	struct memory_page *page = &m->pages[slot % MEMORY_PAGES];
	ssize_t n;

	if (page->at == at && page->look == m->look)
		return page;
	page->look = 0;
	n = memory_read_once(m, at, page->bytes, MEMORY_PAGE);
	if (n != MEMORY_PAGE) {
		*err = n < 0 ? (int)n : -EFAULT;
		return NULL;
	}
	page->at = at;
	page->look = m->look;
	return page;
}

int memory_read(struct memory *m, uint64_t at, void *to, size_t size)
{
	unsigned char *out = to;

	while (size) {
		uint64_t inside = at % MEMORY_PAGE;
		size_t n = MEMORY_PAGE - inside;
		const struct memory_page *page;
		int err = 0;

		if (n > size)
			n = size;
		page = page_at(m, at - inside, &err);
		if (!page)
			return err;
		memcpy(out, page->bytes + inside, n);
		out += n;
		at += n;
		size -= n;
	}
	return 0;
}

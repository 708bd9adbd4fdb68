// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#define USER_END (UINT64_C(1) << 47)

bool memory_begin(struct memory *m, pid_t pid)
{
	*m = (struct memory){ .pid = pid, .look = 1 };
	/* Most are never used: what calloc takes from its heap it would write over. */
	m->pages = mmap(NULL, MEMORY_PAGES * sizeof(*m->pages), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->pages == MAP_FAILED)
		m->pages = NULL;
	return m->pages;
}

void memory_end(struct memory *m)
{
	if (m->pages)
		munmap(m->pages, MEMORY_PAGES * sizeof(*m->pages));
	*m = (struct memory){ 0 };
}

void memory_forget(struct memory *m)
{
	m->look++;
	m->n_used = 0;
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

static struct memory_page *slot_of(struct memory *m, uint64_t at)
{
	size_t slot = (size_t)((at / MEMORY_PAGE * UINT64_C(0x9e3779b97f4a7c15)) >> 40);

	return &m->pages[slot % MEMORY_PAGES];
}

int memory_pages(const struct memory *m, uint64_t *list, int room)
{
	int n = m->n_used < room ? m->n_used : room;

	memcpy(list, m->used, (size_t)n * sizeof(*list));
	return n;
}

static void load_some(struct memory *m, const uint64_t *list, int n)
{
	struct iovec local[MEMORY_LOAD], remote[MEMORY_LOAD];
	struct memory_page *page;
	ssize_t got;
	int wanted = 0;

	for (int i = 0; i < n; i++) {
		uint64_t at = list[i] - list[i] % MEMORY_PAGE;

		page = slot_of(m, at);
		if (page->look == m->look || at >= USER_END)
			continue; /* this page or another one has its place */
		page->at = at;
		page->look = m->look;
		local[wanted] = (struct iovec){ page->bytes, MEMORY_PAGE };
		remote[wanted++] = (struct iovec){ (void *)(uintptr_t)at, MEMORY_PAGE };
	}
	got = wanted ? process_vm_readv(m->pid, local, (unsigned long)wanted, remote,
					(unsigned long)wanted, 0)
		     : 0;
	for (int i = got < 0 ? 0 : (int)(got / MEMORY_PAGE); i < wanted; i++)
		slot_of(m, (uint64_t)(uintptr_t)remote[i].iov_base)->look = 0;
}

void memory_load(struct memory *m, const uint64_t *list, int n)
{
	for (int i = 0; i < n; i += MEMORY_LOAD)
		load_some(m, list + i, n - i < MEMORY_LOAD ? n - i : MEMORY_LOAD);
}

static void note_use(struct memory *m, struct memory_page *page)
{
	if (page->used == m->look || m->n_used == MEMORY_LOAD)
		return;
	page->used = m->look;
	m->used[m->n_used++] = page->at;
}

static struct memory_page *page_at(struct memory *m, uint64_t at, int *err)
{
	struct memory_page *page = slot_of(m, at);
	ssize_t n;

	if (page->at != at || page->look != m->look) {
		page->look = 0;
		n = memory_read_once(m, at, page->bytes, MEMORY_PAGE);
		if (n != MEMORY_PAGE) {
			*err = n < 0 ? (int)n : -EFAULT;
			return NULL;
		}
		page->at = at;
		page->look = m->look;
		page->used = 0;
	}
	note_use(m, page);
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

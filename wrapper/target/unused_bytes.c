// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unused_bytes: an ELF file -> bytes of it that are in memory, where no program reads or runs them.
 *
 * A segment that may not be written (uprobes stand in no other) is mapped by whole pages, and
 * holds sections. What lies between the sections, before the first and behind the last one
 * is there for alignment; a file without section headers has no markers either. Such
 * a gap may be missing, or smaller than needed (lld and gold put segments close together),
 * but every file has a header, in which 11 bytes of 64 mean nothing: nine of these have
 * always been padding, and e_flags is 0 on x86. Nothing reads them in memory.
 *
 * The file may be hostile. It then harms its own processes only, but not us: GAPS_MAX and
 * GAP_MAX bound what is read.
 */
#include "target/unused_bytes.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "target/elf.h"

#define PAGE 4096u
#define GAPS_MAX 4096u
#define GAP_MAX PAGE

struct range {
	uint64_t from, to; /* file offsets */
};

struct ranges {
	struct range *list;
	size_t n, size;
	bool failed;
};

struct layout {
	struct ranges taken;  /* by sections and tables */
	struct ranges mapped; /* by segments that may not be written */
};

static void add(struct ranges *r, uint64_t from, uint64_t size)
{
	struct range *more;

	if (!size || from > INT64_MAX || size > INT64_MAX)
		return;
	if (r->n == r->size) {
		r->size = r->size ? 2 * r->size : 64;
		more = reallocarray(r->list, r->size, sizeof(*more));
		if (!more) {
			r->failed = true;
			r->size = r->n;
			return;
		}
		r->list = more;
	}
	r->list[r->n++] = (struct range){ from, from + size };
}

static int add_section(struct image *im, const struct image_part *part, void *arg)
{
	struct layout *l = arg;

	(void)im;
	if (part->type != SHT_NULL && part->type != SHT_NOBITS)
		add(&l->taken, part->offset, part->size);
	return 0;
}

static int add_segment(struct image *im, const struct image_part *part, void *arg)
{
	struct layout *l = arg;
	uint64_t from = part->offset & -(uint64_t)PAGE;

	(void)im;
	/* Where memory goes on behind the file, the kernel clears the rest of the page. */
	if (!(part->flags & PF_W) && part->size == part->memory && part->size <= INT64_MAX)
		add(&l->mapped, from, (part->offset - from + part->size + PAGE - 1) / PAGE * PAGE);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
				  : (x->to > y->to) - (x->to < y->to);
}

/* The longest first: they are on few pages. */
static int by_length(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	uint64_t x_size = x->to - x->from, y_size = y->to - y->from;

	return x_size != y_size ? (x_size < y_size) - (x_size > y_size) : by_place(a, b);
}

/* The zeros in a gap, which may be cut by other bytes. */
static void add_zeros(struct image *im, uint64_t from, uint64_t to, struct ranges *zeros)
{
	unsigned char bytes[GAP_MAX];
	size_t want = to - from < GAP_MAX ? (size_t)(to - from) : GAP_MAX, begin = 0;
	ssize_t got = image_read(im, bytes, want, from);

	for (size_t i = 0; got > 0 && i <= (size_t)got; i++) {
		if (i < (size_t)got && !bytes[i])
			continue;
		add(zeros, from + begin, i - begin);
		begin = i + 1;
	}
}

/* Both lists are sorted. */
static void find_gaps(struct image *im, const struct layout *l, struct ranges *zeros)
{
	uint64_t at = 0;
	size_t k = 0, n_gaps = 0;

	for (size_t i = 0; i < l->mapped.n && n_gaps < GAPS_MAX; i++) {
		const struct range *m = &l->mapped.list[i];

		at = m->from > at ? m->from : at;
		while (at < m->to && n_gaps < GAPS_MAX) {
			uint64_t to = m->to;

			while (k < l->taken.n && l->taken.list[k].from <= at) {
				at = l->taken.list[k].to > at ? l->taken.list[k].to : at;
				k++;
			}
			if (k < l->taken.n && l->taken.list[k].from < to)
				to = l->taken.list[k].from;
			if (at < to) {
				add_zeros(im, at, to, zeros);
				n_gaps++;
				at = to;
			}
		}
	}
}

/* The bytes of the header that mean nothing, if it is mapped. */
static size_t header_bytes(struct image *im, const struct layout *l, uint64_t *at, size_t max)
{
	static const uint64_t places[] = { 9, 10, 11, 12, 13, 14, 15, 48, 49, 50, 51 };
	size_t n = 0;

	if (!l->mapped.n || l->mapped.list[0].from || im->class != ELFCLASS64)
		return 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && n < max; i++) {
		if (!im->head[places[i]])
			at[n++] = places[i];
	}
	return n;
}

static void sort(struct ranges *r, int (*compare)(const void *, const void *))
{
	if (r->n)
		qsort(r->list, r->n, sizeof(*r->list), compare);
}

long unused_bytes(int fd, uint64_t *at, size_t max)
{
	struct ranges zeros = { 0 };
	struct layout l = { 0 };
	struct image im = { 0 };
	const char *why;
	size_t n = 0;
	long ret = image_open(&im, fd, &why);

	if (!ret)
		ret = image_sections(&im, IMAGE_ANY, add_section, &l);
	if (!ret)
		ret = image_segments(&im, PT_LOAD, add_segment, &l);
	if (ret)
		goto out;
	add(&l.taken, 0, sizeof(Elf64_Ehdr));
	add(&l.taken, im.phoff, im.phnum * sizeof(Elf64_Phdr));
	add(&l.taken, im.shoff, im.shnum * sizeof(Elf64_Shdr));
	sort(&l.taken, by_place);
	sort(&l.mapped, by_place);
	if (im.shnum)
		find_gaps(&im, &l, &zeros);
	sort(&zeros, by_length);
	for (size_t i = 0; i < zeros.n; i++) {
		for (uint64_t p = zeros.list[i].from; p < zeros.list[i].to && n < max; p++)
			at[n++] = p;
	}
	n += header_bytes(&im, &l, at + n, max - n);
	ret = l.taken.failed || l.mapped.failed || zeros.failed ? -ENOMEM : (long)n;
out:
	free(l.taken.list);
	free(l.mapped.list);
	free(zeros.list);
	return ret;
}

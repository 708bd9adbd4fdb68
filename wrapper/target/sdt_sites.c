// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sdt_sites: which sites of markers count.
 *
 * A probe at another place than a marker's nop changes what the program
 * does, and lld and mold keep the notes of functions that they drop, with addresses counted
 * from 0. So a site has to lie in an executable segment, where the file holds the nop that
 * sys/sdt.h leaves, and its semaphore in a writable one; any other is left out and counted.
 * An ET_REL file has no addresses yet, and of machines other than x86 the nop is not checked.
 *
 * The kernel knows of a semaphore its offset in the file only. In a process that starts with
 * the uprobe in place it counts in the first mapping of that page that may be written
 * (valid_ref_ctr_vma and delayed_ref_ctr_inc in kernel/events/uprobes.c of 6.18). lld and mold lay
 * the data that become read-only and the others close together in the file, in segments of their
 * own: where these share the semaphore's page, the kernel counts in the first one's, and the marker
 * stays off. In a process that runs already, the first one is read-only by then.
 */
#include "target/sdt_sites.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "target/nop10.h"

#define PAGE 4096
#define LOADS_MAX 64 /* segments; linkers make 2 to 6 */

struct segments {
	struct image_part loads[LOADS_MAX];
	size_t n;
};

static int load_add(struct image *im, const struct image_part *part, void *arg)
{
	struct segments *s = arg;

	(void)im;
	if (s->n < LOADS_MAX)
		s->loads[s->n++] = *part;
	return 0;
}

/* The file offset of what lies at an address, size bytes of the file, in a segment with these
 * flags; 0: nowhere, since the ELF header lies at 0. */
static uint64_t offset_of(const struct segments *s, uint64_t addr, uint64_t size, uint64_t flags)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct image_part *load = &s->loads[i];
		uint64_t at = addr - load->addr;

		if ((load->flags & flags) && addr >= load->addr && at < load->size &&
		    load->size - at >= size)
			return at + load->offset;
	}
	return 0;
}

/* Not one of five bytes: what some kernels make of it kills forked children, see nop10.c. */
static bool is_nop(struct image *im, uint64_t offset)
{
	unsigned char byte;

	if (im->machine != EM_X86_64 && im->machine != EM_386)
		return true;
	return image_read(im, &byte, 1, offset) == 1 && byte == 0x90;
}

/* The offset of the nop10 behind the nop: no kernel takes one that lies in two pages. */
static uint64_t find_nop10(struct image *im, const struct segments *s, uint64_t addr)
{
	static const unsigned char nop10[NOP10_SIZE] = NOP10_BYTES;
	unsigned char bytes[NOP10_SIZE];
	uint64_t at = offset_of(s, addr, NOP10_SIZE, PF_X);

	if (im->machine != EM_X86_64 || !at || at % PAGE + NOP10_SIZE > PAGE ||
	    image_read(im, bytes, NOP10_SIZE, at) != NOP10_SIZE)
		return 0;
	return memcmp(bytes, nop10, NOP10_SIZE) ? 0 : at;
}

/* Whether a segment that may be written holds this page of the file before the one of addr does. */
static bool is_elsewhere(const struct segments *s, uint64_t addr, uint64_t offset)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct image_part *load = &s->loads[i];

		if (!(load->flags & PF_W))
			continue;
		if (addr >= load->addr && addr - load->addr < load->size)
			return false;
		if (offset / PAGE >= load->offset / PAGE && load->size &&
		    offset / PAGE <= (load->offset + load->size - 1) / PAGE)
			return true;
	}
	return false;
}

static bool is_usable(struct image *im, const struct segments *s, struct sdt_marker *marker)
{
	marker->site = offset_of(s, marker->pc + marker->shift, 1, PF_X);
	if (marker->semaphore)
		marker->counter =
			offset_of(s, marker->semaphore + marker->shift, sizeof(uint16_t), PF_W);
	if (marker->counter % sizeof(uint16_t))
		return false; /* the kernel counts in none */
	if (marker->site)
		marker->nop10 = find_nop10(im, s, marker->pc + marker->shift + 1);
	if (marker->counter)
		marker->elsewhere =
			is_elsewhere(s, marker->semaphore + marker->shift, marker->counter);
	return marker->site && is_nop(im, marker->site) && (!marker->semaphore || marker->counter);
}

int sdt_sites_check(struct image *im, struct sdt_file *file)
{
	struct segments s = { 0 };
	size_t n = 0;
	int ret;

	if (!file->n_markers || im->type == ET_REL)
		return 0;
	ret = image_segments(im, PT_LOAD, load_add, &s);
	if (s.n)
		file->load = s.loads[0].addr - s.loads[0].offset;
	for (size_t i = 0; i < file->n_markers; i++) {
		if (is_usable(im, &s, &file->markers[i]))
			file->markers[n++] = file->markers[i];
		else
			free(file->markers[i].provider);
	}
	file->n_left_out = file->n_markers - n;
	file->n_markers = n;
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/ring_note.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "target/elf.h"

#define NOTE_TYPE 1
#define NOTE_DESC 24
#define NOTE_MAX 4096
#define OWNER "teletap"
#define PAGE 4096

static int note_section(struct image *im, const struct image_part *part, void *arg)
{
	unsigned char buf[NOTE_MAX], *desc = buf + 12 + sizeof(OWNER);
	struct ring_note *note = arg;
	ssize_t n;

	if (part->flags & SHF_ALLOC || part->size > sizeof(buf))
		return 0;
	n = image_read(im, buf, part->size, part->offset);
	if (n < (ssize_t)(12 + sizeof(OWNER) + NOTE_DESC) ||
	    image_get(im, buf, 4) != sizeof(OWNER) || image_get(im, buf + 4, 4) != NOTE_DESC ||
	    image_get(im, buf + 8, 4) != NOTE_TYPE || memcmp(buf + 12, OWNER, sizeof(OWNER)) != 0)
		return 0;
	note->ring = image_get(im, desc, 8);
	note->mapped = image_get(im, desc + 8, 8);
	note->size = image_get(im, desc + 16, 8);
	return 1;
}

static int text_segment(struct image *im, const struct image_part *part, void *arg)
{
	struct ring_note *note = arg;

	(void)im;
	if (!(part->flags & PF_X))
		return 0;
	note->text = part->addr & ~(uint64_t)(PAGE - 1);
	return 1;
}

int ring_note_read(int fd, struct ring_note *note)
{
	struct image im = { 0 };
	const char *why;
	int err = image_open(&im, fd, &why);

	*note = (struct ring_note){ 0 };
	if (err)
		return err;
	if (im.class != ELFCLASS64 || image_sections(&im, SHT_NOTE, note_section, note) != 1 ||
	    image_segments(&im, PT_LOAD, text_segment, note) != 1)
		return -ENOENT;
	return 0;
}

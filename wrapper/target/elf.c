// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf: an open file -> its ELF header tables.
 *
 * libelf would do this too, at twice the time per file (it reads the tables in
 * more steps and keeps every section's header), and a scan of a whole system is
 * nearly all system calls: open, header, section table, close. Hence our own.
 *
 * The file may be hostile, and may change while it is read:
 * - pread into our own memory, never mmap: a file that shrinks gives a short read
 *   and not a SIGBUS. A short read ends a table; nothing is guessed.
 * - Offsets in the file are any 64-bit number; image_read checks them where they
 *   are used. A table has at most ENTRIES_MAX entries of at most 64 bytes, so its
 *   length cannot wrap, and a table claiming 2^32 entries in a sparse file ends.
 */
#include "target/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/regular_file.h"

#define ENTRIES_MAX (1 << 20) /* of one table */
#define CHUNK 256             /* entries read at once */
#define ENTRY_MAX sizeof(Elf64_Shdr)

#define GET(im, p, type, field)                                                                    \
	image_get(im, (p) + offsetof(type, field), sizeof(((type *)0)->field))
/* The field of the structure at p, both by the names that elf.h gives them. */
#define FIELD(im, p, type, field)                                                                  \
	((im)->class == ELFCLASS64 ? GET(im, p, Elf64_##type, field)                               \
				   : GET(im, p, Elf32_##type, field))
#define SIZE(im, type) ((im)->class == ELFCLASS64 ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

uint64_t image_get(const struct image *im, const unsigned char *p, size_t size)
{
	uint16_t half;
	uint32_t word;
	uint64_t xword;

	switch (size) {
	case sizeof(half):
		memcpy(&half, p, sizeof(half));
		return im->swap ? __builtin_bswap16(half) : half;
	case sizeof(word):
		memcpy(&word, p, sizeof(word));
		return im->swap ? __builtin_bswap32(word) : word;
	default:
		memcpy(&xword, p, sizeof(xword));
		return im->swap ? __builtin_bswap64(xword) : xword;
	}
}

ssize_t image_read(const struct image *im, void *buf, size_t size, uint64_t offset)
{
	size_t got = 0;

	if (offset < im->head_len && size <= im->head_len - offset) {
		memcpy(buf, im->head + offset, size);
		return (ssize_t)size;
	}
	if (offset > INT64_MAX || size > INT64_MAX - offset)
		return 0; /* no file reaches there */
	while (got < size) {
		ssize_t n = pread(im->fd, (char *)buf + got, size - got, (off_t)(offset + got));

		if (n == 0)
			break;
		if (n > 0)
			got += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)got;
}

void image_malformed(struct image *im, const char *why, uint64_t where)
{
	if (im->n_malformed++ == 0) {
		im->why = why;
		im->where = where;
	}
}

static struct image_part section_decode(const struct image *im, const unsigned char *p)
{
	return (struct image_part){
		.type = (uint32_t)FIELD(im, p, Shdr, sh_type),
		.name = (uint32_t)FIELD(im, p, Shdr, sh_name),
		.link = (uint32_t)FIELD(im, p, Shdr, sh_link),
		.info = (uint32_t)FIELD(im, p, Shdr, sh_info),
		.flags = FIELD(im, p, Shdr, sh_flags),
		.addr = FIELD(im, p, Shdr, sh_addr),
		.offset = FIELD(im, p, Shdr, sh_offset),
		.size = FIELD(im, p, Shdr, sh_size),
		.align = FIELD(im, p, Shdr, sh_addralign),
	};
}

static struct image_part segment_decode(const struct image *im, const unsigned char *p)
{
	return (struct image_part){
		.type = (uint32_t)FIELD(im, p, Phdr, p_type),
		.flags = FIELD(im, p, Phdr, p_flags),
		.addr = FIELD(im, p, Phdr, p_vaddr),
		.offset = FIELD(im, p, Phdr, p_offset),
		.size = FIELD(im, p, Phdr, p_filesz),
		.memory = FIELD(im, p, Phdr, p_memsz),
		.align = FIELD(im, p, Phdr, p_align),
	};
}

static int section_read(const struct image *im, uint64_t index, struct image_part *part)
{
	unsigned char entry[ENTRY_MAX];
	size_t size = SIZE(im, Shdr);
	ssize_t got;

	if (im->shoff > INT64_MAX)
		return -ENODATA; /* the sum below cannot wrap */
	got = image_read(im, entry, size, im->shoff + index * size);
	if (got < 0)
		return (int)got;
	if ((size_t)got < size)
		return -ENODATA;
	*part = section_decode(im, entry);
	return 0;
}

struct table {
	uint64_t offset, count;
	size_t size;    /* of an entry */
	size_t type_at; /* in an entry: the same in both word sizes */
	struct image_part (*decode)(const struct image *im, const unsigned char *p);
};

static int chunk_walk(struct image *im, const struct table *t, const unsigned char *chunk,
		      size_t len, int64_t type, image_part_fn *fn, void *arg)
{
	struct image_part part;
	int ret = 0;

	for (; ret == 0 && len >= t->size; chunk += t->size, len -= t->size) {
		if (type != IMAGE_ANY && (int64_t)image_get(im, chunk + t->type_at, 4) != type)
			continue;
		part = t->decode(im, chunk);
		ret = fn(im, &part, arg);
	}
	return ret;
}

/* Where the file ends before the table, count is left at what is missing. */
static int table_walk(struct image *im, struct table *t, int64_t type, image_part_fn *fn, void *arg)
{
	unsigned char chunk[CHUNK * ENTRY_MAX];
	int ret = 0;

	while (ret == 0 && t->count) {
		size_t want = (t->count < CHUNK ? (size_t)t->count : CHUNK) * t->size;
		ssize_t got = image_read(im, chunk, want, t->offset);

		if (got < 0)
			return (int)got;
		ret = chunk_walk(im, t, chunk, (size_t)got, type, fn, arg);
		t->offset += want;
		t->count -= (size_t)got / t->size;
		if ((size_t)got < want)
			return ret;
	}
	return ret;
}

int image_sections(struct image *im, int64_t type, image_part_fn *fn, void *arg)
{
	struct table t = { im->shoff, im->shnum, SIZE(im, Shdr), offsetof(Elf64_Shdr, sh_type),
			   section_decode };
	int ret = table_walk(im, &t, type, fn, arg);

	if (ret == 0 && t.count) {
		image_malformed(im, "section table past the end of the file", im->shoff);
		im->shnum -= t.count;
	}
	return ret;
}

int image_segments(struct image *im, int64_t type, image_part_fn *fn, void *arg)
{
	struct table t = { im->phoff, im->phnum, SIZE(im, Phdr), offsetof(Elf64_Phdr, p_type),
			   segment_decode };
	int ret = table_walk(im, &t, type, fn, arg);

	if (ret == 0 && t.count) {
		image_malformed(im, "segment table past the end of the file", im->phoff);
		im->phnum -= t.count;
	}
	return ret;
}

struct name_search {
	const char *name;
	struct image_part names; /* the section that holds the names */
	uint64_t addr;
};

static int section_match(struct image *im, const struct image_part *part, void *arg)
{
	struct name_search *search = arg;
	size_t size = strlen(search->name) + 1;
	char name[64];

	if (size > sizeof(name) || part->name > search->names.size ||
	    size > search->names.size - part->name || search->names.offset > INT64_MAX)
		return 0;
	if (image_read(im, name, size, search->names.offset + part->name) != (ssize_t)size)
		return 0;
	if (memcmp(name, search->name, size) != 0)
		return 0;
	search->addr = part->addr;
	return 1;
}

bool image_section_addr(struct image *im, const char *name, uint64_t *addr)
{
	struct name_search search = { .name = name };

	if (im->shstrndx >= im->shnum || section_read(im, im->shstrndx, &search.names)) {
		if (im->shnum)
			image_malformed(im, "section names that are in no section", im->shoff);
		return false;
	}
	if (image_sections(im, IMAGE_ANY, section_match, &search) != 1)
		return false;
	*addr = search.addr;
	return true;
}

static uint64_t table_check(struct image *im, uint64_t offset, uint64_t count, size_t entsize,
			    size_t size)
{
	if (count && entsize != size) {
		image_malformed(im, "header table with entries of an unknown size", offset);
		return 0;
	}
	if (count > ENTRIES_MAX) {
		image_malformed(im, "header table of an impossible length", offset);
		return ENTRIES_MAX;
	}
	return count;
}

/* Finds the tables. What is too large for the header's fields stands in section 0. */
static void tables_find(struct image *im)
{
	const unsigned char *h = im->head;
	struct image_part zero;

	im->shoff = FIELD(im, h, Ehdr, e_shoff);
	im->shnum = FIELD(im, h, Ehdr, e_shnum);
	im->phoff = FIELD(im, h, Ehdr, e_phoff);
	im->phnum = FIELD(im, h, Ehdr, e_phnum);
	im->shstrndx = (uint32_t)FIELD(im, h, Ehdr, e_shstrndx);
	if (im->shoff == 0) {
		im->shnum = 0;
	} else if (im->shnum == 0 || im->phnum == PN_XNUM || im->shstrndx == SHN_XINDEX) {
		if (section_read(im, 0, &zero)) {
			image_malformed(im, "header table past the end of the file", im->shoff);
			zero = (struct image_part){ 0 };
		}
		if (im->shnum == 0)
			im->shnum = zero.size;
		if (im->phnum == PN_XNUM && zero.info)
			im->phnum = zero.info;
		if (im->shstrndx == SHN_XINDEX)
			im->shstrndx = zero.link;
	}
	im->shnum = table_check(im, im->shoff, im->shnum, FIELD(im, h, Ehdr, e_shentsize),
				SIZE(im, Shdr));
	im->phnum = table_check(im, im->phoff, im->phnum, FIELD(im, h, Ehdr, e_phentsize),
				SIZE(im, Phdr));
}

int image_open(struct image *im, int fd, const char **why)
{
	const unsigned char *h = im->head;
	ssize_t got;

	/* Not the head: it is written before it is read, and clearing it costs. */
	memset(im, 0, offsetof(struct image, head));
	im->fd = fd;
	got = image_read(im, im->head, sizeof(im->head), 0);
	if (got < 0) {
		*why = got == -EISDIR || got == -ESPIPE ? REGULAR_NONE : strerror((int)-got);
		return (int)got;
	}
	im->head_len = (size_t)got;
	if (im->head_len < SELFMAG || memcmp(h, ELFMAG, SELFMAG) != 0) {
		*why = got > 2 && h[0] == '#' && h[1] == '!'
			       ? "a script: name the program that runs it"
			       : "no ELF file: name a program or a library";
		return -ENOEXEC;
	}
	im->class = h[EI_CLASS];
	if (im->head_len < EI_NIDENT || im->head_len < SIZE(im, Ehdr)) {
		*why = "broken ELF file: cut off inside its header";
		return -EBADMSG;
	}
	if ((im->class != ELFCLASS32 && im->class != ELFCLASS64) ||
	    (h[EI_DATA] != ELFDATA2LSB && h[EI_DATA] != ELFDATA2MSB)) {
		*why = "broken ELF file: unknown word size or byte order";
		return -EBADMSG;
	}
	im->swap = (h[EI_DATA] == ELFDATA2MSB) != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	im->type = (int)FIELD(im, h, Ehdr, e_type);
	im->machine = (int)FIELD(im, h, Ehdr, e_machine);
	tables_find(im);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sdt: an ELF file -> its USDT markers and its build-id.
 *
 * A marker is one nop in the code and one note that describes it. The linker
 * collects the notes in a section of type SHT_NOTE, .note.stapsdt, which strip
 * keeps. A note is three words (sizes of owner and descriptor, type), then owner
 * and descriptor, each padded to the section's alignment:
 *
 *	namesz descsz type=3 "stapsdt\0"
 *	pc base semaphore             one address each, of the file's word size
 *	provider\0 name\0 arguments\0
 *
 * The addresses are those at link time. prelink moves a file afterwards without
 * knowing this format: the section .stapsdt.base lies at a known place, so where
 * it is now minus where the note says it was is how far everything has moved.
 *
 * The file may be hostile, and may change while it is read. Hence:
 * - It is read by pread into our own memory, never mapped, so a file that shrinks
 *   gives a short read and not a SIGBUS; and only the header, the section table
 *   and the notes are read, so a large binary costs no more than a small one.
 * - Sizes inside a note are 32 bits, offsets in a section are below NOTES_MAX: in
 *   64-bit arithmetic their sums cannot wrap. Offsets into the file are 64 bits
 *   and are checked where they are used (image_read).
 * - A note whose sizes do not fit ends its section, as what follows it cannot be
 *   found. A note that fits but is wrong inside is left out alone. Both count.
 * - Sections may overlap, or all be the same one: NOTES_MAX bounds the bytes looked
 *   at per file, MARKERS_MAX the markers, SECTIONS_MAX the headers.
 * A file without any SHT_NOTE section (no section table at all, for one) is looked
 * at through its PT_NOTE segments; the build-id at least is found there.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sdt.h"

#define HEAD_SIZE    1024      /* mostly holds header, segments, build-id */
#define NOTES_MAX    (1 << 26) /* bytes of notes in one file */
#define MARKERS_MAX  (1 << 18)
#define SECTIONS_MAX (1 << 20) /* also of segments */
#define TABLE_CHUNK  64        /* headers read at once */

#define NOTE_HEADER 12
#define NT_STAPSDT_TYPE 3
#define BASE_SECTION ".stapsdt.base"

struct image {
	int fd;
	bool is64;
	bool swap;
	unsigned char head[HEAD_SIZE]; /* the file's first bytes */
	size_t head_len;

	uint64_t shoff, phoff;
	uint64_t shnum, phnum;
	uint32_t shstrndx;

	struct sdt_file *file;
	size_t markers_size;
	uint64_t notes_left;           /* of NOTES_MAX */
	const char *why;               /* the first malformed thing, and where */
	uint64_t where;
};

struct section {
	uint32_t name, type, link, info;
	uint64_t addr, offset, size, align;
};

static uint64_t image_get(const struct image *im, const unsigned char *p, size_t size)
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

#define FIELD_AT(im, p, type, field) \
	image_get(im, (p) + offsetof(type, field), sizeof(((type *)0)->field))
/* A field of the structure at p, by the names elf.h gives it. */
#define FIELD(im, p, type, field) \
	((im)->is64 ? FIELD_AT(im, p, Elf64_##type, field) : FIELD_AT(im, p, Elf32_##type, field))

/* Reads up to size bytes at offset; returns how many there are, or -errno. */
static ssize_t image_read(const struct image *im, void *buf, size_t size, uint64_t offset)
{
	size_t got = 0;
	ssize_t n;

	if (offset < im->head_len && size <= im->head_len - offset) {
		memcpy(buf, im->head + offset, size);
		return (ssize_t)size;
	}
	while (got < size) {
		if (offset > INT64_MAX - size)
			break; /* no file reaches there */
		n = pread(im->fd, (char *)buf + got, size - got, (off_t)(offset + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static void image_malformed(struct image *im, const char *why, uint64_t where)
{
	if (im->file->n_malformed++ == 0) {
		im->why = why;
		im->where = where;
	}
}

static int marker_add(struct image *im, const struct sdt_marker *marker, size_t strings)
{
	struct sdt_file *file = im->file;
	struct sdt_marker *new;
	char *block;

	if (file->n_markers == im->markers_size) {
		size_t size = im->markers_size ? 2 * im->markers_size : 8;

		new = reallocarray(file->markers, size, sizeof(*new));
		if (!new)
			return -ENOMEM;
		file->markers = new;
		im->markers_size = size;
	}
	/* The three strings follow each other: one block, freed by its first. */
	block = malloc(strings);
	if (!block)
		return -ENOMEM;
	memcpy(block, marker->provider, strings);
	new = &file->markers[file->n_markers++];
	*new = *marker;
	new->provider = block;
	new->name = block + (marker->name - marker->provider);
	new->args = block + (marker->args - marker->provider);
	return 0;
}

/* The string at *p, which is moved behind its terminator; NULL if it has none. */
static char *string_take(char **p, const char *end)
{
	char *start = *p;
	char *nul = memchr(start, '\0', (size_t)(end - start));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return start;
}

static int stapsdt_read(struct image *im, unsigned char *desc, size_t size, uint64_t where)
{
	size_t word = im->is64 ? 8 : 4;
	char *end = (char *)desc + size;
	struct sdt_marker marker = { 0 };
	const char *why = NULL;
	char *p;

	if (size < 3 * word) {
		image_malformed(im, "too short for its three addresses", where);
		return 0;
	}
	marker.pc = image_get(im, desc, word);
	marker.base = image_get(im, desc + word, word);
	marker.semaphore = image_get(im, desc + 2 * word, word);
	p = (char *)desc + 3 * word;
	marker.provider = string_take(&p, end);
	marker.name = marker.provider ? string_take(&p, end) : NULL;
	marker.args = marker.name ? string_take(&p, end) : NULL;
	if (!marker.provider)
		why = "provider without end";
	else if (!marker.name)
		why = "marker name without end";
	else if (!marker.args)
		why = "arguments without end";
	else if (!*marker.provider)
		why = "empty provider";
	else if (!*marker.name)
		why = "empty marker name";
	else if (im->file->n_markers == MARKERS_MAX)
		why = "too many markers";
	if (why) {
		image_malformed(im, why, where);
		return 0;
	}
	return marker_add(im, &marker, (size_t)(p - marker.provider));
}

static void build_id_read(struct image *im, const unsigned char *desc, size_t size, uint64_t where)
{
	struct sdt_file *file = im->file;

	if (size == 0 || size > SDT_BUILD_ID_MAX) {
		image_malformed(im, "build-id of an impossible length", where);
		return;
	}
	if (file->build_id_len)
		return; /* the first one counts */
	memcpy(file->build_id, desc, size);
	file->build_id_len = size;
}

static bool owner_is(const unsigned char *name, uint64_t size, const char *owner)
{
	return size == strlen(owner) + 1 && memcmp(name, owner, size) == 0;
}

static bool all_zero(const unsigned char *p, uint64_t size)
{
	while (size--)
		if (*p++)
			return false;
	return true;
}

/* Walks the notes in data, which lies at file offset where. */
static int notes_walk(struct image *im, unsigned char *data, uint64_t size, uint64_t align,
                      uint64_t where)
{
	uint64_t at = 0, name, desc, namesz, descsz, type;
	int ret = 0;

	while (ret == 0 && at < size) {
		if (size - at < NOTE_HEADER) {
			if (!all_zero(data + at, size - at))
				image_malformed(im, "cut off inside its header", where + at);
			break;
		}
		namesz = FIELD(im, data + at, Nhdr, n_namesz);
		descsz = FIELD(im, data + at, Nhdr, n_descsz);
		type = FIELD(im, data + at, Nhdr, n_type);
		name = at + NOTE_HEADER;
		desc = (name + namesz + align - 1) & ~(align - 1);
		if (name + namesz > size || (descsz && desc + descsz > size)) {
			image_malformed(im, "longer than its section", where + at);
			break;
		}
		if (type == NT_STAPSDT_TYPE && owner_is(data + name, namesz, "stapsdt"))
			ret = stapsdt_read(im, data + desc, descsz, where + at);
		else if (type == NT_GNU_BUILD_ID && owner_is(data + name, namesz, "GNU"))
			build_id_read(im, data + desc, descsz, where + at);
		at = (desc + descsz + align - 1) & ~(align - 1);
	}
	return ret;
}

/* Reads one section or segment of notes. */
static int notes_read(struct image *im, uint64_t offset, uint64_t size, uint64_t align)
{
	unsigned char *data;
	ssize_t got;
	int ret = 0;

	if (size == 0)
		return 0;
	if (align < 4)
		align = 4; /* what linkers mean by it, and binutils takes it for */
	if (align != 4 && align != 8) {
		image_malformed(im, "section neither aligned to 4 nor to 8", offset);
		return 0;
	}
	if (size > im->notes_left) {
		image_malformed(im, "section too large", offset);
		return 0;
	}
	im->notes_left -= size;
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	got = image_read(im, data, size, offset);
	if (got < 0)
		ret = (int)got;
	else if ((uint64_t)got < size)
		image_malformed(im, "section past the end of the file", offset);
	else
		ret = notes_walk(im, data, size, align, offset);
	free(data);
	return ret;
}

static struct section section_decode(const struct image *im, const unsigned char *p)
{
	return (struct section){
		.name = (uint32_t)FIELD(im, p, Shdr, sh_name),
		.type = (uint32_t)FIELD(im, p, Shdr, sh_type),
		.link = (uint32_t)FIELD(im, p, Shdr, sh_link),
		.info = (uint32_t)FIELD(im, p, Shdr, sh_info),
		.addr = FIELD(im, p, Shdr, sh_addr),
		.offset = FIELD(im, p, Shdr, sh_offset),
		.size = FIELD(im, p, Shdr, sh_size),
		.align = FIELD(im, p, Shdr, sh_addralign),
	};
}

static size_t section_size(const struct image *im)
{
	return im->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static size_t segment_size(const struct image *im)
{
	return im->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

/* Calls fn for each entry of a header table until it returns nonzero. */
static int table_walk(struct image *im, uint64_t offset, uint64_t count, size_t size,
                      int (*fn)(struct image *im, const unsigned char *entry, void *arg), void *arg)
{
	unsigned char chunk[TABLE_CHUNK * sizeof(Elf64_Shdr)];
	int ret = 0;

	while (ret == 0 && count) {
		size_t want = (count < TABLE_CHUNK ? (size_t)count : TABLE_CHUNK) * size;
		ssize_t got = image_read(im, chunk, want, offset);

		if (got < 0)
			return (int)got;
		for (size_t at = 0; ret == 0 && at + size <= (size_t)got; at += size)
			ret = fn(im, chunk + at, arg);
		if ((size_t)got < want) {
			image_malformed(im, "header table past the end of the file", offset);
			break;
		}
		offset += want;
		count -= want / size;
	}
	return ret;
}

static int section_notes(struct image *im, const unsigned char *entry, void *arg)
{
	struct section s;

	if (FIELD(im, entry, Shdr, sh_type) != SHT_NOTE)
		return 0;
	*(bool *)arg = true;
	s = section_decode(im, entry);
	return notes_read(im, s.offset, s.size, s.align);
}

static int segment_notes(struct image *im, const unsigned char *entry, void *arg)
{
	(void)arg;
	if (FIELD(im, entry, Phdr, p_type) != PT_NOTE)
		return 0;
	return notes_read(im, FIELD(im, entry, Phdr, p_offset), FIELD(im, entry, Phdr, p_filesz),
	                  FIELD(im, entry, Phdr, p_align));
}

struct base_search {
	struct section names;
	uint64_t addr;
};

static int section_is_base(struct image *im, const unsigned char *entry, void *arg)
{
	struct base_search *search = arg;
	struct section s = section_decode(im, entry);
	char name[sizeof(BASE_SECTION)];

	if (s.name > search->names.size || search->names.size - s.name < sizeof(name) ||
	    search->names.offset > UINT64_MAX - s.name)
		return 0;
	if (image_read(im, name, sizeof(name), search->names.offset + s.name) != sizeof(name) ||
	    memcmp(name, BASE_SECTION, sizeof(name)) != 0)
		return 0;
	search->addr = s.addr;
	return 1;
}

/* Says for every marker how far the file has moved since its note was written. */
static void markers_shift(struct image *im)
{
	unsigned char entry[sizeof(Elf64_Shdr)];
	struct base_search search = { 0 };
	ssize_t size = (ssize_t)section_size(im);

	if (im->shstrndx >= im->shnum ||
	    image_read(im, entry, (size_t)size, im->shoff + im->shstrndx * (uint64_t)size) != size)
		return;
	search.names = section_decode(im, entry);
	if (table_walk(im, im->shoff, im->shnum, (size_t)size, section_is_base, &search) != 1)
		return;
	for (size_t i = 0; i < im->file->n_markers; i++) {
		struct sdt_marker *marker = &im->file->markers[i];

		if (marker->base)
			marker->shift = search.addr - marker->base;
	}
}

/* Where the header tables are. Numbers too large for it are in section 0. */
static int tables_read(struct image *im)
{
	const unsigned char *h = im->head;
	unsigned char entry[sizeof(Elf64_Shdr)];
	struct section first;
	ssize_t got;

	im->shoff = FIELD(im, h, Ehdr, e_shoff);
	im->phoff = FIELD(im, h, Ehdr, e_phoff);
	im->shnum = FIELD(im, h, Ehdr, e_shnum);
	im->phnum = FIELD(im, h, Ehdr, e_phnum);
	im->shstrndx = (uint32_t)FIELD(im, h, Ehdr, e_shstrndx);
	if (im->shoff == 0) {
		im->shnum = 0;
	} else if (im->shnum == 0 || im->phnum == PN_XNUM || im->shstrndx == SHN_XINDEX) {
		got = image_read(im, entry, section_size(im), im->shoff);
		if (got < 0)
			return (int)got;
		if ((size_t)got == section_size(im)) {
			first = section_decode(im, entry);
			if (im->shnum == 0)
				im->shnum = first.size;
			if (im->phnum == PN_XNUM)
				im->phnum = first.info;
			if (im->shstrndx == SHN_XINDEX)
				im->shstrndx = first.link;
		}
	}
	if (im->shnum && FIELD(im, h, Ehdr, e_shentsize) != section_size(im)) {
		image_malformed(im, "section headers of an unknown size", im->shoff);
		im->shnum = 0;
	}
	if (im->phnum && FIELD(im, h, Ehdr, e_phentsize) != segment_size(im)) {
		image_malformed(im, "segment headers of an unknown size", im->phoff);
		im->phnum = 0;
	}
	if (im->shnum > SECTIONS_MAX || im->phnum > SECTIONS_MAX) {
		image_malformed(im, "impossible number of sections or segments", im->shoff);
		im->shnum = im->shnum > SECTIONS_MAX ? SECTIONS_MAX : im->shnum;
		im->phnum = im->phnum > SECTIONS_MAX ? SECTIONS_MAX : im->phnum;
	}
	return 0;
}

static int header_read(struct image *im, const char **why)
{
	const unsigned char *h = im->head;
	struct sdt_file *file = im->file;
	ssize_t got = image_read(im, im->head, sizeof(im->head), 0);

	if (got < 0) {
		*why = strerror((int)-got);
		return (int)got;
	}
	im->head_len = (size_t)got;
	if (im->head_len < EI_NIDENT || memcmp(h, ELFMAG, SELFMAG) != 0) {
		*why = "no ELF file";
		return -ENOEXEC;
	}
	im->is64 = h[EI_CLASS] == ELFCLASS64;
	if ((!im->is64 && h[EI_CLASS] != ELFCLASS32) ||
	    (h[EI_DATA] != ELFDATA2LSB && h[EI_DATA] != ELFDATA2MSB)) {
		*why = "ELF file of an unknown word size or byte order";
		return -ENOEXEC;
	}
	im->swap = (h[EI_DATA] == ELFDATA2MSB) != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	if (im->head_len < (im->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr))) {
		*why = "ELF file cut off inside its header";
		return -ENOEXEC;
	}
	file->elf_class = h[EI_CLASS];
	file->elf_machine = (int)FIELD(im, h, Ehdr, e_machine);
	file->elf_type = (int)FIELD(im, h, Ehdr, e_type);
	return 0;
}

static void message_set(char **msg, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void message_set(char **msg, const char *format, ...)
{
	va_list ap;

	if (!msg)
		return;
	va_start(ap, format);
	if (vasprintf(msg, format, ap) < 0)
		*msg = NULL;
	va_end(ap);
}

int sdt_read(int fd, const char *path, struct sdt_file *file, char **msg)
{
	struct image im = { .fd = fd, .file = file, .notes_left = NOTES_MAX };
	const char *why = NULL;
	bool found = false;
	int ret;

	*file = (struct sdt_file){ 0 };
	if (msg)
		*msg = NULL;
	ret = header_read(&im, &why);
	if (ret == 0)
		ret = tables_read(&im);
	if (ret == 0)
		ret = table_walk(&im, im.shoff, im.shnum, section_size(&im), section_notes, &found);
	if (ret == 0 && !found)
		ret = table_walk(&im, im.phoff, im.phnum, segment_size(&im), segment_notes, NULL);
	if (ret < 0) {
		message_set(msg, "%s: %s", path, why ? why : strerror(-ret));
		sdt_free(file);
		return ret;
	}
	if (file->n_markers)
		markers_shift(&im);
	if (file->n_malformed)
		message_set(msg, "%s: %zu malformed note%s left out, the first at offset 0x%llx: %s", path,
		            file->n_malformed, file->n_malformed == 1 ? "" : "s",
		            (unsigned long long)im.where, im.why);
	return 0;
}

void sdt_free(struct sdt_file *file)
{
	for (size_t i = 0; i < file->n_markers; i++)
		free(file->markers[i].provider); /* with name and args, see marker_add */
	free(file->markers);
	*file = (struct sdt_file){ 0 };
}

/* One word of an argument string: [-]size[f]@operand. */
static int arg_parse(const char *word, size_t len, struct sdt_arg *arg)
{
	const char *p = word, *end = word + len;

	*arg = (struct sdt_arg){ 0 };
	if (p < end && *p == '-') {
		arg->is_signed = 1;
		p++;
	}
	while (p < end && *p >= '0' && *p <= '9' && arg->size < 100)
		arg->size = 10 * arg->size + (*p++ - '0');
	if (p < end && *p == 'f') {
		arg->is_float = 1;
		p++;
	}
	if (p == end || *p++ != '@' || p == end)
		return -EINVAL;
	if (arg->size == 0 ? p - word != 1 : arg->size > 16 || (arg->size & (arg->size - 1)))
		return -EINVAL;
	arg->operand = p;
	arg->operand_len = (size_t)(end - p);
	return 0;
}

/* The length of the word at p: spaces inside brackets belong to it ('[sp, 16]'). */
static size_t word_len(const char *p)
{
	size_t depth = 0, len;

	for (len = 0; p[len] && (depth || p[len] != ' '); len++) {
		if (p[len] == '[' || p[len] == '(')
			depth++;
		else if (depth && (p[len] == ']' || p[len] == ')'))
			depth--;
	}
	return depth ? 0 : len;
}

int sdt_args(const char *args, struct sdt_arg *arg, int max)
{
	struct sdt_arg parsed;
	int n = 0;

	for (;;) {
		size_t len;

		while (*args == ' ')
			args++;
		if (!*args)
			return n;
		len = word_len(args);
		if (len == 0 || arg_parse(args, len, &parsed))
			return -EINVAL;
		if (n < max)
			arg[n] = parsed;
		n++;
		args += len;
	}
}

void sdt_build_id_hex(const struct sdt_file *file, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < file->build_id_len; i++) {
		*out++ = digits[file->build_id[i] >> 4];
		*out++ = digits[file->build_id[i] & 15];
	}
	*out = '\0';
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sdt: an ELF file -> its USDT markers and its build-id.
 *
 * A marker is a nop in the code and a note that describes it. The linker collects
 * the notes in a section of type SHT_NOTE, .note.stapsdt, which strip leaves in. A
 * note is three words, then owner and descriptor, each padded to the alignment of
 * the section:
 *
 *	owner's size, descriptor's size, type (3)
 *	"stapsdt\0"
 *	pc base semaphore                one address each, of the file's word size
 *	provider\0 name\0 arguments\0
 *
 * The addresses are those at link time. prelink moves a file afterwards without
 * knowing this format: the section .stapsdt.base lies at a known place, so where it
 * is now minus where the note says it was (base) is how far everything has moved.
 *
 * What is refused, and why the arithmetic cannot fail (elf.c says the rest):
 * - Sizes inside a note have 32 bits and offsets in a section are below NOTES_MAX:
 *   as 64-bit numbers their sums cannot wrap.
 * - Where sizes do not fit, the rest of the section is lost, as the next note
 *   cannot be found. A note wrong inside is left out alone. Each counts once.
 * - A name that is empty, or has no end, is no name.
 * - Sections may overlap, or a million of them be the same one: NOTES_MAX bounds the
 *   bytes looked at per file, MARKERS_MAX the markers.
 * Half of the time goes into reading notes nobody asked for (.note.ABI-tag and such,
 * which are loaded with the program, as .note.stapsdt is not): once the build-id is
 * known, loaded sections too small for any marker are passed over.
 * Sites where no probe may stand are left out, see sdt_sites.c.
 * A file without a section of notes (or without sections) is looked at through its
 * PT_NOTE segments. Markers are never there, but the build-id is.
 */
#include "target/sdt.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "target/elf.h"
#include "target/sdt_sites.h"

#define NOTES_MAX (1 << 26)   /* bytes of notes in one file */
#define MARKERS_MAX (1 << 18) /* in one file; a Java VM has 500 */

#define NT_STAPSDT_MARKER 3
/* In a 32-bit file: header, owner, three addresses, "p", "n", "". */
#define MARKER_NOTE_MIN (sizeof(Elf32_Nhdr) + 8 + 3 * sizeof(Elf32_Addr) + 5)

struct reader {
	struct image im;
	struct sdt_file *file;
	size_t markers_size; /* allocated */
	uint64_t notes_left; /* of NOTES_MAX */
	atomic_long *left;   /* of SDT_PROCESS_MAX; NULL: no such bound */
	bool found;          /* a section of notes */
};

/* Copies the three strings, which follow each other, into one block of our own. */
static int marker_add(struct reader *r, const struct sdt_marker *marker, size_t strings)
{
	struct sdt_file *file = r->file;
	struct sdt_marker *new;
	char *block;

	if (file->n_markers == r->markers_size) {
		size_t size = r->markers_size ? 2 * r->markers_size : 8;

		new = reallocarray(file->markers, size, sizeof(*new));
		if (!new)
			return -ENOMEM;
		file->markers = new;
		r->markers_size = size;
	}
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

/* The string at *p, which moves behind its terminator; NULL when it has none. */
static char *string_take(char **p, const char *end)
{
	char *string = *p;
	char *nul = memchr(string, '\0', (size_t)(end - string));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return string;
}

static int marker_read(struct reader *r, unsigned char *desc, uint64_t size, uint64_t where)
{
	size_t word = r->im.class == ELFCLASS64 ? 8 : 4;
	struct sdt_marker marker = { 0 };
	const char *why = NULL;
	char *p, *end;

	if (size < 3 * word) {
		image_malformed(&r->im, "marker too short for its addresses", where);
		return 0;
	}
	marker.pc = image_get(&r->im, desc, word);
	marker.base = image_get(&r->im, desc + word, word);
	marker.semaphore = image_get(&r->im, desc + 2 * word, word);
	p = (char *)desc + 3 * word;
	end = (char *)desc + size;
	marker.provider = string_take(&p, end);
	marker.name = marker.provider ? string_take(&p, end) : NULL;
	marker.args = marker.name ? string_take(&p, end) : NULL;
	if (!marker.provider)
		why = "marker whose provider has no end";
	else if (!marker.name)
		why = "marker whose name has no end";
	else if (!marker.args)
		why = "marker whose arguments have no end";
	else if (!*marker.provider)
		why = "marker without a provider";
	else if (!*marker.name)
		why = "marker without a name";
	else if (r->file->n_markers == MARKERS_MAX)
		why = "more markers than anybody has";
	if (why) {
		image_malformed(&r->im, why, where);
		return 0;
	}
	return marker_add(r, &marker, (size_t)(p - marker.provider));
}

static void build_id_read(struct reader *r, const unsigned char *desc, uint64_t size,
			  uint64_t where)
{
	struct sdt_file *file = r->file;

	if (size == 0 || size > SDT_BUILD_ID_MAX) {
		image_malformed(&r->im, "build-id of an impossible length", where);
	} else if (file->build_id_len == 0) { /* the first one counts */
		memcpy(file->build_id, desc, size);
		file->build_id_len = size;
	}
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

/* Walks the notes in data, which lies in the file at where. */
static int notes_walk(struct reader *r, unsigned char *data, uint64_t size, uint64_t align,
		      uint64_t where)
{
	uint64_t at = 0, name, name_size, desc, desc_size, type;
	int ret = 0;

	while (ret == 0 && at < size) {
		if (size - at < sizeof(Elf64_Nhdr)) { /* the same in both word sizes */
			if (!all_zero(data + at, size - at))
				image_malformed(&r->im, "note cut off inside its header",
						where + at);
			break;
		}
		name_size = image_get(&r->im, data + at + offsetof(Elf64_Nhdr, n_namesz), 4);
		desc_size = image_get(&r->im, data + at + offsetof(Elf64_Nhdr, n_descsz), 4);
		type = image_get(&r->im, data + at + offsetof(Elf64_Nhdr, n_type), 4);
		name = at + sizeof(Elf64_Nhdr);
		desc = (name + name_size + align - 1) & ~(align - 1);
		if (name + name_size > size || (desc_size && desc + desc_size > size)) {
			image_malformed(&r->im, "note longer than its section", where + at);
			break;
		}
		if (type == NT_STAPSDT_MARKER && owner_is(data + name, name_size, "stapsdt"))
			ret = marker_read(r, data + desc, desc_size, where + at);
		else if (type == NT_GNU_BUILD_ID && owner_is(data + name, name_size, "GNU"))
			build_id_read(r, data + desc, desc_size, where + at);
		at = (desc + desc_size + align - 1) & ~(align - 1);
	}
	return ret;
}

/* Reads one section or segment of notes. */
static int notes_read(struct reader *r, const struct image_part *part)
{
	uint64_t align = part->align < 4 ? 4 : part->align; /* 0 and 1 mean 4 */
	unsigned char *data;
	ssize_t got;
	int ret = 0;

	if (part->size == 0)
		return 0;
	if (align != 4 && align != 8) {
		image_malformed(&r->im, "notes aligned neither to 4 nor to 8", part->offset);
		return 0;
	}
	if (part->size > r->notes_left) {
		image_malformed(&r->im, "notes of an impossible size", part->offset);
		return 0;
	}
	if (r->left && atomic_fetch_sub(r->left, (long)part->size) < (long)part->size) {
		image_malformed(&r->im, "more notes than are read of one process", part->offset);
		return 0;
	}
	r->notes_left -= part->size;
	data = malloc(part->size);
	if (!data)
		return -ENOMEM;
	got = image_read(&r->im, data, part->size, part->offset);
	if (got < 0)
		ret = (int)got;
	else if ((uint64_t)got < part->size)
		image_malformed(&r->im, "notes past the end of the file", part->offset);
	else
		ret = notes_walk(r, data, part->size, align, part->offset);
	free(data);
	return ret;
}

static int notes_section(struct image *im, const struct image_part *part, void *arg)
{
	struct reader *r = arg;

	(void)im;
	r->found = true;
	if (r->file->build_id_len && (part->flags & SHF_ALLOC) && part->size < MARKER_NOTE_MIN)
		return 0;
	return notes_read(r, part);
}

static int notes_segment(struct image *im, const struct image_part *part, void *arg)
{
	(void)im;
	return notes_read(arg, part);
}

static void markers_shift(struct reader *r)
{
	uint64_t addr;

	if (!r->file->n_markers || !image_section_addr(&r->im, ".stapsdt.base", &addr))
		return;
	for (size_t i = 0; i < r->file->n_markers; i++) {
		struct sdt_marker *marker = &r->file->markers[i];

		if (marker->base)
			marker->shift = addr - marker->base;
	}
	r->file->base = addr;
}

static void say_left_out(const struct reader *r, const char *path, char **msg)
{
	const struct sdt_file *file = r->file;
	char *left_out = NULL, *malformed = NULL;

	if (file->n_left_out)
		fail(&left_out, 0, "%zu of %zu sites " SDT_LEFT_OUT, file->n_left_out,
		     file->n_left_out + file->n_markers);
	if (file->n_malformed)
		fail(&malformed, 0,
		     "malformed: %zu of its notes or tables left out, the first at offset "
		     "%#llx: %s",
		     file->n_malformed, (unsigned long long)r->im.where, r->im.why);
	if (left_out || malformed)
		fail(msg, 0, "%s: %s%s%s", path, malformed ? malformed : "",
		     left_out && malformed ? "; " : "", left_out ? left_out : "");
	free(left_out);
	free(malformed);
}

int sdt_read(int fd, const char *path, struct sdt_file *file, char **msg)
{
	return sdt_read_within(fd, path, NULL, file, msg);
}

int sdt_read_within(int fd, const char *path, atomic_long *left, struct sdt_file *file, char **msg)
{
	struct reader r = { .file = file, .notes_left = NOTES_MAX, .left = left };
	const char *why = NULL;
	int ret;

	if (msg)
		*msg = NULL;
	*file = (struct sdt_file){ 0 };

	ret = image_open(&r.im, fd, &why);
	if (ret)
		goto out;
	file->elf_class = r.im.class;
	file->elf_machine = r.im.machine;
	file->elf_type = r.im.type;
	ret = image_sections(&r.im, SHT_NOTE, notes_section, &r);
	if (ret == 0 && !r.found)
		ret = image_segments(&r.im, PT_NOTE, notes_segment, &r);
	if (ret)
		goto out;
	markers_shift(&r);
	ret = sdt_sites_check(&r.im, file);
	if (ret)
		goto out;
	file->n_malformed = r.im.n_malformed;
	say_left_out(&r, path, msg);
out:
	if (ret) {
		sdt_free(file);
		fail(msg, -ret, "%s: %s", path, why ? why : strerror(-ret));
	}
	return ret;
}

void sdt_free(struct sdt_file *file)
{
	for (size_t i = 0; i < file->n_markers; i++)
		free(file->markers[i].provider); /* its name and args are in the same block */
	free(file->markers);
	*file = (struct sdt_file){ 0 };
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

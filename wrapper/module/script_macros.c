// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/script_macros.h"

#include <ctype.h>
#include <errno.h>
#include <gelf.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "cpython/binary.h"
#include "cpython/gc_call_sites.h"
#include "target/ring_note.h"

#define SITE_BYTES 16 /* the longest instruction has 15 */

typedef crypto_hash_sha256_state hash_state;

static void add(hash_state *h, const void *bytes, size_t size)
{
	crypto_hash_sha256_update(h, bytes, size);
}

/* With its end, so that two texts are not one. */
static void add_text(hash_state *h, const char *text)
{
	add(h, text, strlen(text) + 1);
}

static void finish(hash_state *h, char out[PLAN_SITES])
{
	unsigned char sum[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_final(h, sum);
	sodium_bin2hex(out, PLAN_SITES, sum, sizeof(sum));
}

/* Where the file's addresses are: by this stap finds a marker's offset in the file. */
static void add_segments(hash_state *h, Elf *elf)
{
	GElf_Ehdr header = { 0 };
	GElf_Phdr ph;

	gelf_getehdr(elf, &header);
	add(h, &header.e_machine, sizeof(header.e_machine));
	for (int i = 0; gelf_getphdr(elf, i, &ph); i++) {
		if (ph.p_type == PT_LOAD)
			add(h, &ph, sizeof(ph));
	}
}

/* The bytes at an address; fewer at the end of the file. */
static void add_code(hash_state *h, Elf *elf, int fd, uint64_t addr)
{
	unsigned char bytes[SITE_BYTES] = { 0 };
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(elf, i, &ph); i++) {
		if (ph.p_type == PT_LOAD && addr >= ph.p_vaddr && addr - ph.p_vaddr < ph.p_filesz &&
		    pread(fd, bytes, sizeof(bytes), (off_t)(addr - ph.p_vaddr + ph.p_offset)) > 0)
			break;
	}
	add(h, bytes, sizeof(bytes));
}

/* Whether an argument names a symbol: stap looks its address up in the file. */
static bool names_symbol(const char *args)
{
	for (const char *p = args; *p; p++) {
		bool begins = isalpha((unsigned char)*p) || *p == '_' || *p == '.';
		char before = p > args ? p[-1] : ' ';

		if (begins && before != '%' && !isalnum((unsigned char)before) && before != '_' &&
		    before != '.')
			return true;
	}
	return false;
}

static void add_whole(hash_state *h, int fd)
{
	unsigned char bytes[65536];
	off_t at = 0;
	ssize_t n;

	for (; (n = pread(fd, bytes, sizeof(bytes), at)) > 0; at += n)
		add(h, bytes, (size_t)n);
}

static int hash_sites(const struct target_file *file, const struct origin *origin,
		      char out[PLAN_SITES])
{
	char id[2 * SDT_BUILD_ID_MAX + 1];
	bool symbols = false;
	hash_state h;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOEXEC;
	crypto_hash_sha256_init(&h);
	sdt_build_id_hex(&file->sdt, id);
	add_text(&h, id);
	add_segments(&h, elf);
	for (size_t i = 0; i < file->sdt.n_markers; i++) {
		const struct sdt_marker *m = &file->sdt.markers[i];
		const uint64_t places[] = { m->pc, m->base, m->semaphore, m->shift };

		if (!origin_has_marker(origin, m->provider, m->name))
			continue;
		add_text(&h, m->provider);
		add_text(&h, m->name);
		add_text(&h, m->args);
		add(&h, places, sizeof(places));
		add_code(&h, elf, file->fd, m->pc + m->shift);
		symbols |= names_symbol(m->args);
	}
	if (symbols)
		add_whole(&h, file->fd);
	elf_end(elf);
	finish(&h, out);
	return 0;
}

static char *layout_text(int fd)
{
	struct python_collect c = { 0 };
	struct python_place p = { 0 };
	struct ring_note ring = { 0 };
	char *text;

	if (fd >= 0) {
		python_place_read(fd, &p);
		python_collect_read(fd, &c);
		ring_note_read(fd, &ring);
	}
	if (asprintf(&text,
		     "@define teletap_python %%( 0x%08x %%)\n"
		     "@define teletap_runtime %%( 0x%llx %%)\n"
		     "@define teletap_runtime_size %%( 0x%llx %%)\n"
		     "@define teletap_code_type %%( 0x%llx %%)\n"
		     "@define teletap_moves %%( %d %%)\n"
		     "@define teletap_library %%( %d %%)\n"
		     "@define teletap_text %%( 0x%llx %%)\n"
		     "@define teletap_text_offset %%( 0x%llx %%)\n"
		     "@define teletap_text_length %%( 0x%llx %%)\n"
		     "@define teletap_file_size %%( 0x%llx %%)\n"
		     "@define teletap_collect_python %%( 0x%llx %%)\n"
		     "@define teletap_collect_c %%( 0x%llx %%)\n"
		     "@define teletap_ring %%( 0x%llx %%)\n"
		     "@define teletap_ring_mapped %%( 0x%llx %%)\n",
		     p.version, (unsigned long long)p.runtime, (unsigned long long)p.size,
		     (unsigned long long)p.type, p.moves, p.library, (unsigned long long)p.code,
		     (unsigned long long)p.offset, (unsigned long long)p.length,
		     (unsigned long long)p.bytes, (unsigned long long)c.python,
		     (unsigned long long)c.c, (unsigned long long)ring.ring,
		     (unsigned long long)ring.mapped) < 0)
		return NULL;
	return text;
}

/* To be freed; NULL when out of memory. It takes some 30 ms, so a file is read once. */
static char *layout(const struct plan *plan)
{
	if (!plan->origin->layout)
		return layout_text(-1);
	if (!plan->file->layout)
		plan->file->layout = layout_text(plan->file->fd);
	return plan->file->layout ? strdup(plan->file->layout) : NULL;
}

struct sorted {
	char hash[PLAN_SITES];
	struct target_file *file;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct sorted *)a)->hash, ((const struct sorted *)b)->hash);
}

int macros_identify(struct plan *plan)
{
	struct sorted files[PLAN_FILES] = { 0 };
	hash_state h;
	int err = 0;
	char *text;

	for (int i = 0; i < plan->n_files && !err; i++) {
		files[i].file = plan->files[i];
		err = hash_sites(plan->files[i], plan->origin, files[i].hash);
	}
	if (err)
		return err;
	qsort(files, (size_t)plan->n_files, sizeof(files[0]), compare);
	crypto_hash_sha256_init(&h);
	for (int i = 0; i < plan->n_files; i++) {
		plan->files[i] = files[i].file;
		add_text(&h, files[i].hash);
	}
	text = plan->n_files ? layout(plan) : strdup("");
	if (!text)
		return -ENOMEM;
	add_text(&h, text);
	free(text);
	finish(&h, plan->sites);
	return 0;
}

/* The probe points of one marker in all files; each: what follows the path. */
static void write_points(FILE *f, const struct plan *plan, const char *macro, const char *each)
{
	char alias[PATHS_RUN_MAX];

	fprintf(f, "@define %s %%( ", macro);
	for (int i = 0; i < plan->n_files; i++)
		fprintf(f, "%sprocess(\"%s\")%s", i ? ", " : "", paths_alias(plan->sites, i, alias),
			each);
	fputs(" %)\n", f);
}

int macros_write(const struct plan *plan, const char *path)
{
	FILE *f = fopen(path, "we");
	char *text;

	if (!f)
		return -errno;
	if (!plan->n_files)
		return fclose(f) ? -errno : 0;
	write_points(f, plan, "teletap_mark(provider, name)", ".provider(@provider).mark(@name)");
	write_points(f, plan, "teletap_mark_if(provider, name)",
		     ".provider(@provider).mark(@name) ?");
	write_points(f, plan, "teletap_mark_any(name)", ".mark(@name) ?");
	text = layout(plan);
	if (text)
		fputs(text, f);
	free(text);
	if (!text)
		errno = ENOMEM;
	return fclose(f) || !text ? -errno : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "macros.h"

#include <errno.h>
#include <stdio.h>

#include "paths.h"
#include "python.h"
#include "python_collect.h"
#include "ring_source.h"

int macros_write(const struct plan *plan, const char *path)
{
	char alias[PATHS_ALIAS_MAX];
	struct python_collect c;
	struct python_place p;
	struct ring_note ring;
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	if (plan->file->fd < 0)
		return fclose(f) ? -errno : 0;
	python_place_read(plan->file->fd, &p);
	python_collect_read(plan->file->fd, &c);
	ring_note_read(plan->file->fd, &ring);
	fprintf(f,
		"@define teletap_target %%( \"%s\" %%)\n"
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
		paths_alias(plan->id, alias), p.version, (unsigned long long)p.runtime,
		(unsigned long long)p.size, (unsigned long long)p.type, p.moves, p.library,
		(unsigned long long)p.code, (unsigned long long)p.offset,
		(unsigned long long)p.length, (unsigned long long)p.bytes,
		(unsigned long long)c.python, (unsigned long long)c.c,
		(unsigned long long)ring.ring, (unsigned long long)ring.mapped);
	return fclose(f) ? -errno : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the reader of markers: any bytes as an ELF file. Besides what the
 * sanitizers see, what sdt_read promises is checked.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -o sdt sdt.c
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fail.c"
#include "target/elf.c"
#include "target/sdt.c"
#include "target/sdt_args.c"
#include "target/sdt_sites.c"

#define ARGS 4

static void args_check(const char *args)
{
	struct sdt_arg arg[ARGS];
	int n = sdt_args(args, arg, ARGS);

	assert(n >= 0 || n == -EINVAL);
	for (int i = 0; i < n && i < ARGS; i++) {
		assert(arg[i].operand > args && arg[i].operand_len > 0);
		assert(arg[i].operand + arg[i].operand_len <= args + strlen(args));
		assert(arg[i].operand[-1] == '@');
		assert(arg[i].size == 0 || size_is_known(arg[i].size));
	}
	assert(sdt_args(args, NULL, 0) == n);
}

static void file_check(const struct sdt_file *file)
{
	char hex[2 * SDT_BUILD_ID_MAX + 1];

	for (size_t i = 0; i < file->n_markers; i++) {
		const struct sdt_marker *marker = &file->markers[i];

		assert(*marker->provider && *marker->name);
		assert(marker->name == marker->provider + strlen(marker->provider) + 1);
		assert(marker->args == marker->name + strlen(marker->name) + 1);
		assert(marker->shift == 0 || marker->base != 0);
		assert(marker->site || file->elf_type == ET_REL);
		args_check(marker->args);
	}
	assert(file->build_id_len <= SDT_BUILD_ID_MAX);
	sdt_build_id_hex(file, hex);
	assert(strlen(hex) == 2 * file->build_id_len);
	assert(file->elf_class == ELFCLASS32 || file->elf_class == ELFCLASS64);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static int fd = -1;
	struct sdt_file file;
	char *msg, *args;
	int ret;

	if (fd < 0)
		fd = memfd_create("sdt", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	ret = sdt_read(fd, "fuzz", &file, &msg);
	assert(ret <= 0);
	assert(!msg == (ret == 0 && file.n_malformed == 0 && file.n_left_out == 0));
	if (ret == 0)
		file_check(&file);
	else
		assert(file.markers == NULL && file.n_markers == 0);
	free(msg);
	sdt_free(&file);

	/* Most mutations of a file never reach the arguments. */
	args = malloc(size + 1);
	memcpy(args, data, size);
	args[size] = '\0';
	args_check(args);
	free(args);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash_backtrace: registers and a piece of stack of a thread that is gone -> its frames.
 */
#ifndef TELETAP_COLLECT_CRASH_BACKTRACE_H
#define TELETAP_COLLECT_CRASH_BACKTRACE_H

#include <stddef.h>
#include <stdint.h>

#define BACKTRACE_REGISTERS 17 /* x86-64, as DWARF numbers them: rax to r15, rip */
#define BACKTRACE_FRAMES 64

struct backtrace_memory {
	uint64_t at;
	size_t len;
	const unsigned char *bytes;
};

/* Code that the process had mapped, as the kernel knew it; "[anon]" where it is no file's. */
struct backtrace_image {
	uint64_t start, end, offset, inode;
	const char *path;
};

struct backtrace {
	int pid;
	uint64_t registers[BACKTRACE_REGISTERS];
	const struct backtrace_memory *memory;
	int n_memory;
	const struct backtrace_image *images;
	int n_images;
};

/*
 * Calls frame for each frame, innermost first: by the unwind tables of the images, found
 * by their paths if they still are the same files, and by frame pointers where a file has
 * none. It ends where there is no code. text: function, offset, and source line where the
 * file tells it.
 */
typedef void backtrace_frame(void *arg, int number, uint64_t address, const char *text);
void backtrace_walk(const struct backtrace *b, backtrace_frame *frame, void *arg);

#endif

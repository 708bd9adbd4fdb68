// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * By elfutils' libdwfl. The process is gone: what it asks of it is answered from what was
 * kept. No debug information is looked for elsewhere, on this host or the network.
 *
 * A thread that called into nowhere, such as through a null pointer, is at an address without
 * code, and no table tells how to go on. But the call has just pushed the address to return to,
 * so that is where the stack pointer points. A frame outside of all code that the process had
 * mapped does not exist, whatever the tables or frame pointers say: there the backtrace ends.
 */
#include "collect/crash_backtrace.h"

#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/regular_file.h"

#define PAGE_MASK_ (~(uint64_t)4095)

#define STACK_POINTER 7 /* as DWARF numbers them */
#define PROGRAM_COUNTER (BACKTRACE_REGISTERS - 1)

struct walk {
	const struct backtrace *b;
	uint64_t registers[BACKTRACE_REGISTERS];
	backtrace_frame *frame;
	void *arg;
	int n;
};

static int no_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc;
	*found = NULL;
	return -1;
}

static int no_elf(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, char **file,
		  Elf **elf)
{
	(void)module, (void)user, (void)name, (void)base;
	*file = NULL;
	*elf = NULL;
	return -1;
}

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
	struct walk *w = arg;

	(void)dwfl;
	if (*thread)
		return 0;
	*thread = w;
	return w->b->pid;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr at, Dwarf_Word *result, void *arg)
{
	const struct walk *w = arg;
	unsigned char bytes[8];
	size_t done = 0;

	(void)dwfl;
	while (done < sizeof(bytes)) {
		uint64_t want = at + done;
		size_t before = done;

		for (int i = 0; i < w->b->n_memory && done == before; i++) {
			const struct backtrace_memory *m = &w->b->memory[i];

			if (want >= m->at && want - m->at < m->len)
				bytes[done++] = m->bytes[want - m->at];
		}
		if (done == before)
			return false;
	}
	memcpy(result, bytes, sizeof(bytes));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct walk *w = arg;
	Dwarf_Word words[BACKTRACE_REGISTERS];

	for (int i = 0; i < BACKTRACE_REGISTERS; i++)
		words[i] = w->registers[i];
	return dwfl_thread_state_registers(thread, 0, BACKTRACE_REGISTERS, words);
}

static const struct backtrace_image *image_at(const struct backtrace *b, uint64_t address)
{
	for (int i = 0; i < b->n_images; i++) {
		if (address >= b->images[i].start && address < b->images[i].end)
			return &b->images[i];
	}
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* back: the address is that behind a call. */
static void say_frame(struct walk *w, Dwfl *dwfl, uint64_t address, bool back)
{
	const struct backtrace_image *image = image_at(w->b, address);
	Dwfl_Module *module = dwfl_addrmodule(dwfl, address - back);
	const char *name = NULL, *file = NULL;
	char text[512], place[256] = "";
	GElf_Off offset = 0;
	Dwfl_Line *line;
	GElf_Sym symbol;
	int number = 0;

	if (module) {
		name = dwfl_module_addrinfo(module, address - back, &offset, &symbol, NULL, NULL,
					    NULL);
		line = dwfl_module_getsrc(module, address - back);
		file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	}
	if (file)
		snprintf(place, sizeof(place), "%.200s:%d", file, number);
	else if (image)
		snprintf(place, sizeof(place), "%.200s", base_name(image->path));
	if (name)
		snprintf(text, sizeof(text), "%.200s+0x%" PRIx64 "  %s", name,
			 (uint64_t)offset + back, place);
	else if (image)
		snprintf(text, sizeof(text), "%s+0x%" PRIx64, place,
			 address - image->start + image->offset);
	else
		snprintf(text, sizeof(text), "0x%" PRIx64, address);
	w->frame(w->arg, w->n++, address, text);
}

static int take_frame(Dwfl_Frame *frame, void *arg)
{
	struct walk *w = arg;
	bool activation = true;
	Dwarf_Addr pc;

	if (w->n == BACKTRACE_FRAMES || !dwfl_frame_pc(frame, &pc, &activation) ||
	    !image_at(w->b, pc))
		return DWARF_CB_ABORT;
	activation &= !w->n; /* the first frame may be behind a call into nowhere */
	say_frame(w, dwfl_thread_dwfl(dwfl_frame_thread(frame)), pc, !activation);
	return DWARF_CB_OK;
}

/* Where the file's addresses lie in memory: from the segment that is mapped there. */
static bool find_bias(int fd, const struct backtrace_image *image, uint64_t *bias)
{
	bool found = false;
	GElf_Phdr ph;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	for (int i = 0; elf && !found && gelf_getphdr(elf, i, &ph); i++) {
		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_X) ||
		    (ph.p_offset & PAGE_MASK_) != image->offset)
			continue;
		*bias = image->start - (ph.p_vaddr & PAGE_MASK_);
		found = true;
	}
	elf_end(elf);
	return found;
}

static void report_image(Dwfl *dwfl, const struct backtrace_image *image)
{
	int fd = *image->path == '/' ? regular_open(image->path) : -1;
	struct stat st;
	uint64_t bias;

	if (fd < 0)
		return;
	if (fstat(fd, &st) || st.st_ino != image->inode || !find_bias(fd, image, &bias) ||
	    !dwfl_report_elf(dwfl, base_name(image->path), image->path, fd, bias, true))
		close(fd); /* otherwise it is libdwfl's */
}

/* The frame of an address without code; then goes on behind the call, if it was one. */
static bool leave_nowhere(struct walk *w, Dwfl *dwfl)
{
	Dwarf_Word back;

	if (image_at(w->b, w->registers[PROGRAM_COUNTER]))
		return true;
	say_frame(w, dwfl, w->registers[PROGRAM_COUNTER], false);
	if (!read_memory(dwfl, w->registers[STACK_POINTER], &back, w) || !image_at(w->b, back))
		return false;
	w->registers[PROGRAM_COUNTER] = back;
	w->registers[STACK_POINTER] += sizeof(back);
	return true;
}

void backtrace_walk(const struct backtrace *b, backtrace_frame *frame, void *arg)
{
	static const Dwfl_Callbacks callbacks = { .find_elf = no_elf,
						  .find_debuginfo = no_debuginfo };
	static const Dwfl_Thread_Callbacks threads = { .next_thread = next_thread,
						       .memory_read = read_memory,
						       .set_initial_registers = set_registers };
	struct walk w = { .b = b, .frame = frame, .arg = arg };
	Dwfl *dwfl = dwfl_begin(&callbacks);

	if (!dwfl)
		return;
	dwfl_report_begin(dwfl);
	for (int i = 0; i < b->n_images; i++)
		report_image(dwfl, &b->images[i]);
	dwfl_report_end(dwfl, NULL, NULL);
	memcpy(w.registers, b->registers, sizeof(w.registers));
	if (leave_nowhere(&w, dwfl) && dwfl_attach_state(dwfl, NULL, b->pid, &threads, &w))
		dwfl_getthread_frames(dwfl, b->pid, take_frame, &w);
	if (!w.n) /* nothing to go by, but where it was */
		say_frame(&w, dwfl, b->registers[PROGRAM_COUNTER], false);
	dwfl_end(dwfl);
}

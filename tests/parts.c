// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program (with LOADED, the path of a library), a library that it is linked with and one that it
 * loads, all with markers: PART is which of them this is, NAME its counter. For each line of its
 * input the program counts 40, the linked library 60 and the other one 100.
 */
#define TELETAP_PROVIDER parts
#include "teletap.h"
#include <dlfcn.h>
#include <stdio.h>

#define PASTE(a, b) a##b
#define WORK(part) PASTE(work_, part)

void WORK(PART)(int n)
{
	while (n--)
		TELETAP_COUNTER(NAME, 1);
}

#ifdef LOADED
void work_linked(int n);

int main(void)
{
	void (*loaded)(int) = (void (*)(int))dlsym(dlopen(LOADED, RTLD_NOW), "work_loaded");

	for (; getchar() > 0; puts("done"), fflush(stdout)) {
		work_program(40);
		work_linked(60);
		loaded(100);
	}
}
#endif

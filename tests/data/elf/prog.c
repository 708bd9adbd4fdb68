// SPDX-License-Identifier: GPL-2.0-or-later
// Five sites of four markers. With arguments it stays until it is killed, having
// mapped those that are files as if they were code.
#define _SDT_HAS_SEMAPHORES 1
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sdt.h>
#include <unistd.h>
#define SEMAPHORE(name)                                                                            \
	__extension__ unsigned short demo_##name##_semaphore __attribute__((section(".probes")))
SEMAPHORE(none);
SEMAPHORE(some);
SEMAPHORE(real);
SEMAPHORE(twice);
int lib_call(int n);
int main(int argc, char **argv)
{
	DTRACE_PROBE(demo, none);
	DTRACE_PROBE3(demo, some, argc, argv, argv[0][0]);
	DTRACE_PROBE2(demo, real, argc * 1.5, (float)argc);
	if (lib_call(argc) < 0)
		DTRACE_PROBE1(demo, twice, 1);
	else
		DTRACE_PROBE1(demo, twice, (short)-2);
	for (int i = 1; i < argc; i++)
		mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, open(argv[i], O_RDONLY), 0);
	if (argc > 1)
		pause();
	return 0;
}

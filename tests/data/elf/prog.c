// SPDX-License-Identifier: GPL-2.0-or-later
// Five sites of four markers; with an argument it stays until it is killed.
#define _SDT_HAS_SEMAPHORES 1
#include <unistd.h>
#include <sys/sdt.h>
#define SEMAPHORE(name) __extension__ unsigned short demo_##name##_semaphore \
	__attribute__((section(".probes")))
SEMAPHORE(none); SEMAPHORE(some); SEMAPHORE(real); SEMAPHORE(twice);
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
	if (argc > 1)
		pause();
	return 0;
}

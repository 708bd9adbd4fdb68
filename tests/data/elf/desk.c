// SPDX-License-Identifier: GPL-2.0-or-later
/* A desk that adds up orders. export_all() is in the program but is not called, so
 * that the linker may drop it; with QUIET it has the only counter. */
#define TELETAP_PROVIDER desk
#include "teletap.h"
#include <stdio.h>
#include <stdlib.h>

#define S x = x * 3 + 1;
#define S8 S S S S S S S S
#define S64 S8 S8 S8 S8 S8 S8 S8 S8
#ifndef DEAD
#define DEAD S64 S64 S64
#endif

__attribute__((noinline)) static long long mix(long long sum, int n)
{
	return sum * 31 + n;
}

int export_all(int n)
{
	volatile int x = n;
	DEAD;
	TELETAP_COUNTER("exported", x);
	return x;
}

int main(void)
{
	long long sum = 0;

	puts("ready");
	fflush(stdout);
	getchar();
	for (int i = 1; i <= 100; i++) {
#ifndef QUIET
		TELETAP_COUNTER("added", i);
#endif
		sum = mix(sum, i);
	}
	printf("sum %lld\n", sum);
	fflush(stdout);
	getchar();
	return 0;
}

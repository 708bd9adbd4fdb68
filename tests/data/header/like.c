// SPDX-License-Identifier: GPL-2.0-or-later
/* The same markers by teletap.h ("mine") and by <sys/sdt.h> ("theirs"). */
#include "teletap.h"

#define _SDT_HAS_SEMAPHORES 1
#include <stdio.h>
#include <sys/sdt.h>

#ifdef __cplusplus
extern "C" {
#endif
extern volatile unsigned short like_mine_semaphore, like_theirs_semaphore;
volatile unsigned short like_mine_semaphore __attribute__((section(".probes")));
volatile unsigned short like_theirs_semaphore __attribute__((section(".probes")));
#ifdef __cplusplus
}
#endif
#define like_theirs_semaphore like_mine_semaphore

static volatile int zero;

static __attribute__((noinline)) long from(const char *s, int i, long long n, unsigned long long u)
{
	unsigned v = (unsigned)i + 1;

	TELETAP_MARK4_(like, mine, "8", s, "-4", i, "-8", n, "8", u)
	DTRACE_PROBE4(like, theirs, s, i, n, u);
	TELETAP_MARK3_(like, mine, "4", v, "8", &v, "-4", 5)
	DTRACE_PROBE3(like, theirs, v, &v, 5);
	TELETAP_MARK3_(like, mine, "-8", -1LL, "8", 0x123456789aULL, "-4", -7)
	DTRACE_PROBE3(like, theirs, -1LL, 0x123456789aULL, -7);
	return i + (long)n + (long)u + (long)v;
}

int main(void)
{
	char text[] = "text";
	const char *const s = text + zero;

	printf("%ld", from(s, 1 + zero, 2LL + zero, 40) + zero);
	TELETAP_MARK1_(like, mine, "8", s)
	DTRACE_PROBE1(like, theirs, s);
	TELETAP_MARK4_(like, mine, "8", s, "8", s + 1, "8", s + 2, "8", s + 3)
	DTRACE_PROBE4(like, theirs, s, s + 1, s + 2, s + 3);
	printf(" %d\n", (int)strlen(s));
	return 0;
}

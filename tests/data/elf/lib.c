// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/sdt.h>
int lib_call(int n);
int lib_call(int n)
{
	DTRACE_PROBE1(lib, call, n);
	return n;
}

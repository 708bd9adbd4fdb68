// SPDX-License-Identifier: GPL-2.0-or-later
/* A second file of the program, or a library of its own. */
#define TELETAP_PROVIDER all
#include "teletap.h"

#ifdef __cplusplus
extern "C"
#endif
	int
	other(void);

int other(void)
{
	TELETAP_LOG(TELETAP_INFO, "from the other file");
	TELETAP_COUNTER("other", 1);
	TELETAP_TALLY("other");
	return 7;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Every macro once, in C and C++. Prints how often its arguments were evaluated. */
#define TELETAP_PROVIDER all
#include "teletap.h"

#include <stdio.h>

static int n;

static int number(void)
{
	return ++n;
}

static const char *text(void)
{
	n++;
	return "text";
}

#ifdef __cplusplus
extern "C"
#endif
	int
	other(void);

int main(void)
{
	TELETAP_START(text(), text(), text());
	TELETAP_CONFIG(text(), text());
	TELETAP_LOG(TELETAP_INFO, "%d %s", number(), text());
	TELETAP_LOG(TELETAP_INFO, "no arguments");
	TELETAP_ERROR(text(), text(), number());
	TELETAP_ERROR(TELETAP_HERE, "here", 1);
	TELETAP_STATE_INPUT(text(), text(), "%d", number());
	TELETAP_STATE_STEP(text(), text(), "%d", number());
	TELETAP_STATE_RESULT(text(), "%d", number());
	TELETAP_STOP(text());
	printf("%d", n);
	n = 0;
	if (n)
		TELETAP_COUNTER(text(), number());
	else
		TELETAP_GAUGE(text(), number());
	TELETAP_SPAN_BEGIN(text(), number());
	TELETAP_SPAN_END(text(), number(), number());
	TELETAP_TALLY(text());
	TELETAP_TALLY_ADD(text(), number());
	TELETAP_TALLY_FLUSH();
	printf(" %d %d\n", n, other());
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/self_report.h"

#include <stddef.h>

#define TELETAP_PROVIDER teletap
#define TELETAP_RING_VARIABLE "TELETAP_OWN_RING" /* the other one is for the target */
#include "../../include/teletap.h"

void self_start(const char *version, const char *command)
{
	(void)version, (void)command; /* where the header has no markers */
	TELETAP_START(version, version, "");
	TELETAP_CONFIG("command", command);
}

void self_stop(int status)
{
	(void)status;
	TELETAP_LOG(TELETAP_INFO, "status %d", status);
	TELETAP_STOP("the command is done");
}

void self_config(const char *key, const char *value)
{
	(void)key;
	if (value)
		TELETAP_CONFIG(key, value);
}

void self_log(const char *text)
{
	(void)text;
	TELETAP_LOG(TELETAP_NOTICE, "%s", text);
}

void self_error(const char *place, const char *what)
{
	(void)place, (void)what;
	TELETAP_ERROR(place, what, 1);
}

uint64_t self_request(void)
{
	static uint64_t last;

	last++;
	TELETAP_COUNTER("requests", 1);
	TELETAP_SPAN_BEGIN("request", last);
	return last;
}

void self_answer(uint64_t id, int status)
{
	(void)id, (void)status;
	TELETAP_SPAN_END("request", id, status);
}

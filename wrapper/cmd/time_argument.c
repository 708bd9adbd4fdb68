// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/time_argument.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000
#define DAY (86400LL * SECOND)

/* What may follow the seconds: a fraction and a Z. */
static bool parse_rest(const char *s, int64_t *ns)
{
	double fraction = 0;
	char *end = (char *)s;

	if (*s == '.')
		fraction = strtod(s, &end);
	*ns += (int64_t)llround(fraction * SECOND);
	return !strcmp(end, "Z") || !*end;
}

bool moment_parse(const char *text, int64_t begin_ns, int64_t *ns)
{
	static const char *const dates[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S" };
	static const char *const hours[] = { "%H:%M:%S", "%H:%M" };
	struct tm tm = { 0 };
	const char *rest = NULL;
	char *end;

	if (*text == '+') {
		double after = strtod(text + 1, &end);

		*ns = begin_ns + (int64_t)llround(after * SECOND);
		return text[1] != '+' && text[1] != '-' && !*end && after >= 0 && after < 1e8 &&
		       end != text + 1;
	}
	for (int i = 0; i < 2 && !rest; i++)
		rest = strptime(text, dates[i], &tm);
	if (rest) {
		*ns = (int64_t)timegm(&tm) * SECOND;
		return parse_rest(rest, ns);
	}
	for (int i = 0; i < 2 && !rest; i++) {
		tm = (struct tm){ 0 };
		rest = strptime(text, hours[i], &tm);
	}
	if (!rest)
		return false;
	*ns = begin_ns / DAY * DAY + (tm.tm_hour * 3600LL + tm.tm_min * 60LL + tm.tm_sec) * SECOND;
	if (!parse_rest(rest, ns))
		return false;
	if (*ns + SECOND <= begin_ns) /* a page shows whole seconds */
		*ns += DAY;
	return true;
}

void moment_format(int64_t ns, char out[32])
{
	time_t second = (time_t)(ns / SECOND);
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
}

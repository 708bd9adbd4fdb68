// SPDX-License-Identifier: GPL-2.0-or-later
/* teletap.h's formats, against those of the C library. Prints what differs. */
#define TELETAP_PROVIDER format
#include "teletap.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

static int bad, tried;

static void mine(char *out, size_t size, const char *format, ...)
{
	struct teletap_out_ o = { out, out + size - 1, 0 };
	va_list args;

	va_start(args, format);
	teletap_format_(&o, format, &args);
	va_end(args);
	*o.at = '\0';
}

static void compare(const char *format, const char *a, const char *b)
{
	tried++;
	if (strcmp(a, b) != 0) {
		printf("%s: '%s', not '%s'\n", format, a, b);
		bad = 1;
	}
}

#define TRY(...)                                                                                   \
	do {                                                                                       \
		char a[200], b[200];                                                               \
		mine(a, sizeof(a), __VA_ARGS__);                                                   \
		snprintf(b, sizeof(b), __VA_ARGS__);                                               \
		compare(#__VA_ARGS__, a, b);                                                       \
	} while (0)

#define EACH(value, conversion)                                                                    \
	do {                                                                                       \
		TRY("%" conversion, value);                                                        \
		TRY("%12" conversion "|", value);                                                  \
		TRY("%-12" conversion "|", value);                                                 \
		TRY("%012" conversion "|", value);                                                 \
		TRY("%.3" conversion, value);                                                      \
		TRY("%9.4" conversion "|", value);                                                 \
		TRY("%-9.4" conversion "|", value);                                                \
		TRY("%*.*" conversion, 7, 2, value);                                               \
		TRY("%*" conversion "|", -7, value);                                               \
		TRY("%.0" conversion, value);                                                      \
	} while (0)

#define SIGNED(value, conversion)                                                                  \
	do {                                                                                       \
		EACH(value, conversion);                                                           \
		EACH(value, "l" conversion);                                                       \
		EACH((int)(value), conversion);                                                    \
		EACH((short)(value), "h" conversion);                                              \
		EACH((signed char)(value), "hh" conversion);                                       \
		TRY("%+" conversion, (int)(value));                                                \
		TRY("% " conversion, (int)(value));                                                \
		TRY("%+05" conversion, (int)(value));                                              \
	} while (0)

int main(void)
{
	static const long integers[] = { 0,     1,     -1,      7,       42,       255,     -256,
					 65535, 99999, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN };
	static const double floats[] = { 0,       1,      0.1,    0.5,     1.5,     2.25,
					 9.99,    10,     99.25,  100,     123.456, 1e-3,
					 1.25e-4, 1e-5,   123456, 1234567, 1e6,     1e15,
					 3.25e17, 2.5e-7, 0.0625, 1e100,   2.5e-100 };

	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		long v = integers[i];

		EACH((int)v, "d");
		EACH((int)v, "i");
		EACH(v, "ld");
		EACH((long long)v, "lld");
		EACH((short)v, "hd");
		EACH((signed char)v, "hhd");
		EACH((unsigned)v, "u");
		EACH((unsigned)v, "x");
		EACH((unsigned)v, "X");
		EACH((unsigned)v, "o");
		EACH((unsigned long)v, "lx");
		EACH((size_t)v, "zu");
		EACH((unsigned char)v, "hhu");
		EACH((unsigned short)v, "hx");
		TRY("%+d % d %+5d|% 5d|%+05d", (int)v, (int)v, (int)v, (int)v, (int)v);
		TRY("%#x %#X %#o %#10x|%#010x|%-#10x|", (unsigned)v, (unsigned)v, (unsigned)v,
		    (unsigned)v, (unsigned)v, (unsigned)v);
	}
	for (size_t i = 0; i < sizeof(floats) / sizeof(floats[0]); i++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			double v = sign * floats[i];

			if (floats[i] < 1e18) {
				TRY("%f %.1f %.0f %9.3f|%-9.2f|%09.1f|%+f|% f", v, v, v, v, v, v, v,
				    v);
				TRY("%.10f %#.0f", v, v);
			}
			TRY("%e %.1e %.0e %.10e %14.3e|%E", v, v, v, v, v, v);
			TRY("%g %.3g %.10g %G %12g|%-12g|%#g", v, v, v, v, v, v, v);
			TRY("%Lf", (long double)(floats[i] < 1e18 ? v : 1));
		}
	}
	TRY("%f %e %g %F %5f|%05f", NAN, NAN, NAN, NAN, NAN, NAN);
	TRY("%f %e %g %F %5f|%05f", INFINITY, -INFINITY, INFINITY, -INFINITY, INFINITY, INFINITY);
	TRY("%s|%10s|%-10s|%.2s|%10.2s|%.0s|%.*s", "abc", "abc", "abc", "abc", "abc", "abc", 2,
	    "abc");
	TRY("%c|%5c|%-5c|", 'x', 'y', 'z');
	TRY("%%|%d%%", 3);
	TRY("%p %20p|", (void *)&bad, (void *)&bad);
	TRY("no conversion");
	TRY("%s", "");
	TRY("%jd %td %zd", (intmax_t)-5, (ptrdiff_t)-6, (ssize_t)-7);
	printf("%d tried\n", tried);
	return bad;
}

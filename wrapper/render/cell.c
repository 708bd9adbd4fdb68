// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/cell.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

/* Three digits that count. */
static void format_rounded(double value, const char *unit, char *out, size_t size)
{
	int digits = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;

	snprintf(out, size, "%.*f %s", digits, value, unit);
}

static void format_ns(int64_t ns, char *out, size_t size)
{
	static const struct {
		double unit;
		const char *name;
	} units[] = { { 86400e9, "d" }, { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" } };

	for (int i = 0; i < 4; i++) {
		if (fabs((double)ns) >= units[i].unit) {
			format_rounded((double)ns / units[i].unit, units[i].name, out, size);
			return;
		}
	}
	snprintf(out, size, ns ? "%" PRId64 " ns" : "%" PRId64, ns);
}

/* A number of at least 1000, or of at most -1000, as, for example, 12.3 G. */
static void format_large(double value, const char *sign, char *out, size_t size)
{
	static const char letters[] = "kMGTPE";
	char unit[8];
	int i = 0;

	for (value /= 1000; fabs(value) >= 999.5 && letters[i + 1]; i++)
		value /= 1000;
	snprintf(unit, sizeof(unit), "%c%s", letters[i], sign);
	format_rounded(value, unit, out, size);
}

void cell_count(int64_t count, int room, char *out, size_t size)
{
	if (snprintf(out, size, "%" PRId64, count) > room)
		format_large((double)count, "", out, size);
}

static void format_share(double share, int room, char *out, size_t size)
{
	if (snprintf(out, size, "%.2f%%", 100 * share) > room &&
	    snprintf(out, size, "%.0f%%", 100 * share) > room)
		format_large(100 * share, "%", out, size);
}

static void format_bytes(int64_t bytes, int room, char *out, size_t size)
{
	if (snprintf(out, size, "%" PRId64 " B", bytes) > room)
		format_large((double)bytes, "B", out, size);
}

static void format_bar(double share, int room, char *out, size_t size)
{
	int n = (int)(share * room + 0.5);

	n = n < 0 ? 0 : n > room ? room : n;
	snprintf(out, size, "%.*s%*s", n,
		 "################################################################", room - n, "");
}

static void format_time(int64_t real_ns, char *out, size_t size)
{
	time_t second = (time_t)(real_ns / 1000000000);
	struct tm tm;

	gmtime_r(&second, &tm);
	snprintf(out, size, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(real_ns / 1000000 % 1000));
}

void cell_text(const struct column *c, const struct cell *cell, char *out, size_t size)
{
	switch (c->unit) {
	case UNIT_NS:
		format_ns(cell->number, out, size);
		break;
	case UNIT_SHARE:
		format_share(cell->share, c->width - 1, out, size);
		break;
	case UNIT_BAR:
		format_bar(cell->share, c->width - 1, out, size);
		break;
	case UNIT_COUNT:
		cell_count(cell->number, c->width - 1, out, size);
		break;
	case UNIT_BYTES:
		format_bytes(cell->number, c->width - 1, out, size);
		break;
	case UNIT_BOOL:
		snprintf(out, size, "%s", cell->number ? "yes" : "no");
		break;
	case UNIT_TIME:
		format_time(cell->number, out, size);
		break;
	default:
		snprintf(out, size, "%" PRId64, cell->number);
		break;
	}
}

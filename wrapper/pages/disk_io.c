// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 251, disk-io: a row for each block device that had requests; and for each one a
 * histogram of how long they took, by power of two.
 */
#include "model/sum.h"
#include "pages/page.h"

/* clang-format off */
enum {
	KIND, DEVICE, READS, WRITES, READ, WRITTEN, P50, P99, MAX, QUEUED, READS_TOTAL, WRITES_TOTAL,
	READ_TOTAL, WRITTEN_TOTAL, DISCARDS, DISCARDS_TOTAL, DISCARDED, DISCARDED_TOTAL, FLUSHES,
	FLUSHES_TOTAL, ERRORS, ERRORS_TOTAL, TOOK, TOOK_TOTAL, QUEUE, QUEUE_TOTAL, IN_DEVICE,
	IN_DEVICE_TOTAL, FROM, TO, COUNT, COUNT_TOTAL, BAR, RANK, ORDER, N_COLUMNS
};

static const struct column columns[N_COLUMNS] = {
	[KIND] = { "kind", "", 0, UNIT_TEXT, BLOCK_NONE },
	[DEVICE] = { "device", "device", 13, UNIT_TEXT, BLOCK_BOTH },
	[READS] = { "reads", "reads", 7, UNIT_COUNT, BLOCK_INTERVAL },
	[WRITES] = { "writes", "writes", 7, UNIT_COUNT, BLOCK_INTERVAL },
	[READ] = { "read_bytes", "read", 9, UNIT_BYTES, BLOCK_INTERVAL },
	[WRITTEN] = { "written_bytes", "written", 9, UNIT_BYTES, BLOCK_INTERVAL },
	[P50] = { "latency_ns.p50", "p50", 9, UNIT_NS, BLOCK_INTERVAL },
	[P99] = { "latency_ns.p99", "p99", 9, UNIT_NS, BLOCK_INTERVAL },
	[MAX] = { "latency_ns.max", "max", 9, UNIT_NS, BLOCK_INTERVAL },
	[QUEUED] = { NULL, "queued", 8, UNIT_SHARE, BLOCK_INTERVAL },
	[READS_TOTAL] = { "reads_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[WRITES_TOTAL] = { "writes_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[READ_TOTAL] = { "read_bytes_total", "", 0, UNIT_BYTES, BLOCK_NONE },
	[WRITTEN_TOTAL] = { "written_bytes_total", "", 0, UNIT_BYTES, BLOCK_NONE },
	[DISCARDS] = { "discards", "", 0, UNIT_COUNT, BLOCK_NONE },
	[DISCARDS_TOTAL] = { "discards_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[DISCARDED] = { "discarded_bytes", "", 0, UNIT_BYTES, BLOCK_NONE },
	[DISCARDED_TOTAL] = { "discarded_bytes_total", "", 0, UNIT_BYTES, BLOCK_NONE },
	[FLUSHES] = { "flushes", "", 0, UNIT_COUNT, BLOCK_NONE },
	[FLUSHES_TOTAL] = { "flushes_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[ERRORS] = { "errors", "", 0, UNIT_COUNT, BLOCK_NONE },
	[ERRORS_TOTAL] = { "errors_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[TOOK] = { "latency_ns.total", "", 0, UNIT_NS, BLOCK_NONE },
	[TOOK_TOTAL] = { "latency_ns_total", "", 0, UNIT_NS, BLOCK_NONE },
	[QUEUE] = { "queue_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[QUEUE_TOTAL] = { "queue_ns_total", "", 0, UNIT_NS, BLOCK_NONE },
	[IN_DEVICE] = { "device_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[IN_DEVICE_TOTAL] = { "device_ns_total", "", 0, UNIT_NS, BLOCK_NONE },
	[FROM] = { "from_ns", "from", 10, UNIT_NS, BLOCK_TOTAL },
	[TO] = { "to_ns", "to", 10, UNIT_NS, BLOCK_TOTAL },
	[COUNT] = { "count", "", 0, UNIT_COUNT, BLOCK_NONE },
	[COUNT_TOTAL] = { "count_total", "requests", 10, UNIT_COUNT, BLOCK_TOTAL },
	[BAR] = { NULL, "", 37, UNIT_BAR, BLOCK_TOTAL },
	[RANK] = { NULL, "", 0, UNIT_COUNT, BLOCK_NONE },
	[ORDER] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
};
/* clang-format on */

#define POWERS 63

/* The sums of a row, of the interval and since attaching. */
static const struct {
	int field, interval, total;
} sums[] = {
	{ DISK_READS, READS, READS_TOTAL },
	{ DISK_WRITES, WRITES, WRITES_TOTAL },
	{ DISK_DISCARDS, DISCARDS, DISCARDS_TOTAL },
	{ DISK_FLUSHES, FLUSHES, FLUSHES_TOTAL },
	{ DISK_ERRORS, ERRORS, ERRORS_TOTAL },
	{ DISK_READ_BYTES, READ, READ_TOTAL },
	{ DISK_WRITTEN_BYTES, WRITTEN, WRITTEN_TOTAL },
	{ DISK_DISCARDED_BYTES, DISCARDED, DISCARDED_TOTAL },
	{ DISK_TOTAL_NS, TOOK, TOOK_TOTAL },
	{ DISK_QUEUE_NS, QUEUE, QUEUE_TOTAL },
	{ DISK_DEVICE_NS, IN_DEVICE, IN_DEVICE_TOTAL },
};

static struct cell *new_row(struct table *t, const char *kind, const struct record *r)
{
	struct cell *c = table_row(t);

	for (int i = 0; c && i < RANK; i++)
		c[i].unknown = true;
	if (!c)
		return NULL;
	c[KIND] = (struct cell){ .text = kind };
	c[DEVICE] = (struct cell){ .text = record_text(r, DISK_NAME) };
	return c;
}

static void set(struct cell *c, int64_t number)
{
	*c = (struct cell){ .number = number };
}

static void fill_device(struct table *t, const struct record *r, const int64_t buckets[BUCKETS])
{
	struct cell *c = new_row(t, "device", r);
	int64_t queue = record_delta(r, DISK_QUEUE_NS),
		known = queue + record_delta(r, DISK_DEVICE_NS);

	if (!c)
		return;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		set(&c[sums[i].interval], record_delta(r, sums[i].field));
		set(&c[sums[i].total], record_total(r, sums[i].field));
	}
	c[RANK].number = sum_add(sum_add(c[READS].number, c[WRITES].number),
				 sum_add(c[DISCARDS].number, c[FLUSHES].number));
	if (c[RANK].number) {
		set(&c[P50], bucket_percentile(buckets, 0.50, record_now(r, DISK_MAX_NS)));
		set(&c[P99], bucket_percentile(buckets, 0.99, record_now(r, DISK_MAX_NS)));
		set(&c[MAX], record_now(r, DISK_MAX_NS));
	}
	if (known)
		c[QUEUED] = (struct cell){ .share = (double)queue / (double)known };
}

/* The power of two that a bucket lies behind; see model/histogram.h. */
static int power(int bucket)
{
	if (bucket >= 16)
		return bucket / 16 + 3;
	return bucket >= 8 ? 3 : bucket >= 4 ? 2 : bucket >= 2 ? 1 : 0;
}

/* From the first step that is not empty to the last. */
static void fill_histogram(struct table *t, const struct record *r, const int64_t *interval,
			   const int64_t *total, int64_t *order)
{
	int64_t now[POWERS] = { 0 }, all[POWERS] = { 0 }, most = 1;
	int first = POWERS, last = -1;

	for (int i = 0; i < BUCKETS; i++) {
		now[power(i)] = sum_add(now[power(i)], interval[i]);
		all[power(i)] = sum_add(all[power(i)], total[i]);
	}
	for (int i = 0; i < POWERS; i++) {
		most = all[i] > most ? all[i] : most;
		if (!all[i])
			continue;
		first = first < i ? first : i;
		last = i;
	}
	for (int i = first; i <= last; i++) {
		struct cell *c = new_row(t, "histogram", r);

		if (!c)
			return;
		set(&c[FROM], i ? (int64_t)1 << i : 0);
		set(&c[TO], i < 62 ? (int64_t)1 << (i + 1) : INT64_MAX);
		set(&c[COUNT], now[i]);
		set(&c[COUNT_TOTAL], all[i]);
		c[BAR] = (struct cell){ .share = (double)all[i] / (double)most };
		c[ORDER].number = (*order)--;
	}
}

void page_disk_io_fill(const struct state *s, struct table *t)
{
	int64_t interval[BUCKETS], total[BUCKETS], order = INT32_MAX;
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = RANK;
	t->by_total = ORDER;
	t->empty = "no requests";
	while ((r = state_each(s, LINE_DISK, &at))) {
		state_buckets(s, LINE_DISKTIME, record_now(r, DISK_ROW), interval, total);
		fill_device(t, r, interval);
		fill_histogram(t, r, interval, total, &order);
	}
}

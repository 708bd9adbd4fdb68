// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long do requests to block devices take, on this host? Page 251.
 *
 * A request is counted when all of it is complete, and as /proc/diskstats counts: those that
 * carry commands instead of data are left out, and so are the parts of which the block layer
 * makes a write that is also a flush, but for the flush itself. start_time_ns is set when a
 * request is made; when it was handed to the driver is kept here, by the request's address.
 */
#include "disk_io.h"
#include "histogram.h"
#include "session.h"

struct disk_io_tables tables;

/* Sources: include/linux/blk_types.h; blk-mq.h, where RQF_FLUSH_SEQ has moved in 6.12. */
#define OPERATION 0xff
enum { IS_WRITE = 1, FLUSH = 2, DISCARD = 3, COMMAND_IN = 34, COMMAND_OUT = 35 };
#define OLD_FLUSH_SEQUENCE (1 << 4)

enum rqf_flags { __RQF_FLUSH_SEQ = 1 };

struct gendisk {
	int major, first_minor;
	char disk_name[IO_NAME];
} __attribute__((preserve_access_index));

struct request_queue {
	struct gendisk *disk;
} __attribute__((preserve_access_index));

struct request {
	struct request_queue *q;
	unsigned int cmd_flags, rq_flags, __data_len;
	uint64_t start_time_ns;
} __attribute__((preserve_access_index));

/* Requests complete in interrupts, where memory may not be had: it is allocated before. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, uint64_t);
	__type(value, uint64_t);
} issued SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DISKS);
	__type(key, struct disk_key);
	__type(value, uint32_t);
} disk_numbers SEC(".maps");

static __always_inline bool carries_data(const struct request *rq)
{
	uint32_t operation = rq->cmd_flags & OPERATION;

	return operation != COMMAND_IN && operation != COMMAND_OUT;
}

static __always_inline bool is_part_of_flush(const struct request *rq)
{
	uint32_t flag = OLD_FLUSH_SEQUENCE;

	if (bpf_core_enum_value_exists(enum rqf_flags, __RQF_FLUSH_SEQ))
		flag = 1U << (bpf_core_enum_value(enum rqf_flags, __RQF_FLUSH_SEQ) & 31);
	return rq->rq_flags & flag;
}

static __always_inline struct disk *disk_of(struct gendisk *gendisk)
{
	struct disk_key key = { .major = gendisk->major, .minor = gendisk->first_minor };
	uint32_t number;
	struct disk *d;
	bool is_new;

	bpf_probe_read_kernel_str(key.name, IO_NAME, gendisk->disk_name);
	number = entry_number(&disk_numbers, &key, &tables.n_disks, DISKS, &tables.totals.full,
			      &is_new);
	if (!number)
		return NULL;
	d = &tables.disks[INDEX(number, DISKS)];
	if (is_new) {
		d->key = key;
		count(&d->ready);
	}
	return d;
}

SEC("tp_btf/block_rq_issue")
int request_issued(uint64_t *ctx)
{
	struct request *rq = (struct request *)ctx[0];
	uint64_t key = (uint64_t)rq, now = bpf_ktime_get_ns();

	if (carries_data(rq) && rq->q->disk && bpf_map_update_elem(&issued, &key, &now, BPF_ANY))
		count(&tables.totals.full);
	return 0;
}

static __always_inline void add_times(struct disk *d, const struct request *rq)
{
	uint64_t key = (uint64_t)rq, now = bpf_ktime_get_ns(), start = rq->start_time_ns, began = 0;
	uint64_t *found = bpf_map_lookup_elem(&issued, &key), took;

	if (found) {
		began = *found;
		bpf_map_delete_elem(&issued, &key);
	}
	/* No time is kept of requests to a device whose statistics are switched off. */
	if (!start)
		start = began;
	if (!start)
		return;
	took = now > start ? now - start : 0;
	if (began) {
		if (began > start)
			__sync_fetch_and_add(&d->sums[IO_QUEUE_NS], began - start);
		__sync_fetch_and_add(&d->sums[IO_DEVICE_NS], now - began);
	}
	__sync_fetch_and_add(&d->sums[IO_TOTAL_NS], took);
	if (!extend(&d->most_ns, took, true))
		count(&tables.totals.unread);
	count(&d->buckets[INDEX(histogram_bucket(took), HISTOGRAM_BUCKETS - 1)]);
}

SEC("tp_btf/block_rq_complete")
int request_completed(uint64_t *ctx)
{
	struct request *rq = (struct request *)ctx[0];
	uint32_t error = ctx[1], bytes = ctx[2], operation = rq->cmd_flags & OPERATION;
	uint32_t group = operation == DISCARD ? 2 : operation & IS_WRITE;
	struct gendisk *gendisk = rq->q->disk;
	struct disk *d;

	if (!carries_data(rq) || !gendisk)
		return 0;
	d = disk_of(gendisk);
	if (!d)
		return 0;
	__sync_fetch_and_add(&d->sums[IO_READ_BYTES + group], bytes);
	if (bytes < rq->__data_len || (operation != FLUSH && is_part_of_flush(rq)))
		return 0;
	count(&d->sums[operation == FLUSH ? IO_FLUSHES : IO_READS + group]);
	if (error)
		count(&d->sums[IO_ERRORS]);
	add_times(d, rq);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk_io: the tables of disk_io.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_DISK_IO_H
#define TELETAP_BPF_DISK_IO_H

#include "shared.h"

#define DISKS 64
#define IO_NAME 32

/* In the order of the record "disk", wrapper/model/records.def. */
enum {
	IO_READS,
	IO_WRITES,
	IO_DISCARDS,
	IO_FLUSHES,
	IO_ERRORS,
	IO_READ_BYTES,
	IO_WRITTEN_BYTES,
	IO_DISCARDED_BYTES,
	IO_TOTAL_NS,
	IO_QUEUE_NS,
	IO_DEVICE_NS,
	IO_SUMS
};

/* A device: another one may have its number later. */
struct disk_key {
	uint32_t major, minor;
	char name[IO_NAME];
};

struct disk {
	uint64_t ready;
	struct disk_key key;
	uint64_t sums[IO_SUMS];
	int64_t most_ns; /* since it was taken away last */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

struct disk_io_tables {
	struct totals totals;
	uint64_t n_disks;
	struct disk disks[DISKS + 1];
};

#endif

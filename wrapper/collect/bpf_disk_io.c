// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 251: requests to block devices.
 */
#include "bpf/disk_io.h"

#include <inttypes.h>

#include "collect/bpf_collector.h"
#include "collect/bpf_words.h"

static void disk_lines(FILE *f, struct disk *d, size_t row)
{
	fprintf(f, "disk\t%zu", row);
	bpf_text_field(f, d->key.name, IO_NAME, false);
	for (int i = 0; i < IO_SUMS; i++)
		fprintf(f, "\t%" PRIu64, d->sums[i]);
	fprintf(f, "\t%" PRId64 "\n", __atomic_exchange_n(&d->most_ns, 0, __ATOMIC_SEQ_CST));
	for (int b = 0; b < HISTOGRAM_BUCKETS; b++) {
		if (d->buckets[b])
			fprintf(f, "disktime\t%zu\t%d\t%" PRIu64 "\n", row, b, d->buckets[b]);
	}
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	struct disk_io_tables *t = l->tables;
	size_t n = bpf_used(&t->n_disks, DISKS);

	(void)settings;
	for (size_t i = 1; i <= n; i++) {
		if (__atomic_load_n(&t->disks[i].ready, __ATOMIC_ACQUIRE))
			disk_lines(f, &t->disks[i], i - 1);
	}
}

const struct bpf_module bpf_disk_io = { .name = "disk_io",
					.size = sizeof(struct disk_io_tables),
					.lines = lines };

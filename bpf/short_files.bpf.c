// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which files are deleted within a second of being created, and who makes them? Page 252.
 *
 * A file is deleted when the last of its names is: what only changes its name, or has another
 * one, lives on. The functions are those of tapsets/teletap_host.stp.
 */
#include "short_files.h"
#define RING_SIZE SHORT_RING
#include "ring.h"
#include "session.h"

struct short_tables tables;

#define SECOND_NS 1000000000
#define YOUNG_BITS 12
#define YOUNG (1 << YOUNG_BITS)
#define TRIES 64
#define BUSY 1 /* a place that is being written or taken */

/* Sources: include/linux/fs.h, include/uapi/asm-generic/fcntl.h, include/uapi/linux/stat.h. */
#define FMODE_CREATED 0x100000
#define O_TMPFILE_BIT 020000000
#define S_IFMT 0170000
#define S_IFREG 0100000

struct super_block {
	uint32_t s_dev;
} __attribute__((preserve_access_index));

struct inode {
	uint16_t i_mode;
	uint32_t i_nlink;
	struct super_block *i_sb;
	unsigned long i_ino;
	int64_t i_size;
} __attribute__((preserve_access_index));

struct qstr {
	const unsigned char *name;
} __attribute__((preserve_access_index));

struct dentry {
	struct qstr d_name;
	struct inode *d_inode;
} __attribute__((preserve_access_index));

struct path {
	struct dentry *dentry;
} __attribute__((preserve_access_index));

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode, f_flags;
} __attribute__((preserve_access_index));

/* A file that was created within the last second. */
struct young {
	uint64_t state; /* when it was created; 0: a free place; BUSY */
	uint64_t born_ns, inode;
	uint32_t device, pid;
	uint8_t cut;
	char name[SHORT_COMM];
	char path[SHORT_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, YOUNG);
	__type(key, uint32_t);
	__type(value, struct young);
} young SEC(".maps");

/*
 * A place of the table, now BUSY: that of this file; or, with "make", one that is free or whose
 * second is over. NULL: there is none.
 */
static __always_inline struct young *take(const struct inode *inode, uint64_t now, bool make)
{
	uint32_t room = config.room && config.room < YOUNG ? config.room : YOUNG;
	uint64_t number = inode->i_ino, device = inode->i_sb->s_dev;
	uint64_t hash = ((number ^ device << 32) * 0x61c8864680b583ebULL) >> (64 - YOUNG_BITS);

	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t slot = ((uint32_t)hash + i) % room;
		struct young *y = bpf_map_lookup_elem(&young, &slot);
		uint64_t born = y ? *(volatile uint64_t *)&y->state : BUSY;
		bool lives = born && (int64_t)(now - born) < SECOND_NS;

		if (!y || born == BUSY || lives == make ||
		    (!make && (y->inode != number || y->device != device)))
			continue;
		if (__sync_val_compare_and_swap(&y->state, born, BUSY) == born)
			return y;
	}
	return NULL;
}

static __always_inline bool is_regular(const struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFREG;
}

static __always_inline void count_gone(const struct inode *inode)
{
	count(&tables.deleted);
	__sync_fetch_and_add(&tables.bytes, inode->i_size);
}

/*
 * A file that another thread has deleted before it had its place, or just now. Nobody finds it
 * there then, or not any more: unless that thread has, it is lost.
 */
static __always_inline void forget(const struct inode *inode, struct young *y, uint64_t born)
{
	if (__sync_val_compare_and_swap(&y->state, born, 0) != born)
		return;
	count_gone(inode);
	count(&tables.totals.full);
}

SEC("fentry/security_file_open")
int file_opened(uint64_t *ctx)
{
	struct file *file = (struct file *)ctx[0];
	const struct inode *inode = file->f_inode;
	uint64_t now = bpf_ktime_get_ns();
	struct young *y;

	if (!(file->f_mode & FMODE_CREATED) || file->f_flags & O_TMPFILE_BIT ||
	    !is_regular(inode) || !watched())
		return 0;
	count(&tables.created);
	y = take(inode, now, true);
	if (!y) {
		count(&tables.totals.full);
		return 0;
	}
	y->born_ns = now;
	y->inode = inode->i_ino;
	y->device = inode->i_sb->s_dev;
	y->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(y->name, SHORT_COMM);
	y->cut = bpf_d_path(&file->f_path, y->path, SHORT_ROOM) < 0;
	if (y->cut)
		bpf_probe_read_kernel_str(y->path, SHORT_ROOM, file->f_path.dentry->d_name.name);
	__sync_lock_test_and_set(&y->state, now);
	if (!*(volatile uint32_t *)&inode->i_nlink)
		forget(inode, y, now);
	return 0;
}

static __always_inline int name_gone(const struct inode *inode, bool replaced)
{
	uint64_t now = bpf_ktime_get_ns();
	struct short_event *e;
	struct young *y;

	if (!inode || !is_regular(inode) || inode->i_nlink)
		return 0;
	y = take(inode, now, false);
	if (!y)
		return 0;
	count_gone(inode);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e) {
		e->born_ns = y->born_ns;
		e->lived_ns = now - y->born_ns;
		e->size = inode->i_size;
		e->pid = y->pid;
		e->by = bpf_get_current_pid_tgid() >> 32;
		e->replaced = replaced;
		e->cut = y->cut;
		__builtin_memcpy(e->name, y->name, SHORT_COMM);
		__builtin_memcpy(e->path, y->path, SHORT_ROOM);
		bpf_get_current_comm(e->by_name, SHORT_COMM);
		bpf_ringbuf_submit(e, ring_flags());
	} else {
		count(&tables.totals.full);
	}
	__sync_lock_test_and_set(&y->state, 0);
	return 0;
}

SEC("fentry/d_delete")
int name_deleted(uint64_t *ctx)
{
	return name_gone(((struct dentry *)ctx[0])->d_inode, false);
}

SEC("fentry/d_move")
int name_replaced(uint64_t *ctx)
{
	return name_gone(((struct dentry *)ctx[1])->d_inode, true);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a ring's bytes come from: the memory of a process, found by the note that
 * teletap.h leaves in the program's file (.note.teletap, owner "teletap", type 1: the
 * ring's address, a pointer's, the size), or a ring file.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/regular_file.h"
#include "base/rights.h"
#include "collect/ring_read.h"
#include "target/elf.h"
#include "target/maps.h"
#include "target/ring_note.h"

#define PAGE 4096
#define COPYING_NS 5000000

static int read_all(int fd, void *buf, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done, (off_t)(offset + done));

		if (n <= 0)
			return n && errno == EINTR ? -EAGAIN : n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* Two readings of one place, see ring.h. */
static int read_twice(struct ring *r, int fd, size_t size, uint64_t offset, char **msg)
{
	struct ring_bytes *bytes = malloc(sizeof(*bytes) + 2 * size);
	int err = bytes ? 0 : -ENOMEM;

	for (int i = 0; i < 2 && !err; i++)
		err = read_all(fd, bytes->data + (size_t)i * size, size, offset);
	if (err) {
		free(bytes);
		return err;
	}
	bytes->next = NULL;
	return ring_parse_own(r, bytes, size, msg);
}

static int read_memory(struct ring *r, int pid, const struct ring_note *note, uint64_t bias,
		       char **msg)
{
	uint64_t at = note->ring + bias, mapped = 0;
	char path[32];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(msg, errno, "process %d: %s: %s", pid, strerror(errno),
			    rights_remedy("run as root"));
	err = read_all(fd, &mapped, sizeof(mapped), note->mapped + bias);
	if (!err)
		err = read_twice(r, fd, note->size, mapped ? mapped : at, msg);
	close(fd);
	return err ? fail(msg, -err, "process %d: its ring cannot be read: %s", pid, strerror(-err))
		   : 0;
}

/* The ring of one more file of the process. *left: bytes that may still be read. */
static int add_file(struct ring *r, bool first, int pid, const struct ring_note *note,
		    uint64_t bias, uint64_t *left, char **msg)
{
	struct ring other;
	int err;

	if (note->size > *left)
		return fail(msg, EBADMSG,
			    "process %d: a ring of %" PRIu64
			    " bytes: rings of at most %d are read: "
			    "compile the program with fewer TELETAP_RING_LINES",
			    pid, note->size, RING_BYTES_MAX);
	*left -= note->size;
	err = read_memory(first ? r : &other, pid, note, bias, msg);
	if (!err && !first && ring_merge(r, &other)) {
		ring_free(&other);
		err = -ENOMEM;
	}
	return err;
}

int ring_read_process(struct ring *r, int pid, char **msg)
{
	uint64_t left = RING_BYTES_MAX;
	int left_out = 0, err = 0, found = 0;
	char *why = NULL;
	struct maps maps;

	*r = (struct ring){ 0 };
	if (maps_read(pid, &maps, msg))
		return -ESRCH;
	for (size_t i = 0; i < maps.n_files; i++) {
		struct ring_note note;
		int fd = maps_open(&maps, &maps.files[i], NULL), ret;

		if (fd < 0)
			continue;
		if (!ring_note_read(fd, &note)) {
			ret = add_file(r, !found, maps.task, &note, maps.files[i].start - note.text,
				       &left, err ? NULL : &why);
			found += !ret;
			left_out += !!ret;
			err = err ? err : ret;
		}
		close(fd);
	}
	maps_free(&maps);
	r->left_out = left_out;
	if (!found && err)
		fail(msg, -err, "%s", why ? why : strerror(-err));
	free(why);
	if (found || err)
		return found ? 0 : err;
	return fail(msg, ENOENT,
		    "process %d runs no program with teletap.h in it, which would have a ring",
		    pid);
}

int ring_read_file(struct ring *r, const char *path, char **msg)
{
	return ring_read_open(r, regular_open(path), path, msg);
}

int ring_read_open(struct ring *r, int fd, const char *path, char **msg)
{
	char *why = NULL;
	struct stat st;
	int err = 0;

	*r = (struct ring){ 0 };
	if (fd < 0 && fd != -ENODEV) {
		err = fail(msg, -fd, "%s: %s", path, strerror(-fd));
	} else if (fd < 0 || fstat(fd, &st) || st.st_size > RING_BYTES_MAX) {
		err = fail(msg, EBADMSG, "%s: this is no ring of teletap.h", path);
	} else {
		/* The program may have been held up while it copied a line. */
		for (int tries = 0; tries < 3 && (!tries || (!err && r->torn)); tries++) {
			ring_free(r);
			nanosleep(&(struct timespec){ .tv_nsec = tries * COPYING_NS }, NULL);
			err = read_twice(r, fd, (size_t)st.st_size, 0, &why);
		}
		if (err)
			fail(msg, -err, "%s: %s", path, why ? why : strerror(-err));
	}
	free(why);
	if (fd >= 0)
		close(fd);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shared: what all BPF programs and the collector that reads them (wrapper/collect/bpf.h)
 * have in common.
 */
#ifndef TELETAP_BPF_SHARED_H
#define TELETAP_BPF_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "site.h"
#include "tapsets/teletap_layouts.h"

enum { BY_ALL, BY_PROCESS, BY_THREAD };

#define WATCHED_SEVERAL (-1)
#define WATCHED_MAX 16
#define CONFIG_CALLS 512 /* system calls that can be chosen: wrapper/model/syscalls.h */

/* What a program is told before it is loaded. */
struct config {
	/* The processes watched; none of these: all that run into the probes. */
	int32_t watched; /* a process, with its descendants; WATCHED_SEVERAL: those in "roots", */
	uint64_t cgroup; /* or the processes in this one and below; 0: not by one */
	uint32_t by;     /* BY_...: whose figures are told apart */
	uint32_t room;   /* entries that a table may have, if that is less than it holds */
	/* Of a CPython, for events of the kernel: */
	uint32_t library; /* it is no program itself, others load it */
	uint32_t moves;   /* its addresses are relative */
	uint32_t page;    /* of the file in which its code begins, */
	uint64_t text;    /* where that is in memory, */
	uint64_t length;  /* and its bytes */
	uint64_t bytes;   /* of the file */
	uint64_t runtime_size;
	uint64_t runtime;  /* of a CPython: the address of _PyRuntime in the file; 0: not needed */
	uint64_t type;     /* of PyCode_Type; likewise */
	uint64_t asked[2]; /* return addresses behind calls that ask for a collection; 0: not known
			    */
	struct python_layout python; /* where it has things */
	uint32_t processors;         /* how many there can be */
	uint32_t waiting;            /* of page 223: waits are wanted, too */
	uint32_t command;            /* what is watched has not run its program yet */
	uint32_t some_calls;         /* not all system calls are wanted: a bit for each that is */
	uint64_t calls[CONFIG_CALLS / 64];
	uint32_t one_site;
	struct site site; /* the only one, when there is one: the rest of the program is left out */
};

/* Whose figures: a process or a thread, told by its birth, as numbers are used again. */
#define WHOS 1024
struct who {
	uint64_t birth;
	uint32_t number, pid; /* number: of the process or of the thread */
};

/* What every program counts. Numbers of entries begin with 1; ready: the entry is written. */
struct totals {
	uint64_t full;   /* events without a place in a table */
	uint64_t unread; /* events whose memory could not be read */
	uint64_t processes;
	uint64_t loaded; /* times that a process has loaded the extension */
	uint64_t n_whos;
	struct who whos[WHOS + 1];
	uint64_t who_ready[WHOS + 1];
};

/* A name: of a function and its file, or of what an application tells. 0 behind a text. */
#define FUNCTION_ROOM 128
#define FILE_ROOM 256
struct name {
	char function[FUNCTION_ROOM], file[FILE_ROOM];
	int32_t line;
	uint8_t function_cut, file_cut;   /* there was more of it */
	uint8_t function_kind, file_kind; /* as of a word, below */
} __attribute__((aligned(8)));            /* words of 8 bytes are compared */

struct name_entry {
	uint64_t ready;
	struct name name;
};

/* A short string: of C (kind 0), or of CPython, whose characters have so many bytes. */
#define WORD_ROOM 128
struct word {
	char text[WORD_ROOM];
	uint8_t kind, cut; /* cut: there was more of it */
	uint8_t unused[6];
};

struct word_entry {
	uint64_t ready;
	struct word word;
};

/* A histogram has sixteen buckets per power of two: wrapper/model/histogram.h. */
#define HISTOGRAM_BUCKETS 960

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line: bytes -> records. Pure: bounded, allocates nothing, prints nothing.
 *
 * The protocol. A module (through tapsets/teletap_line.stpm, the only writer)
 * prints one record per line: a word and its fields, separated by tabs. A string
 * field escapes tab, newline, backslash, control bytes and DEL as \xHH. The first
 * line names the version; a reader refuses any other.
 *
 *   teletap VERSION MODULE [COLLECTOR]      hello: first line of a session; COLLECTOR: of a
 *                                           module when it is missing
 *   refused ERRNO                           the kernel has refused a probe: figures of this
 *                                           module are not whole
 *   snap    SEQUENCE MONO_NS REAL_NS FINAL  a snapshot begins; FINAL is 1 for the last
 *   by      BY                              figures are split: 1 by process, 2 by thread
 *   who     WHO PID TID                     dictionary: whose figures they are; TID is 0
 *                                           when they are split by process
 *   gc      GENERATION RUNS FOUND EMPTY PAUSE_NS MAX_NS WHO
 *   pause   GENERATION BUCKET COUNT WHO     a histogram's bucket, see histogram.h
 *   procs   COUNT                           processes that had an event
 *   processors ONLINE LATER BLIND           the host's; those of them that came after
 *                                           attaching: the module hears nothing of them;
 *                                           those whose clock is gone, with LATER
 *   threads THREADS STILL UNSEEN LONGEST_NS the target's threads now; those of them that have
 *                                           not run since attaching, of the host's page
 *                                           also for LINE_STILL_S; those not looked at;
 *                                           how long the longest has not, at least
 *   waiter  PLACE TID PID COMM WAITS CALLS FORCED TOTAL_NS MAX_NS
 *                                           a thread's waits for the interpreter lock, of
 *                                           how many calls, how many of them timed out
 *   waited  0 BUCKET COUNT                  a histogram of the waits, see histogram.h
 *   holder  FUNCTION SAMPLES TOTAL_NS       what others waited for (0: not known)
 *   name    ID FUNCTION FILE LINE           dictionary: what other records call ID
 *   node    ID PARENT NAME                  dictionary: a Python stack, its innermost
 *                                           frame and the stack that called it (0: none)
 *   events  COUNT                           collections, those without a record included
 *   event   NUMBER GENERATION FOUND PAUSE_NS AUTOMATIC ENABLED ENDING FORKED STACK TID PID REAL_NS
 *                                           one collection; -1: not known
 *   cost    GENERATION RUNS MINOR MAJOR COPIED FORKED_RUNS FORKED_NS FORKED_COPIED ENDING_RUNS
 *           ENDING_NS WHO                   page faults and copied pages in collections
 *   outside MINOR MAJOR COPIED              and outside of them
 *   hit     PID TID STACK WAITING COUNT     samples of a thread in a stack; WAITING 1: it
 *                                           waits; 2: since before attaching, its stack is
 *                                           not known
 *   stacks  STATE TAKEN NONE UNREAD CUT     Python stacks: can they be read (below); how
 *                                           many were, found none, were read in part,
 *                                           had more frames than are kept
 *   import  NODE PARENT NAME BEGUN ENDED FAILED TOTAL_NS SELF_NS WHO
 *                                           a module (NAME) imported by PARENT, a node
 *                                           of a smaller number or 0
 *   unpaired COUNT                          ends without a beginning that was seen
 *   audit   EVENT COUNT WHO                 audit events, by the name of the event
 *   argument ROW EVENT FUNCTION TEXT        dictionary: with this argument, raised in
 *                                           this function (0: not known)
 *   argued  ROW COUNT WHO                   how often
 *   call    ID CALLS INCLUSIVE_NS EXCLUSIVE_NS WHO  calls of the function with that name; the
 *                                           times are 0 where calls are not timed
 *   timed   TIMED JIT ASKED STATE           whether they are; whether the program was asked
 *                                           to compile itself, and we not to time: 1 or
 *                                           0; and whether frames can be read (below)
 *   process ROW NUMBER PID PARENT PARENT_NAME NAME ARGUMENTS PROGRAMS START_NS END_NS STATUS
 *                                           dictionary: a process, number so many of
 *                                           those seen; END_NS is 0 while it runs
 *   starts  FORKS PROGRAMS ENDS FAILURES    processes made, programs begun, processes
 *                                           ended, those of them with a status but 0
 *   short   ROW NUMBER PID NAME BY BY_NAME PATH BORN_NS LIVED_NS SIZE REPLACED
 *                                           dictionary: a file deleted within a second;
 *                                           number so many of those seen; made by PID,
 *                                           deleted by BY; REPLACED 1: by another one
 *   shorts  CREATED DELETED BYTES           files made; those of them deleted so soon
 *   disk    ROW NAME READS WRITES DISCARDS FLUSHES ERRORS READ_BYTES WRITTEN_BYTES
 *           DISCARDED_BYTES TOTAL_NS QUEUE_NS DEVICE_NS MAX_NS
 *                                           requests to a block device that are complete
 *   disktime ROW BUCKET COUNT               a histogram of their times, see histogram.h
 *   counter NAME EVENTS UP DOWN            an application's counter: how often it changed,
 *                                           sums of what was added and of what was taken
 *   gauge   NAME EVENTS LAST LEAST MOST     an application's gauge
 *   tally   NAME HANDED EVENTS UP DOWN      its tally: hand-overs, events, sums as above
 *   span    OPERATION BEGUN ENDED FAILED AGAIN TOTAL_NS MAX_NS
 *                                           its spans; AGAIN: begun twice without an end
 *   spantime OPERATION BUCKET COUNT         a histogram's bucket, see histogram.h
 *   spangone OPERATION COUNT                those whose process ended before they did
 *   error   NAME HANDLED UNHANDLED LAST_NS  its errors: what (the name's function) and
 *                                           where (its file); the last one's time
 *   host    PROCESSORS LOAD1 LOAD5 LOAD15 RUNNABLE TASKS UPTIME_NS
 *                                           this host; its loads in hundredths; here and
 *                                           below, -1: not known
 *   memory  TOTAL FREE AVAILABLE SWAP SWAP_FREE    in bytes
 *   pressure WHAT FULL AVG10 AVG60 AVG300 TOTAL_NS
 *                                           of 0 cpu, 1 memory, 2 io: time in which some
 *                                           tasks, FULL 1: all, stood still; its shares
 *                                           of 10, 60, 300 s in hundredths of a percent
 *   space   PATH DEVICE TYPE READ_ONLY SIZE FREE AVAILABLE INODES INODES_FREE
 *                                           a file system, in bytes; AVAILABLE: for
 *                                           ordinary users
 *   mounts  SHOWN WAITING WITHOUT AGAIN MORE
 *                                           mounts: with a record; not asked, since they
 *                                           may not answer; without a space; covered, or
 *                                           of one that has a record; without a place
 *   units   ANSWER FAILED                   of systemd; ANSWER: 0 known, 1 there is no
 *                                           systemd, 2 it did not answer
 *   unit    NAME LOAD ACTIVE SUB TEXT       one that has failed, in systemctl's words
 *   ring    PID START_NS TORN BUSY LOST ENDED    its ring, see ring.h; ENDED 1: the
 *                                           process has, the lines are those last
 *                                           read; 2: they are those of its file
 *   about   ORDER WHAT TEXT                 a fact about the process
 *   said    LANE TICKET TIME_NS PID TID KIND LEVEL CUT TEXT TEXT TEXT
 *                                           a line of the ring
 *   syscall FUNCTION CALL BEGUN ENDED ERRORS NS MAX_NS WHO
 *                                           system calls by the innermost function; NS: of
 *                                           those under way, too. CALL: syscalls.h
 *   failed  FUNCTION CALL ERROR COUNT WHO   and their errors by number
 *   off     STACK CAUSE CALL BEGUN ENDED NS QUEUED_NS MAX_NS WHO
 *                                           waits by stack, cause (below) and system call
 *                                           (syscalls.h) plus 1, 0: none; QUEUED: what of
 *                                           NS it was ready to run
 *   offtime KIND BUCKET COUNT               a histogram's bucket: 0 waits, 1 those ready
 *   fault   FUNCTION MINOR MAJOR GROWN SHRUNK MAPPED UNMAPPED WHO
 *                                           page faults by the innermost function; bytes of
 *                                           the process's memory, and of its address space
 *   run     NUMBER PID START_NS LAST_NS STOPPED VERSION TEXT TEXT
 *                                           an earlier run of the program, 1 is the last
 *                                           one: its ring's file. STOPPED 1: TEXT is why;
 *                                           0: TEXT is its last line
 *   took    ID BUCKET COUNT                 how long calls of a function took: a bucket of
 *                                           its histogram
 *   longest ID TOOK_NS MAX_NS               and their sum
 *   flow    EVENT MONO_NS TID DEPTH KIND ID TOOK_NS
 *                                           a function was entered (KIND 0) or left (1),
 *                                           DEPTH functions being open; -1: not timed
 *   left    COUNT                           such events that were left out
 *   crash   ID PID PARENT TID SIGNAL CODE ADDRESS STATUS SENDER STACK UNREAD REAL_NS NAME
 *           THREAD SENDER_NAME              dictionary: a process has died. SIGNAL 0: by
 *                                           itself, with STATUS; -1: not known. ADDRESS: of
 *                                           SIGSYS, the system call's number. SENDER: a
 *                                           process; 0 the kernel, -1 not known, -2 the
 *                                           kernel for want of memory. UNREAD: places of
 *                                           its memory that could not be read
 *   piece   ID PART AT HEX                  dictionary: bytes of its memory. PART 0 registers as
 *                                           DWARF numbers them, 1 stack, 2 ring (AT: from
 *                                           its beginning)
 *   mapped  ID NUMBER START END OFFSET INODE PATH   dictionary: code it could run
 *   unmapped ID COUNT                       dictionary: such that found no place
 *   open    ID NUMBER NAME SPAN NS          dictionary: a span that was under way
 *   frame   ID NUMBER ADDRESS TEXT          dictionary: its backtrace, innermost first
 *   words   ID LANE TICKET TIME_NS PID TID KIND LEVEL CUT TEXT TEXT TEXT
 *                                           dictionary: as said, of its ring
 *   kept    NUMBER TIME_NS WHAT TEXT        dictionary: a line of an earlier crash's file
 *   crashes COUNT                           crashes seen
 *   beside  NUMBER PATH                     dictionary: a CPython in the process that the
 *                                           figures are not about
 *   other   PATH PROCESSES NEW              dictionary, of teletap itself: so many processes at
 *                                           once ran another file with these markers. NEW 1: it
 *                                           has taken the name of the file that is watched;
 *                                           0: they descend from the process that is
 *   loss    SKIPPED DROPPED TABLE_FULL      events not in the figures, and why
 *   end     SEQUENCE                        the snapshot is complete
 *
 * Numbers are decimal, from 0 to 2^63 - 1; a plain number of a record may be negative. All
 * sums run since the module was loaded, MAX_NS since the last snapshot. Times are
 * nanoseconds. A snapshot counts only once its end has been read. WHO is 0 in figures
 * that are not split, and in those of processes or threads that found no place; it may
 * be missing, for 0.
 *
 * STATE: 0 yes; 1 this version of CPython is not known; 2 the process describes itself
 * otherwise than its version should; 3 it is a free-threaded build.
 *
 * CAUSE: 0 what the call waits for; 1 a disk; 2 in no call, a page fault; 3 ready to run, it
 * waits for a processor only; 4 stopped or traced; 5 frozen. 16 is added when it has waited
 * since before attaching: its stack is not known then, and MAX_NS is at least that.
 *
 * To add a record: its word and fields above, a row in line.c, a macro in
 * teletap_line.stpm.
 */
#ifndef TELETAP_MODEL_LINE_H
#define TELETAP_MODEL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_VERSION 1
#define LINE_BYTES 8192 /* a longer line is malformed */
#define LINE_FIELDS 16
#define LINE_STILL_S 5

enum line_kind {
	LINE_HELLO,
	LINE_REFUSED,
	LINE_SNAP,
	LINE_LOSS,
	LINE_END,
	LINE_PROCS, /* from here on: records that pages are made of */
	LINE_THREADS,
	LINE_PROCESSORS,
	LINE_BY,
	LINE_WHO,
	LINE_GC,
	LINE_PAUSE,
	LINE_WAITER,
	LINE_WAITED,
	LINE_HOLDER,
	LINE_EVENTS,
	LINE_EVENT,
	LINE_COST,
	LINE_OUTSIDE,
	LINE_HIT,
	LINE_NAME,
	LINE_NODE,
	LINE_STACKS,
	LINE_IMPORT,
	LINE_UNPAIRED,
	LINE_AUDIT,
	LINE_ARGUMENT,
	LINE_ARGUED,
	LINE_CALL,
	LINE_TIMED,
	LINE_PROCESS,
	LINE_STARTS,
	LINE_SHORT,
	LINE_SHORTS,
	LINE_DISK,
	LINE_DISKTIME,
	LINE_COUNTER,
	LINE_GAUGE,
	LINE_TALLY,
	LINE_SPAN,
	LINE_SPANTIME,
	LINE_SPANGONE,
	LINE_ERROR,
	LINE_HOST,
	LINE_MEMORY,
	LINE_PRESSURE,
	LINE_SPACE,
	LINE_MOUNTS,
	LINE_UNITS,
	LINE_UNIT,
	LINE_RING,
	LINE_ABOUT,
	LINE_SAID,
	LINE_TOOK,
	LINE_LONGEST,
	LINE_FLOW,
	LINE_LEFT,
	LINE_RUN,
	LINE_CRASH,
	LINE_PIECE,
	LINE_MAPPED,
	LINE_UNMAPPED,
	LINE_OPEN,
	LINE_FRAME,
	LINE_WORDS,
	LINE_KEPT,
	LINE_CRASHES,
	LINE_OTHER,
	LINE_SYSCALL,
	LINE_FAILED,
	LINE_OFF,
	LINE_OFFTIME,
	LINE_FAULT,
	LINE_BESIDE,
	LINE_KINDS,
};

/*
 * What a record is made of: its word, and a letter for each field:
 *   k  number, part of the record's key     K  text, part of the record's key
 *   w  likewise: whose it is; the last field, which may be missing, for 0
 *   s  sum since the module was loaded; a record with sums stays once it was sent
 *   m  largest value since the last snapshot
 *   n  any number                           t  any text
 * A record of a dictionary counts as soon as it is read, in a snapshot or not, and
 * stays, though later snapshots do not repeat it. Any other one vanishes with the
 * first snapshot that lacks it.
 */
struct line_grammar {
	const char *word;
	const char *fields;
	bool dictionary;
	int below[2]; /* the first two keys are smaller than these; 0: any */
};
extern const struct line_grammar line_grammar[LINE_KINDS];

/* Numbers and strings stand in num and text by the position of their field. */
struct line {
	enum line_kind kind;
	int64_t num[LINE_FIELDS];
	const char *text[LINE_FIELDS]; /* point into the parsed buffer */
};

/*
 * Parses one line of len bytes, without its newline, in place (strings are
 * unescaped and terminated there; text[len] must be writable).
 * Returns 0; -ENOMSG for a record this version does not know; -EINVAL for a
 * malformed one; -EPROTO for a hello of another version.
 */
int line_parse(char *text, size_t len, struct line *line);

#endif

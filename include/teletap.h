/* SPDX-License-Identifier: 0BSD */
/*
 * teletap.h: diagnostic pages for your program, from this one header.
 *
 *	#define TELETAP_PROVIDER myservice
 *	#include "teletap.h"
 *
 *	TELETAP_START("2.1.0", GIT_COMMIT, BUILD_NUMBER);
 *	TELETAP_CONFIG("port", "8080");
 *	TELETAP_LOG(TELETAP_WARNING, "queue %s is %d long", name, length);
 *
 * Every macro is a USDT marker of the provider you choose: 'teletap watch' shows what
 * passes it, and while nobody watches it costs a nop and the test of a counter. What
 * START, STOP, CONFIG, LOG, ERROR and the STATE macros say also goes into the flight
 * recorder, a ring in memory, so that a page can show what was said before anybody
 * looked. With TELETAP_RING=FILE in the environment each line is copied into that file,
 * too, which outlives the process ("%p" in FILE becomes the process number); the files of
 * three earlier runs are kept as FILE.1 to FILE.3. Where the file cannot be written any
 * more, since another program has truncated it or the disk is full, lines are missing
 * from it, and the program goes on. A seccomp filter of the program must then allow
 * process_vm_writev and getpid.
 *
 * C99 and later, C++11 and later; gcc and clang; Linux on x86-64 and aarch64. It needs no
 * other header than those of the C library. Elsewhere, which the compiler warns of, and
 * with TELETAP_DISABLE defined, all macros vanish and their arguments are not evaluated.
 *
 * Define before including, the same in all files of a program:
 *   TELETAP_PROVIDER       the provider's name, an identifier  (default: app)
 *   TELETAP_RING_VARIABLE  names the ring's file               (default: "TELETAP_RING")
 *   TELETAP_RING_LINES     lines kept of each lane             (default: 100)
 *   TELETAP_RING_TEXT      bytes of a line, a multiple of 8    (default: 208)
 *                          (3 * LINES * (TEXT + 48) bytes: at most 16 MB)
 *   TELETAP_TALLY_EVERY    events per hand-over of a tally     (default: 1000)
 * Markers of your own, by <sys/sdt.h>, may stand in the same file.
 *
 * Costs, measured with tests/bench/header on a 2 GHz x86-64 without frequency scaling:
 *                                       nobody watches      a page that needs it is watched
 *   COUNTER GAUGE SPAN_BEGIN SPAN_END   under 1 ns          1 to 4 us (a trap into the kernel)
 *   TALLY TALLY_ADD                     under 2 ns          under 10 ns, and a trap per
 *                                                           TELETAP_TALLY_EVERY events
 *   LOG ERROR STATE_* CONFIG START STOP under 200 ns        the same and 1 to 4 us
 *                                       (the ring; with TELETAP_RING
 *                                       two system calls, 1 to 4 us)
 * Memory: 3 lanes of TELETAP_RING_LINES lines, 75 KB with the defaults, touched as they
 * fill; about 8 KB of code per file that uses a macro with the ring.
 *
 * All but the tallies may be used in signal handlers, and all by any number of threads:
 * nothing takes a lock or memory. Strings are read when the macro runs, and a NULL is
 * shown as "(null)". Contents are free: whoever shows them escapes them.
 */
#ifndef TELETAP_INCLUDE_TELETAP_H
#define TELETAP_INCLUDE_TELETAP_H

#ifdef TELETAP_DISABLE
#elif defined(__linux__) && defined(__ELF__) && defined(__LP64__) &&                               \
	(defined(__x86_64__) || defined(__aarch64__)) && (defined(__GNUC__) || defined(__clang__))
#define TELETAP_ENABLED 1
#else
#warning                                                                                           \
	"teletap.h: only for Linux on x86-64 and aarch64: without pages (TELETAP_DISABLE: silently)"
#endif

/* The levels of TELETAP_LOG: those of syslog(3). */
#define TELETAP_EMERGENCY 0
#define TELETAP_ALERT 1
#define TELETAP_CRITICAL 2
#define TELETAP_ERR 3
#define TELETAP_WARNING 4
#define TELETAP_NOTICE 5
#define TELETAP_INFO 6
#define TELETAP_DEBUG 7

#ifndef TELETAP_ENABLED

#define TELETAP_START(version, commit, build) ((void)0)
#define TELETAP_STOP(reason) ((void)0)
#define TELETAP_CONFIG(key, value) ((void)0)
#define TELETAP_LOG(level, ...) ((void)0)
#define TELETAP_ERROR(place, what, handled) ((void)0)
#define TELETAP_STATE_INPUT(calculation, item, ...) ((void)0)
#define TELETAP_STATE_STEP(calculation, item, ...) ((void)0)
#define TELETAP_STATE_RESULT(calculation, ...) ((void)0)
#define TELETAP_COUNTER(name, delta) ((void)0)
#define TELETAP_GAUGE(name, value) ((void)0)
#define TELETAP_SPAN_BEGIN(operation, id) ((void)0)
#define TELETAP_SPAN_END(operation, id, status) ((void)0)
#define TELETAP_TALLY(name) ((void)0)
#define TELETAP_TALLY_ADD(name, value) ((void)0)
#define TELETAP_TALLY_FLUSH() ((void)0)

#else

/* ---- for applications ------------------------------------------------------- */

#ifndef TELETAP_PROVIDER
#define TELETAP_PROVIDER app
#endif

/*
 * START: the program has started. version, commit, build: strings. Once.
 * STOP: it is about to stop. reason: a string.
 * CONFIG: a setting in force. key, value: strings. Again when it changes.
 */
#define TELETAP_START(version, commit, build) teletap_start_(version, commit, build)
#define TELETAP_STOP(reason) teletap_stop_(reason)
#define TELETAP_CONFIG(key, value) teletap_config_(key, value)

/*
 * LOG: a line. level: TELETAP_ERR and the others above; then a format as of printf, and
 * its arguments. Wide characters and %n are not supported, %a is shown as %e, and digits
 * of a float beyond the fifteenth are not exact. TELETAP_RING_TEXT bytes are kept.
 */
#define TELETAP_LOG(level, ...) teletap_log_(level, __VA_ARGS__)

/*
 * ERROR: something went wrong. place: a string, where (TELETAP_HERE: this line); what: a
 * string; handled: nonzero when the program goes on as if nothing had happened.
 */
#define TELETAP_ERROR(place, what, handled) teletap_error_(place, what, handled)
#define TELETAP_HERE __FILE__ ":" TELETAP_STRING_(__LINE__)

/*
 * STATE: how a named calculation came to its result, one line for each input, each step
 * and the result. calculation, item: strings; then a format as of printf, and its
 * arguments. The input with which a calculation begins is its first one after a result.
 *	TELETAP_STATE_INPUT("speed", "pulses", "%u /s", pulses);
 *	TELETAP_STATE_STEP("speed", "filtered", "%.1f /s", filtered);
 *	TELETAP_STATE_RESULT("speed", "%.1f km/h", speed);
 */
#define TELETAP_STATE_INPUT(calculation, item, ...)                                                \
	teletap_state_(TELETAP_INPUT_, calculation, item, __VA_ARGS__)
#define TELETAP_STATE_STEP(calculation, item, ...)                                                 \
	teletap_state_(TELETAP_STEP_, calculation, item, __VA_ARGS__)
#define TELETAP_STATE_RESULT(calculation, ...)                                                     \
	teletap_state_(TELETAP_RESULT_, calculation, "", __VA_ARGS__)

/*
 * COUNTER: name has grown by delta. GAUGE: name now is value. name: a string, delta and
 * value: integers. Counted in the kernel, from when somebody watches.
 */
#define TELETAP_COUNTER(name, delta)                                                               \
	TELETAP_FIRE2_(teletap__counter, name, "-8", (long long)(delta))
#define TELETAP_GAUGE(name, value) TELETAP_FIRE2_(teletap__gauge, name, "-8", (long long)(value))

/*
 * SPAN_BEGIN, SPAN_END: an operation begins and ends, in any threads of a process.
 * operation: a string; id: an integer or pointer that tells those under way apart;
 * status: an integer, 0 when it went well.
 */
#define TELETAP_SPAN_BEGIN(operation, id)                                                          \
	TELETAP_FIRE2_(teletap__span__begin, operation, "8", (unsigned long long)(id))
#define TELETAP_SPAN_END(operation, id, status)                                                    \
	do {                                                                                       \
		if (TELETAP_ON_(teletap__span__end)) {                                             \
			const char *const teletap_name_ = teletap_touch_(operation);               \
			TELETAP_MARK3_(TELETAP_PROVIDER, teletap__span__end, "8", teletap_name_,   \
				       "8", (unsigned long long)(id), "-8", (long long)(status))   \
		}                                                                                  \
	} while (0)

/*
 * TALLY, TALLY_ADD: one event, for hot paths; value: an integer to be summed up. name: a
 * string that stays valid while the thread lives. Events are added up for each thread
 * and each use of the macro, and handed over when there are TELETAP_TALLY_EVERY of them,
 * when the thread ends (glibc), and by TALLY_FLUSH, which hands over the calling
 * thread's (before it waits for long, say); a name that changes hands over what the one
 * before has, too. Not for signal handlers.
 */
#define TELETAP_TALLY(name) TELETAP_TALLY_ADD(name, 0)
#define TELETAP_TALLY_ADD(name, value)                                                             \
	do {                                                                                       \
		static __thread struct teletap_tally_ teletap_here_ TELETAP_TLS_;                  \
		if (TELETAP_ON_(teletap__tally)) {                                                 \
			const char *const teletap_called_ = (name);                                \
			if (__builtin_expect(teletap_here_.event != teletap_called_, 0))           \
				teletap_tally_(&teletap_here_, teletap_called_);                   \
			teletap_here_.sum += (long long)(value);                                   \
			if (__builtin_expect(++teletap_here_.count >= teletap_here_.limit, 0))     \
				teletap_tally_(&teletap_here_, teletap_called_);                   \
		} else if (__builtin_expect(teletap_here_.count != 0, 0)) {                        \
			teletap_here_.count = 0; /* for one who has gone */                        \
			teletap_here_.sum = 0;                                                     \
		}                                                                                  \
	} while (0)
#define TELETAP_TALLY_FLUSH() teletap_flush_()

/* ---- the rest is for teletap ------------------------------------------------ */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef TELETAP_RING_LINES
#define TELETAP_RING_LINES 100
#endif
#ifndef TELETAP_RING_VARIABLE
#define TELETAP_RING_VARIABLE "TELETAP_RING"
#endif
#ifndef TELETAP_RING_TEXT
#define TELETAP_RING_TEXT 208
#endif
#ifndef TELETAP_TALLY_EVERY
#define TELETAP_TALLY_EVERY 1000
#endif
#define TELETAP_CLOEXEC_ 02000000 /* O_CLOEXEC, of later standards than C99 */
#define TELETAP_ANONYMOUS_ 0x20   /* MAP_ANONYMOUS, likewise */
#define TELETAP_RING_KEPT_ 3      /* files of earlier runs */

/*
 * A marker: a nop (on x86-64 a second one of ten bytes behind it, where newer kernels can put a
 * call in place of a trap), and a note that describes it in the section .note.stapsdt, as tracers
 * read it (owner "stapsdt", type 3): the addresses of the nop, of .stapsdt.base (by which
 * they see that a file was moved) and of the semaphore, then three strings. An argument
 * is SIZE@OPERAND, and SIZE is negative for signed ones: pairs of a size and a value.
 */
#ifdef __x86_64__
#define TELETAP_NOP10_ "\t.byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n"
#else
#define TELETAP_NOP10_ ""
#endif
#define TELETAP_NOTE_(provider, name, args)                                                        \
	"997:\tnop\n" TELETAP_NOP10_ "\t.pushsection .note.stapsdt,\"?\",%%note\n"                 \
	"\t.balign 4\n"                                                                            \
	"\t.4byte 8, 999f - 998f, 3\n"                                                             \
	"\t.asciz \"stapsdt\"\n"                                                                   \
	"998:\t.8byte 997b, _.stapsdt.base, " provider "_" name "_semaphore\n"                     \
	"\t.asciz \"" provider "\", \"" name "\", \"" args "\"\n"                                  \
	"999:\t.balign 4\n"                                                                        \
	"\t.popsection\n"
#define TELETAP_EMIT_(provider, name, args, ...)                                                   \
	__asm__ __volatile__(TELETAP_NOTE_(TELETAP_STRING_(provider), TELETAP_STRING_(name), args) \
			     :                                                                     \
			     : __VA_ARGS__);
#define TELETAP_ARG_ "nor" /* a number, a place in memory, a register */
#define TELETAP_MARK1_(provider, name, size_a, a)                                                  \
	TELETAP_EMIT_(provider, name, size_a "@%0", TELETAP_ARG_(a))
#define TELETAP_MARK2_(provider, name, size_a, a, size_b, b)                                       \
	TELETAP_EMIT_(provider, name, size_a "@%0 " size_b "@%1", TELETAP_ARG_(a), TELETAP_ARG_(b))
#define TELETAP_MARK3_(provider, name, size_a, a, size_b, b, size_c, c)                            \
	TELETAP_EMIT_(provider, name, size_a "@%0 " size_b "@%1 " size_c "@%2", TELETAP_ARG_(a),   \
		      TELETAP_ARG_(b), TELETAP_ARG_(c))
#define TELETAP_MARK4_(provider, name, size_a, a, size_b, b, size_c, c, size_d, d)                 \
	TELETAP_EMIT_(provider, name, size_a "@%0 " size_b "@%1 " size_c "@%2 " size_d "@%3",      \
		      TELETAP_ARG_(a), TELETAP_ARG_(b), TELETAP_ARG_(c), TELETAP_ARG_(d))

#define TELETAP_STRING_(x) TELETAP_STRING_2_(x)
#define TELETAP_STRING_2_(x) #x
#define TELETAP_JOIN_(provider, name) TELETAP_JOIN_2_(provider, name)
#define TELETAP_JOIN_2_(provider, name) provider##_##name##_semaphore
#define TELETAP_SEMAPHORE_(name) TELETAP_JOIN_(TELETAP_PROVIDER, name)
#define TELETAP_ON_(name) __builtin_expect(TELETAP_SEMAPHORE_(name), 0)
#define TELETAP_HIDDEN_ __attribute__((visibility("hidden")))
#define TELETAP_TLS_ __attribute__((tls_model("initial-exec")))
#define TELETAP_COLD_ __attribute__((unused, noinline))

#define TELETAP_FIRE2_(marker, string, size, number)                                               \
	do {                                                                                       \
		if (TELETAP_ON_(marker)) {                                                         \
			const char *const teletap_name_ = teletap_touch_(string);                  \
			TELETAP_MARK2_(TELETAP_PROVIDER, marker, "8", teletap_name_, size,         \
				       (number))                                                   \
		}                                                                                  \
	} while (0)

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The ring, as it lies in memory and in a file. wrapper/collect/ring.c reads it from outside:
 * a change here is another version there.
 *
 * A lane's lines are taken in turn: line T, from 0, is in slot T % lines. Its writer
 * sets mark to 2T + 1, fills the slot, and sets mark to 2T + 2. A slot whose writer is
 * not ready, or has died, is passed over once, then taken from it; a line that got
 * torn like that has a wrong check. A reader believes a line when mark was the same
 * before and after, and the check is right.
 */
#define TELETAP_RING_VERSION_ 1
#define TELETAP_RING_LANES_ 3

enum teletap_lane_ {
	TELETAP_LANE_LOG_,   /* LOG, ERROR, START, STOP */
	TELETAP_LANE_ABOUT_, /* CONFIG, START, STOP */
	TELETAP_LANE_STATE_
};

enum teletap_kind_ {
	TELETAP_KIND_LOG_ = 1, /* level; the text */
	TELETAP_KIND_ERROR_,   /* level: handled; place, what */
	TELETAP_KIND_START_,   /* version, commit, build */
	TELETAP_KIND_STOP_,    /* reason */
	TELETAP_KIND_CONFIG_,  /* key, value */
	TELETAP_KIND_STATE_    /* level: enum teletap_part_; calculation, item, value */
};

enum teletap_part_ { TELETAP_INPUT_, TELETAP_STEP_, TELETAP_RESULT_ };

struct teletap_slot_ {
	uint64_t mark;
	uint64_t check; /* of all below, see teletap_check_ */
	uint64_t ticket;
	int64_t time_ns; /* CLOCK_REALTIME */
	int32_t pid, tid;
	uint8_t kind, level;
	uint16_t length; /* bytes of text; several texts are separated by a NUL */
	uint8_t cut;     /* there was more */
	uint8_t unused[3];
	char text[TELETAP_RING_TEXT]; /* the last 8 bytes that hold any are filled up with 0 */
};

struct teletap_ring_ {
	char magic[8]; /* "teletap\n" */
	uint32_t version;
	uint32_t header; /* bytes before the first slot */
	uint32_t slot;   /* bytes of each */
	uint32_t lanes;
	uint32_t lines; /* slots of each lane */
	int32_t pid;    /* that began it */
	int64_t start_ns;
	char provider[40];
	uint64_t check;   /* of all above */
	uint64_t lost;    /* lines that found no slot */
	uint64_t next[4]; /* of each lane: the next ticket */
	struct teletap_slot_ slots[TELETAP_RING_LANES_][TELETAP_RING_LINES];
};

#define TELETAP_SLOT_BYTES_ 48 + TELETAP_RING_TEXT
#define TELETAP_RING_BYTES_ 128 + 3 * TELETAP_RING_LINES *(TELETAP_SLOT_BYTES_)
typedef char teletap_sizes_[sizeof(struct teletap_ring_) == (TELETAP_RING_BYTES_) &&
					    TELETAP_RING_TEXT % 8 == 0 && TELETAP_RING_TEXT > 64 &&
					    TELETAP_RING_TEXT < 32768 && TELETAP_RING_LINES >= 16 &&
					    (TELETAP_RING_BYTES_) <= 16777216
				    ? 1
				    : -1];

/*
 * With a file, the ring is in memory that forked children share (teletap_mapped_), and
 * each slot is copied into the mapped file when it is complete. The kernel does that: a
 * store of the program's own into a file that was truncated would be a SIGBUS, and a file
 * descriptor may be closed, and its number given to another file, by programs that close
 * all they do not know.
 */
struct teletap_file_ {
	struct teletap_ring_ *at; /* only for the kernel; NULL: there is no file */
	uint64_t failed;          /* it could not be written, and that was said */
};

/* One place per use of TELETAP_TALLY and thread. */
struct teletap_tally_ {
	unsigned long long count, limit;
	long long sum;
	const char *event;
	struct teletap_tally_ *next;
};

/* What a thread has, TELETAP_THREAD_BYTES_ of it. */
struct teletap_thread_ {
	struct teletap_tally_ *tallies;
	int32_t pid, tid; /* 0: not asked for yet */
};
#define TELETAP_THREAD_BYTES_ 16

/*
 * What all files of a program share is defined in assembler, since that is the way to
 * have it once in C and C++ alike: the linker keeps one section of each group.
 */
#define TELETAP_DEFINE_(symbol, section, flags, kind, align, bytes)                                \
	__asm__(".ifndef " symbol "\n"                                                             \
		"\t.pushsection " section ",\"" flags "G\",%nobits," symbol ",comdat\n"            \
		"\t.weak " symbol "\n\t.hidden " symbol "\n\t.type " symbol ",%" kind "\n"         \
		"\t.balign " align "\n" symbol ":\n\t.zero " bytes "\n\t.size " symbol "," bytes   \
		"\n"                                                                               \
		"\t.popsection\n.endif\n")

extern struct teletap_ring_ teletap_ring_ TELETAP_HIDDEN_;
extern struct teletap_ring_ *teletap_mapped_ TELETAP_HIDDEN_; /* NULL: teletap_ring_ */
extern struct teletap_file_ teletap_file_ TELETAP_HIDDEN_;
extern int teletap_begun_ TELETAP_HIDDEN_;
extern int teletap_forks_ TELETAP_HIDDEN_; /* forks are told: numbers may be kept */
#ifdef __clang__ /* lld takes what assembly defines in LLVM's bitcode for no thread's own */
__attribute__((weak)) __thread struct teletap_thread_ teletap_thread_ TELETAP_HIDDEN_ TELETAP_TLS_;
#else
extern __thread struct teletap_thread_ teletap_thread_ TELETAP_HIDDEN_ TELETAP_TLS_;
TELETAP_DEFINE_("teletap_thread_", ".tbss.teletap_thread_", "awT", "tls_object", "8",
		TELETAP_STRING_(TELETAP_THREAD_BYTES_));
#endif
TELETAP_DEFINE_("teletap_ring_", ".bss.teletap_ring_", "aw", "object", "64",
		TELETAP_STRING_(TELETAP_RING_BYTES_));
TELETAP_DEFINE_("teletap_mapped_", ".bss.teletap_mapped_", "aw", "object", "8", "8");
TELETAP_DEFINE_("teletap_file_", ".bss.teletap_file_", "aw", "object", "8", "16");
TELETAP_DEFINE_("teletap_begun_", ".bss.teletap_begun_", "aw", "object", "4", "4");
TELETAP_DEFINE_("teletap_forks_", ".bss.teletap_forks_", "aw", "object", "4", "4");

/* A note, .note.teletap: where the ring is, for readers of the file. */
__asm__(".ifndef teletap_note_\n"
	"\t.pushsection .note.teletap,\"G\",%note,teletap_note_,comdat\n"
	"\t.weak teletap_note_\n\t.hidden teletap_note_\n"
	"\t.balign 4\nteletap_note_:\n"
	"\t.4byte 8, 24, 1\n\t.asciz \"teletap\"\n"
	"\t.8byte teletap_ring_, teletap_mapped_, " TELETAP_STRING_(
		TELETAP_RING_BYTES_) "\n"
				     "\t.popsection\n.endif\n");

#define TELETAP_MARKER_(name)                                                                      \
	extern volatile unsigned short TELETAP_SEMAPHORE_(name) TELETAP_HIDDEN_;                   \
	TELETAP_DEFINE_SEMAPHORE_(TELETAP_STRING_(TELETAP_SEMAPHORE_(name)))
#define TELETAP_DEFINE_SEMAPHORE_(symbol)                                                          \
	__asm__(".ifndef " symbol "\n"                                                             \
		"\t.pushsection .probes,\"awG\",%progbits," symbol ",comdat\n"                     \
		"\t.weak " symbol "\n\t.hidden " symbol "\n\t.type " symbol ",%object\n"           \
		"\t.balign 2\n" symbol ":\n\t.zero 2\n\t.size " symbol ",2\n"                      \
		"\t.popsection\n.endif\n")

/* One byte, at a known place. <sys/sdt.h> makes the same: the linker keeps one. */
__asm__(".ifndef _.stapsdt.base\n"
	"\t.pushsection .stapsdt.base,\"aG\",%progbits,.stapsdt.base,comdat\n"
	"\t.weak _.stapsdt.base\n\t.hidden _.stapsdt.base\n"
	"_.stapsdt.base:\n\t.zero 1\n\t.size _.stapsdt.base,1\n"
	"\t.popsection\n.endif\n");

/* The markers, and their arguments. */
TELETAP_MARKER_(teletap__start);       /* version, commit, build */
TELETAP_MARKER_(teletap__stop);        /* reason */
TELETAP_MARKER_(teletap__config);      /* key, value */
TELETAP_MARKER_(teletap__log);         /* level, text */
TELETAP_MARKER_(teletap__error);       /* place, what, handled */
TELETAP_MARKER_(teletap__state);       /* part, calculation, item, value */
TELETAP_MARKER_(teletap__counter);     /* name, delta */
TELETAP_MARKER_(teletap__gauge);       /* name, value */
TELETAP_MARKER_(teletap__span__begin); /* operation, id */
TELETAP_MARKER_(teletap__span__end);   /* operation, id, status */
TELETAP_MARKER_(teletap__tally);       /* name, events, sum of values */

/* Functions of libc under names of our own, as not every dialect of C declares them. */
struct teletap_time_ {
	long s, ns;
};
extern int teletap_clock_(int clock, struct teletap_time_ *now) __asm__("clock_gettime");
extern long teletap_syscall_(long number, ...) __asm__("syscall");
extern char *teletap_getenv_(const char *name) __asm__("secure_getenv");
extern long teletap_write_(int fd, const void *data, size_t size) __asm__("write");
extern int teletap_rename_(const char *from, const char *to) __asm__("rename");
extern int teletap_unlink_(const char *path) __asm__("unlink");
extern int teletap_close_(int fd) __asm__("close");
extern int teletap_at_fork_(void (*before)(void), void (*parent)(void), void (*child)(void),
			    void *object) __asm__("__register_atfork") __attribute__((weak));
extern int teletap_at_thread_exit_(void (*fn)(void *), void *arg,
				   void *object) __asm__("__cxa_thread_atexit_impl")
	__attribute__((weak));
extern void *teletap_object_ __asm__("__dso_handle") TELETAP_HIDDEN_;

/* ---- a printf that may be used in signal handlers ---- */

struct teletap_out_ {
	char *at, *end;
	int cut;
};

/*
 * A string that is about to be read from outside, by one who cannot wait for the disk:
 * its pages are brought into memory.
 */
static TELETAP_COLD_ const char *teletap_touch_(const char *string)
{
	const volatile char *s = string;

	if (!s)
		return "(null)";
	while (*s)
		s++;
	return string;
}

static inline void teletap_put_(struct teletap_out_ *o, const char *s, size_t n)
{
	if (n > (size_t)(o->end - o->at)) {
		n = (size_t)(o->end - o->at);
		o->cut = 1;
	}
	memcpy(o->at, s, n);
	o->at += n;
}

/* A string, no further than it has to be read. */
static inline void teletap_puts_(struct teletap_out_ *o, const char *s)
{
	size_t room = (size_t)(o->end - o->at), i;

	if (!s)
		s = "(null)";
	for (i = 0; s[i]; i++) {
		if (i == room) {
			o->cut = 1;
			break;
		}
		o->at[i] = s[i];
	}
	o->at += i;
}

static inline void teletap_pad_(struct teletap_out_ *o, char c, int n)
{
	for (; n > 0 && o->at < o->end; n--)
		*o->at++ = c;
	if (n > 0)
		o->cut = 1;
}

/* A conversion: %[flags][width][.precision][length]conversion. */
struct teletap_spec_ {
	int minus, plus, space, sharp, zero, width, precision; /* precision -1: none */
};

/* Sign or prefix, zeros, digits; all within the width. */
static inline void teletap_number_(struct teletap_out_ *o, const struct teletap_spec_ *f,
				   const char *prefix, int zeros, const char *digits, int n)
{
	int len = (int)strlen(prefix), pad = f->width - len - zeros - n;

	if (!f->minus && f->zero && pad > 0) {
		zeros += pad;
		pad = 0;
	}
	if (!f->minus)
		teletap_pad_(o, ' ', pad);
	teletap_put_(o, prefix, (size_t)len);
	teletap_pad_(o, '0', zeros);
	teletap_put_(o, digits, (size_t)n);
	if (f->minus)
		teletap_pad_(o, ' ', pad);
}

static inline int teletap_digits_(char *end, unsigned long long value, unsigned base, int upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char *at = end;

	for (; value; value /= base)
		*--at = digits[value % base];
	return (int)(end - at);
}

static inline void teletap_integer_(struct teletap_out_ *o, struct teletap_spec_ *f,
				    unsigned long long value, int negative, char conversion)
{
	char digits[24], *end = digits + sizeof(digits);
	unsigned base = conversion == 'o' ? 8 : conversion == 'x' || conversion == 'X' ? 16 : 10;
	int n = teletap_digits_(end, value, base, conversion == 'X');
	int least = f->precision < 0 ? 1 : f->precision;
	const char *prefix = negative ? "-" : f->plus ? "+" : f->space ? " " : "";

	if (base != 10)
		prefix = f->sharp && base == 16 && value ? conversion == 'x' ? "0x" : "0X" : "";
	if (base == 8 && f->sharp && least <= n)
		least = n + 1;
	if (f->precision >= 0)
		f->zero = 0;
	teletap_number_(o, f, prefix, least > n ? least - n : 0, end - n, n);
}

/* Digits of value (0 <= value < 1e18) with a point after the first ones. */
static inline int teletap_point_(char *out, long double value, int precision, int sharp)
{
	unsigned long long whole = (unsigned long long)value, part = 0, scale = 1;
	int kept = precision > 17 ? 17 : precision, n = 0, len;
	char digits[24], *end = digits + sizeof(digits);

	for (int i = 0; i < kept; i++)
		scale *= 10;
	value = (value - (long double)whole) * (long double)scale;
	part = (unsigned long long)value;
	value -= (long double)part;
	if (value > 0.5L || (value == 0.5L && (kept ? part : whole) % 2))
		part++;
	if (part >= scale) {
		part -= scale;
		whole++;
	}
	len = teletap_digits_(end, whole, 10, 0);
	if (!len)
		out[n++] = '0';
	memcpy(out + n, end - len, (size_t)len);
	n += len;
	if (precision > 0 || sharp)
		out[n++] = '.';
	len = teletap_digits_(end, part, 10, 0);
	for (int i = len; i < kept; i++)
		out[n++] = '0';
	if (kept)
		memcpy(out + n, end - len, (size_t)len);
	n += kept ? len : 0;
	for (int i = kept; i < precision; i++)
		out[n++] = '0';
	return n;
}

static inline int teletap_trim_(const char *out, int n)
{
	if (!memchr(out, '.', (size_t)n))
		return n;
	while (out[n - 1] == '0')
		n--;
	return out[n - 1] == '.' ? n - 1 : n;
}

/* Brings a value that is not negative to one digit before its point; returns the exponent. */
static inline int teletap_scale_(long double *value)
{
	int exponent = 0;

	while (*value >= 1e16L) {
		*value /= 1e16L;
		exponent += 16;
	}
	while (*value >= 10) {
		*value /= 10;
		exponent++;
	}
	while (*value > 0 && *value < 1e-15L) {
		*value *= 1e16L;
		exponent -= 16;
	}
	while (*value > 0 && *value < 1) {
		*value *= 10;
		exponent--;
	}
	return exponent;
}

/* Adds an exponent to the n characters of a number; returns how many they are then. */
static inline int teletap_exponent_(char *out, int n, int exponent, char e)
{
	unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);

	out[n++] = e;
	out[n++] = exponent < 0 ? '-' : '+';
	if (size > 99)
		out[n++] = (char)('0' + size / 100);
	out[n++] = (char)('0' + size / 10 % 10);
	out[n++] = (char)('0' + size % 10);
	return n;
}

static inline void teletap_float_(struct teletap_out_ *o, struct teletap_spec_ *f,
				  long double value, char conversion)
{
	char out[80], sign[2] = { 0, 0 };
	int exponent, precision = f->precision < 0 ? 6 : f->precision > 40 ? 40 : f->precision;
	int upper = conversion < 'a', n, general = conversion == 'g' || conversion == 'G';
	int scientific = !general && conversion != 'f' && conversion != 'F';
	long double scaled;

	sign[0] = (char)(__builtin_signbit(value) ? '-' : f->plus ? '+' : f->space ? ' ' : 0);
	if (__builtin_signbit(value))
		value = -value;
	if (value != value || value > 1.7976931348623157e308L) {
		f->zero = 0;
		teletap_number_(o, f, sign, 0,
				value != value ? upper ? "NAN" : "nan"
				: upper        ? "INF"
					       : "inf",
				3);
		return;
	}
	scaled = value;
	exponent = teletap_scale_(&scaled);
	if (general) {
		precision = (precision ? precision : 1) - 1;
		n = teletap_point_(out, scaled, precision, 0);
		if (n > 1 && out[1] != '.') /* 9.99 became 10.0 */
			exponent++;
		scientific = exponent < -4 || exponent > precision;
		if (!scientific)
			precision -= exponent;
	}
	if (!scientific && value >= 1e18L)
		scientific = 1;
	n = teletap_point_(out, scientific ? scaled : value, precision, f->sharp);
	if (scientific && n > 1 && out[1] >= '0' && out[1] <= '9') {
		n = teletap_point_(out, scaled / 10, precision, f->sharp);
		exponent += general ? 0 : 1;
	}
	if (general && !f->sharp)
		n = teletap_trim_(out, n);
	if (scientific)
		n = teletap_exponent_(out, n, exponent, upper ? 'E' : 'e');
	teletap_number_(o, f, sign, 0, out, n);
}

static inline void teletap_string_(struct teletap_out_ *o, const struct teletap_spec_ *f,
				   const char *s)
{
	size_t most = (size_t)(o->end - o->at) + 1, n = 0;

	if (!s)
		s = "(null)";
	if (f->precision >= 0 && (size_t)f->precision < most)
		most = (size_t)f->precision;
	while (n < most && s[n])
		n++;
	if (!f->minus)
		teletap_pad_(o, ' ', f->width > (int)n ? f->width - (int)n : 0);
	teletap_put_(o, s, n);
	if (f->minus)
		teletap_pad_(o, ' ', f->width > (int)n ? f->width - (int)n : 0);
}

static inline int teletap_value_(const char **format, va_list *args)
{
	int value = 0;

	if (**format == '*') {
		++*format;
		return va_arg(*args, int);
	}
	for (; **format >= '0' && **format <= '9'; ++*format)
		value = value > 10000 ? value : value * 10 + (**format - '0');
	return value;
}

/* The flags, width and precision that format points at; what is behind them. */
static inline const char *teletap_flags_(struct teletap_spec_ *f, const char *format, va_list *args)
{
	for (;; format++) {
		if (*format == '-')
			f->minus = 1;
		else if (*format == '+')
			f->plus = 1;
		else if (*format == ' ')
			f->space = 1;
		else if (*format == '#')
			f->sharp = 1;
		else if (*format == '0')
			f->zero = 1;
		else
			break;
	}
	f->width = teletap_value_(&format, args);
	if (f->width < 0) {
		f->minus = 1;
		f->width = f->width < -10000 ? 10000 : -f->width;
	}
	if (*format == '.') {
		format++;
		f->precision = teletap_value_(&format, args);
		if (f->precision < 0)
			f->precision = -1;
	}
	return format;
}

static inline long long teletap_signed_(int size, va_list *args)
{
	long long number = size == 'l' ? va_arg(*args, long) : va_arg(*args, int);

	return size == 'h' ? (short)number : size == 'c' ? (signed char)number : number;
}

static inline unsigned long long teletap_unsigned_(int size, va_list *args)
{
	long long number = size == 'l' ? va_arg(*args, long) : (long)va_arg(*args, unsigned);

	return (unsigned long long)(size == 'h'   ? (unsigned short)number
				    : size == 'c' ? (unsigned char)number
						  : number);
}

/* The conversion that format points at, behind its %. */
static inline const char *teletap_convert_(struct teletap_out_ *o, const char *format,
					   va_list *args)
{
	struct teletap_spec_ f = { 0, 0, 0, 0, 0, 0, -1 };
	int size = 0; /* of the argument: 'l' long, 'L' long double, 'h' short, 'c' char */
	long long number;
	char c;

	format = teletap_flags_(&f, format, args);
	for (; *format && strchr("hljztL", *format); format++)
		size = *format == 'h' ? (size == 'h' ? 'c' : 'h') : *format == 'L' ? 'L' : 'l';
	c = *format;
	switch (c) {
	case 'd':
	case 'i':
		number = teletap_signed_(size, args);
		teletap_integer_(o, &f,
				 number < 0 ? 0 - (unsigned long long)number
					    : (unsigned long long)number,
				 number < 0, c);
		break;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		f.plus = f.space = 0;
		teletap_integer_(o, &f, teletap_unsigned_(size, args), 0, c);
		break;
	case 'p':
		f.sharp = 1;
		teletap_integer_(o, &f, (unsigned long long)(uintptr_t)va_arg(*args, void *), 0,
				 'x');
		break;
	case 'c': {
		char text[2] = { (char)va_arg(*args, int), 0 };

		f.precision = -1;
		teletap_string_(o, &f, text);
		break;
	}
	case 's':
		teletap_string_(o, &f, va_arg(*args, const char *));
		break;
	case '%':
		teletap_put_(o, "%", 1);
		break;
	case '\0':
		return format;
	default:
		if (!strchr("aAeEfFgG", c)) {
			teletap_put_(o, "%?", 2);
			break;
		}
		teletap_float_(o, &f,
			       size == 'L' ? va_arg(*args, long double)
					   : (long double)va_arg(*args, double),
			       c);
	}
	return format + 1;
}

static inline void teletap_format_(struct teletap_out_ *o, const char *format, va_list *args)
{
	while (*format && o->at < o->end) {
		if (*format == '%')
			format = teletap_convert_(o, format + 1, args);
		else
			*o->at++ = *format++;
	}
	if (*format)
		o->cut = 1;
}

/* ---- the ring ---- */

static inline uint64_t teletap_check_(const void *data, size_t bytes)
{
	const char *at = (const char *)data;
	uint64_t sum = bytes;

	for (; bytes >= 8; bytes -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 29;
	}
	return sum;
}

/* Process and thread, kept where a fork is noticed. */
static inline void teletap_self_(struct teletap_slot_ *s)
{
	struct teletap_thread_ *t = &teletap_thread_;

	if (!t->tid || !teletap_forks_) {
		t->pid = (int32_t)teletap_syscall_(SYS_getpid);
		t->tid = (int32_t)teletap_syscall_(SYS_gettid);
	}
	s->pid = t->pid;
	s->tid = t->tid;
}

/* The bytes of a slot that its check is for. */
static inline size_t teletap_weight_(unsigned length)
{
	return sizeof(struct teletap_slot_) - offsetof(struct teletap_slot_, ticket) -
	       TELETAP_RING_TEXT + (length + 7u) / 8 * 8;
}

/*
 * Bytes of the ring into the file, at the same place. False: it failed. The process's
 * number is asked for each time: in a child made by clone() a kept one would be another
 * process's.
 */
static inline int teletap_copy_(const struct teletap_ring_ *ring, const void *at, size_t size)
{
	const struct {
		const void *at;
		size_t size;
	} from = { at, size },
	  to = { (const char *)teletap_file_.at + ((const char *)at - (const char *)ring), size };
	const int kept = errno;
	long n = teletap_syscall_(SYS_process_vm_writev, teletap_syscall_(SYS_getpid), &from, 1UL,
				  &to, 1UL, 0UL);

	errno = kept;
	return n == (long)size;
}

static void teletap_log_(int level, const char *format, ...);

/* A slot that is complete, into the file. */
static inline void teletap_copy_slot_(const struct teletap_ring_ *ring,
				      const struct teletap_slot_ *slot, size_t size)
{
	uint64_t mark;
	int good;

	do { /* again when another line has taken the slot: its copy may have come first */
		mark = __atomic_load_n(&slot->mark, __ATOMIC_ACQUIRE);
		good = teletap_copy_(ring, slot, size);
	} while (__atomic_load_n(&slot->mark, __ATOMIC_ACQUIRE) != mark);
	if (!good && !__atomic_exchange_n(&teletap_file_.failed, 1, __ATOMIC_RELAXED))
		teletap_log_(TELETAP_ERR,
			     "teletap: the file of " TELETAP_RING_VARIABLE " cannot be written any "
			     "more: truncated, or no room; restart the program");
}

/* A line whose kind, level, length, cut and text are set. */
static TELETAP_COLD_ void teletap_keep_(int lane, struct teletap_slot_ *line)
{
	struct teletap_ring_ *ring = __atomic_load_n(&teletap_mapped_, __ATOMIC_ACQUIRE);
	struct teletap_time_ now = { 0, 0 };
	uint64_t mark, writing;

	if (!ring)
		ring = &teletap_ring_;
	teletap_clock_(0, &now);
	line->time_ns = now.s * 1000000000L + now.ns;
	memset(line->unused, 0, sizeof(line->unused));
	memset(line->text + line->length, 0, (8u - line->length % 8u) % 8u);
	teletap_self_(line);
	for (int tries = 0; tries < 16; tries++) {
		uint64_t ticket = __atomic_fetch_add(&ring->next[lane], 1, __ATOMIC_RELAXED);
		struct teletap_slot_ *slot = &ring->slots[lane][ticket % TELETAP_RING_LINES];

		mark = __atomic_load_n(&slot->mark, __ATOMIC_RELAXED);
		writing = 2 * ticket + 1;
		if (mark > writing || (mark % 2 && writing - mark < 4 * TELETAP_RING_LINES) ||
		    !__atomic_compare_exchange_n(&slot->mark, &mark, writing, 0, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
			continue;
		__atomic_thread_fence(__ATOMIC_RELEASE);
		line->ticket = ticket;
		line->check = teletap_check_(&line->ticket, teletap_weight_(line->length));
		memcpy(&slot->check, &line->check,
		       sizeof(line->check) + teletap_weight_(line->length));
		__atomic_compare_exchange_n(&slot->mark, &writing, 2 * ticket + 2, 0,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
		if (ring != &teletap_ring_)
			teletap_copy_slot_(ring, slot,
					   offsetof(struct teletap_slot_, ticket) +
						   teletap_weight_(line->length));
		return;
	}
	__atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
	if (ring != &teletap_ring_)
		teletap_copy_(ring, &ring->lost, sizeof(ring->lost));
}

/* Begins a line; its texts go to o. */
static inline struct teletap_out_ teletap_line_(struct teletap_slot_ *line, int kind, int level)
{
	struct teletap_out_ o;

	line->kind = (uint8_t)kind;
	line->level = (uint8_t)level;
	o.at = line->text;
	o.end = line->text + TELETAP_RING_TEXT - 1; /* room for a NUL, for the marker */
	o.cut = 0;
	return o;
}

static inline void teletap_done_(struct teletap_slot_ *line, const struct teletap_out_ *o)
{
	line->length = (uint16_t)(o->at - line->text);
	line->cut = (uint8_t)o->cut;
	*o->at = '\0';
}

static inline struct teletap_out_ teletap_texts_(struct teletap_slot_ *line, int kind, int level,
						 const char *a, const char *b, const char *c)
{
	struct teletap_out_ o = teletap_line_(line, kind, level);
	char *const end = o.end;

	/* The first ones leave room for the last. */
	o.end = end - (b ? 64 : 0);
	teletap_puts_(&o, a);
	o.end = end - (c ? 32 : 0);
	if (b)
		*o.at++ = '\0';
	if (b)
		teletap_puts_(&o, b);
	o.end = end;
	if (c)
		*o.at++ = '\0';
	if (c)
		teletap_puts_(&o, c);
	teletap_done_(line, &o);
	return o;
}

/* ---- the macros with a line in the ring ---- */

static TELETAP_COLD_ void teletap_start_(const char *version, const char *commit, const char *build)
{
	struct teletap_slot_ line;

	teletap_texts_(&line, TELETAP_KIND_START_, 0, version, commit ? commit : "(null)",
		       build ? build : "(null)");
	teletap_keep_(TELETAP_LANE_LOG_, &line);
	teletap_keep_(TELETAP_LANE_ABOUT_, &line);
	if (TELETAP_ON_(teletap__start)) {
		TELETAP_MARK3_(TELETAP_PROVIDER, teletap__start, "8", version, "8", commit, "8",
			       build)
	}
}

static TELETAP_COLD_ void teletap_stop_(const char *reason)
{
	struct teletap_slot_ line;

	teletap_texts_(&line, TELETAP_KIND_STOP_, 0, reason, NULL, NULL);
	teletap_keep_(TELETAP_LANE_LOG_, &line);
	teletap_keep_(TELETAP_LANE_ABOUT_, &line);
	if (TELETAP_ON_(teletap__stop)) {
		TELETAP_MARK1_(TELETAP_PROVIDER, teletap__stop, "8", reason)
	}
}

static TELETAP_COLD_ void teletap_config_(const char *key, const char *value)
{
	struct teletap_slot_ line;

	teletap_texts_(&line, TELETAP_KIND_CONFIG_, 0, key, value ? value : "(null)", NULL);
	teletap_keep_(TELETAP_LANE_ABOUT_, &line);
	if (TELETAP_ON_(teletap__config)) {
		TELETAP_MARK2_(TELETAP_PROVIDER, teletap__config, "8", key, "8", value)
	}
}

static TELETAP_COLD_ void teletap_error_(const char *place, const char *what, int handled)
{
	struct teletap_slot_ line;

	teletap_texts_(&line, TELETAP_KIND_ERROR_, handled != 0, place, what ? what : "(null)",
		       NULL);
	teletap_keep_(TELETAP_LANE_LOG_, &line);
	if (TELETAP_ON_(teletap__error)) {
		const char *where = teletap_touch_(place), *message = teletap_touch_(what);

		TELETAP_MARK3_(TELETAP_PROVIDER, teletap__error, "8", where, "8", message, "-4",
			       handled)
	}
}

static TELETAP_COLD_ __attribute__((format(printf, 2, 3))) void teletap_log_(int level,
									     const char *format,
									     ...)
{
	struct teletap_slot_ line;
	struct teletap_out_ o = teletap_line_(&line, TELETAP_KIND_LOG_, level);
	va_list args;

	va_start(args, format);
	teletap_format_(&o, format, &args);
	va_end(args);
	teletap_done_(&line, &o);
	teletap_keep_(TELETAP_LANE_LOG_, &line);
	if (TELETAP_ON_(teletap__log)) {
		const char *const text = line.text;

		__asm__ __volatile__("" ::: "memory");
		TELETAP_MARK2_(TELETAP_PROVIDER, teletap__log, "-4", level, "8", text)
	}
}

static TELETAP_COLD_ __attribute__((format(printf, 4, 5))) void teletap_state_(
	int part, const char *calculation, const char *item, const char *format, ...)
{
	struct teletap_slot_ line;
	struct teletap_out_ o = teletap_texts_(&line, TELETAP_KIND_STATE_, part, calculation,
					       item ? item : "(null)", "");
	const char *const value = o.at;
	va_list args;

	va_start(args, format);
	teletap_format_(&o, format, &args);
	va_end(args);
	teletap_done_(&line, &o);
	teletap_keep_(TELETAP_LANE_STATE_, &line);
	if (TELETAP_ON_(teletap__state)) {
		__asm__ __volatile__("" ::: "memory");
		TELETAP_MARK4_(TELETAP_PROVIDER, teletap__state, "-4", part, "8", calculation, "8",
			       item, "8", value)
	}
}

/* ---- tallies ---- */

static inline void teletap_hand_over_(struct teletap_tally_ *t)
{
	const unsigned long long count = t->count;
	const long long sum = t->sum;
	const char *const name = t->event;

	t->count = 0;
	t->sum = 0;
	if (count && TELETAP_ON_(teletap__tally)) {
		teletap_touch_(name);
		TELETAP_MARK3_(TELETAP_PROVIDER, teletap__tally, "8", name, "8", count, "-8", sum)
	}
}

static TELETAP_COLD_ void teletap_flush_(void)
{
	for (struct teletap_tally_ *t = teletap_thread_.tallies; t; t = t->next)
		teletap_hand_over_(t);
}

static TELETAP_COLD_ void teletap_thread_end_(void *unused)
{
	(void)unused;
	teletap_flush_();
}

/* Events of another name come, the first ones, or those that are to be handed over. */
static TELETAP_COLD_ void teletap_tally_(struct teletap_tally_ *t, const char *name)
{
	if (!t->limit) {
		t->limit = TELETAP_TALLY_EVERY;
		t->next = teletap_thread_.tallies;
		if (!t->next && teletap_at_thread_exit_)
			teletap_at_thread_exit_(teletap_thread_end_, NULL, &teletap_object_);
		teletap_thread_.tallies = t;
	}
	if (t->count)
		teletap_hand_over_(t);
	t->event = name;
}

/* ---- at the beginning ---- */

static inline void teletap_title_(struct teletap_ring_ *r)
{
	struct teletap_time_ now = { 0, 0 };

	teletap_clock_(0, &now);
	memcpy(r->magic, "teletap\n", 8);
	r->version = TELETAP_RING_VERSION_;
	r->header = (uint32_t)offsetof(struct teletap_ring_, slots);
	r->slot = (uint32_t)sizeof(struct teletap_slot_);
	r->lanes = TELETAP_RING_LANES_;
	r->lines = TELETAP_RING_LINES;
	r->pid = (int32_t)teletap_syscall_(SYS_getpid);
	r->start_ns = now.s * 1000000000L + now.ns;
	strncpy(r->provider, TELETAP_STRING_(TELETAP_PROVIDER), sizeof(r->provider) - 1);
	r->check = teletap_check_(r, offsetof(struct teletap_ring_, check));
}

/* In a forked child: the calling thread is another one now. */
static TELETAP_COLD_ void teletap_forked_(void)
{
	teletap_thread_.tid = 0;
	/* What the parent has not handed over is the parent's. */
	for (struct teletap_tally_ *t = teletap_thread_.tallies; t; t = t->next) {
		t->count = 0;
		t->sum = 0;
	}
	if (!teletap_mapped_)
		teletap_title_(&teletap_ring_);
}

#define TELETAP_PATH_ 4096

/* name, or one of the names derived from it; 0: it is too long. */
static inline int teletap_path_(char path[TELETAP_PATH_], const char *name, const char *suffix,
				int number)
{
	struct teletap_out_ o;
	struct teletap_spec_ plain = { 0, 0, 0, 0, 0, 0, -1 };

	o.at = path;
	o.end = path + TELETAP_PATH_ - 1;
	o.cut = 0;
	for (; *name; name++) {
		if (name[0] == '%' && name[1] == 'p') {
			teletap_integer_(&o, &plain,
					 (unsigned long long)teletap_syscall_(SYS_getpid), 0, 'd');
			name++;
		} else {
			teletap_put_(&o, name, 1);
		}
	}
	teletap_puts_(&o, suffix);
	if (number)
		teletap_integer_(&o, &plain, (unsigned long long)number, 0, 'd');
	*o.at = '\0';
	return !o.cut;
}

/* What was said so far, into the memory that is to be shared: of which no more is touched. */
static inline void teletap_move_(struct teletap_ring_ *to)
{
	memcpy(to, &teletap_ring_, offsetof(struct teletap_ring_, slots));
	for (int lane = 0; lane < TELETAP_RING_LANES_; lane++) {
		for (int i = 0; i < TELETAP_RING_LINES; i++) {
			const struct teletap_slot_ *slot = &teletap_ring_.slots[lane][i];

			if (slot->mark)
				to->slots[lane][i] = *slot;
		}
	}
}

/*
 * The file is made under another name and takes its own when it is complete, so that
 * nobody finds a half-made one; before, the earlier ones move on.
 */
static TELETAP_COLD_ void teletap_map_(const char *name)
{
	char from[TELETAP_PATH_], to[TELETAP_PATH_];
	void *at = MAP_FAILED, *file = MAP_FAILED;
	int fd = -1;

	if (teletap_path_(from, name, ".new-", (int)teletap_syscall_(SYS_getpid)))
		fd = open(from, O_RDWR | O_CREAT | O_EXCL | TELETAP_CLOEXEC_, 0600);
	/* Written, not only made so long: where there is no room, it is told here and now. */
	if (fd >= 0 && teletap_write_(fd, &teletap_ring_, sizeof(teletap_ring_)) ==
			       (long)sizeof(teletap_ring_)) {
		at = mmap(NULL, sizeof(teletap_ring_), PROT_READ | PROT_WRITE,
			  MAP_SHARED | TELETAP_ANONYMOUS_, -1, 0);
		file = mmap(NULL, sizeof(teletap_ring_), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	if (fd >= 0)
		teletap_close_(fd);
	if (at != MAP_FAILED && file != MAP_FAILED) {
		teletap_move_((struct teletap_ring_ *)at);
		teletap_file_.at = (struct teletap_ring_ *)file;
	}
	if (!teletap_file_.at ||
	    !teletap_copy_((struct teletap_ring_ *)at, at, offsetof(struct teletap_ring_, slots))) {
		if (fd >= 0)
			teletap_unlink_(from);
		if (at != MAP_FAILED)
			munmap(at, sizeof(teletap_ring_));
		if (file != MAP_FAILED)
			munmap(file, sizeof(teletap_ring_));
		teletap_log_(TELETAP_ERR,
			     "teletap: " TELETAP_RING_VARIABLE "=%s: the file cannot be made",
			     name);
		return;
	}
	for (int i = TELETAP_RING_KEPT_; i > 0; i--) {
		teletap_path_(to, name, ".", i);
		teletap_path_(from, name, i > 1 ? "." : "", i - 1);
		teletap_rename_(from, to);
	}
	teletap_path_(from, name, ".new-", (int)teletap_syscall_(SYS_getpid));
	teletap_path_(to, name, "", 0);
	teletap_rename_(from, to);
	__atomic_store_n(&teletap_mapped_, (struct teletap_ring_ *)at, __ATOMIC_RELEASE);
}

/* Before main, and before constructors without a priority. */
static __attribute__((constructor(101), used)) void teletap_begin_(void)
{
	const char *name;

	if (__atomic_exchange_n(&teletap_begun_, 1, __ATOMIC_ACQ_REL))
		return;
	teletap_title_(&teletap_ring_);
	if (teletap_at_fork_ && !teletap_at_fork_(NULL, NULL, teletap_forked_, teletap_object_))
		teletap_forks_ = 1;
	name = teletap_getenv_(TELETAP_RING_VARIABLE);
	if (name && *name)
		teletap_map_(name);
}

#ifdef __cplusplus
}
#endif

#endif /* TELETAP_ENABLED */
#endif

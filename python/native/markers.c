// SPDX-License-Identifier: 0BSD
/*
 * The markers, all of provider teletap_python. Each is skipped while its semaphore,
 * which a tracer raises, is 0.
 *
 *   function__entry   file, function, line: as those of CPython. The line is the first
 *   function__return  one of the code object in both. Then how many functions are open
 *                     in the thread, this one included; 0: not known, since the thread
 *                     has changed stacks
 *   sums              address of struct sum, how many, the size of one, and how many
 *                     calls have been lost (counted, not timed, or not even that) since
 *                     the last batch. A row whose times are NO_TIME has been counted only
 *   gc__start         generation, as CPython; then where CPython is: the addresses of
 *                     _PyRuntime and PyCode_Type; then bits: 1 the collector works by itself,
 *                     2 a collection is due; -1: not known
 *   gc__done          objects found, as CPython
 *   import__find__load__start   the module's name, as CPython
 *   import__find__load__done    the same, and 1: found
 *   loaded            1: this module, once in a process that begins; for who watches those of
 *                     provider teletap_app, teletap__loaded is the same there
 *   audit             the event's name, and the tuple of its arguments, as CPython; then
 *                     where CPython is, as above
 */
#include "native.h"

#include "announce.h"

#define SEMAPHORE_OF(provider, name)                                                               \
	volatile unsigned short provider##_##name##_semaphore                                      \
		__attribute__((section(".probes"), visibility("hidden")))
#define SEMAPHORE(name) SEMAPHORE_OF(teletap_python, name)

SEMAPHORE(function__entry);
SEMAPHORE(function__return);
SEMAPHORE(sums);
SEMAPHORE(gc__start);
SEMAPHORE(gc__done);
SEMAPHORE(import__find__load__start);
SEMAPHORE(import__find__load__done);
SEMAPHORE(audit);
SEMAPHORE(loaded);
SEMAPHORE_OF(teletap_app, teletap__loaded);

/* By names of their own, as the headers have them of other types, or not at all. */
#define SYMBOL(name) __asm__(#name) __attribute__((weak))
extern const char runtime_symbol[] SYMBOL(_PyRuntime);
extern const char code_symbol[] SYMBOL(PyCode_Type);

/* In registers: where the linker has put their addresses, no tracer knows. */
static inline void places(const void **runtime, const void **code)
{
	*runtime = runtime_symbol;
	*code = code_symbol;
	__asm__("" : "+r"(*runtime), "+r"(*code));
}

int markers_wanted(void)
{
	int wants = 0;

	if (teletap_python_sums_semaphore)
		wants |= WANT_SUMS;
	if (teletap_python_function__entry_semaphore || teletap_python_function__return_semaphore)
		wants |= WANT_CALLS;
	if (teletap_python_gc__start_semaphore || teletap_python_gc__done_semaphore)
		wants |= WANT_GC;
	if (teletap_python_import__find__load__start_semaphore ||
	    teletap_python_import__find__load__done_semaphore)
		wants |= WANT_IMPORTS;
	if (teletap_python_audit_semaphore)
		wants |= WANT_AUDIT;
	return wants;
}

void markers_loaded(void)
{
	if (teletap_python_loaded_semaphore) {
		TELETAP_MARK1_(teletap_python, loaded, "-4", 1)
	}
	if (teletap_app_teletap__loaded_semaphore) {
		TELETAP_MARK1_(teletap_app, teletap__loaded, "-4", 1)
	}
}

void markers_gc_start(int generation, int state)
{
	if (teletap_python_gc__start_semaphore) {
		const void *runtime, *code;

		places(&runtime, &code);
		TELETAP_MARK4_(teletap_python, gc__start, "-4", generation, "8", runtime, "8", code,
			       "-4", state)
	}
}

void markers_gc_done(int64_t found)
{
	if (teletap_python_gc__done_semaphore) {
		TELETAP_MARK1_(teletap_python, gc__done, "-8", found)
	}
}

void markers_import_start(const char *name)
{
	if (teletap_python_import__find__load__start_semaphore) {
		TELETAP_MARK1_(teletap_python, import__find__load__start, "8", name)
	}
}

void markers_import_done(const char *name, int found)
{
	if (teletap_python_import__find__load__done_semaphore) {
		TELETAP_MARK2_(teletap_python, import__find__load__done, "8", name, "-4", found)
	}
}

void markers_audit(const char *event, const PyObject *arguments)
{
	if (teletap_python_audit_semaphore) {
		const void *runtime, *code;

		places(&runtime, &code);
		TELETAP_MARK4_(teletap_python, audit, "8", event, "8", arguments, "8", runtime, "8",
			       code)
	}
}

void markers_sums(const struct sum *rows, size_t n, uint64_t lost)
{
	if (teletap_python_sums_semaphore) {
		TELETAP_MARK4_(teletap_python, sums, "8", rows, "8", n, "8", sizeof(*rows), "8",
			       lost)
	}
}

void markers_entry(const char *file, const char *function, int line, uint32_t depth)
{
	if (teletap_python_function__entry_semaphore) {
		TELETAP_MARK4_(teletap_python, function__entry, "8", file, "8", function, "-4",
			       line, "4", depth)
	}
}

void markers_return(const char *file, const char *function, int line, uint32_t depth)
{
	if (teletap_python_function__return_semaphore) {
		TELETAP_MARK4_(teletap_python, function__return, "8", file, "8", function, "-4",
			       line, "4", depth)
	}
}

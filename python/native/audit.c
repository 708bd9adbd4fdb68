// SPDX-License-Identifier: 0BSD
/*
 * Audit events, by a hook that is added when somebody listens for the first time. CPython takes
 * none away again: from then on each event costs the tuple of its arguments and the test of a
 * semaphore (docs/teletap-python.3 says how much).
 *
 * A hook that is there already can refuse ours, by RuntimeError, and then CPython returns success
 * nevertheless (Python/sysmodule.c, PySys_AddAuditHook, 3.9 to 3.15). So an event of our own shows
 * whether ours is called; if not, each new listener is told, by an event that is none of CPython's.
 */
#include "native.h"

#include <string.h>

#define TRIAL "teletap.listens"
#define REFUSED "teletap.refused" /* wrapper/pages/audit.c makes a note of it */

/* Public, and the same since 3.8, but not among what the limited interface declares. */
extern int audit_add(int (*hook)(const char *, PyObject *, void *),
		     void *) __asm__("PySys_AddAuditHook") __attribute__((weak));
extern int audit_raise(const char *event, const char *format, ...) __asm__("PySys_Audit")
	__attribute__((weak));

static bool called; /* our hook has been */

static int hook(const char *event, PyObject *arguments, void *unused)
{
	(void)unused;
	if (!called) {
		called = true;
		if (!strcmp(event, TRIAL))
			return 0;
	}
	markers_audit(event, arguments);
	return 0;
}

void audit_switch(bool on)
{
	static bool added, was_on;

	if (on && !added && audit_add) {
		added = true;
		if (audit_add(hook, NULL) || audit_raise(TRIAL, NULL))
			PyErr_Clear();
	}
	if (on && !was_on && !called)
		markers_audit(REFUSED, NULL);
	was_on = on;
}

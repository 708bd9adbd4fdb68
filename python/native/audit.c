// SPDX-License-Identifier: 0BSD
/*
 * Audit events, by a hook that is added when somebody listens for the first time. CPython takes
 * none away again: from then on each event costs the tuple of its arguments and the test of a
 * semaphore (docs/teletap-python.3 says how much).
 */
#include "native.h"

/* Public, and the same since 3.8, but not among what the limited interface declares. */
extern int audit_add(int (*hook)(const char *, PyObject *, void *),
		     void *) __asm__("PySys_AddAuditHook") __attribute__((weak));

static int hook(const char *event, PyObject *arguments, void *unused)
{
	(void)unused;
	markers_audit(event, arguments);
	return 0;
}

void audit_switch(bool on)
{
	static bool added;

	if (!on || added || !audit_add)
		return;
	/* Hooks that are there may refuse it, which CPython does not say: not asked again. */
	added = true;
	if (audit_add(hook, NULL))
		PyErr_Clear();
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/session_explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fail.h"

int session_refused(const struct plan *plan, int64_t error, char **msg)
{
	int err = error < 4096 ? (int)error : EIO;

	if (err == EINVAL)
		return fail(
			msg, EBUSY,
			"%s: another tracer (bpftrace, perf, bcc) has taken a marker of page %d: "
			"stop it first",
			plan->file->path, plan->page->number);
	return fail(
		msg, EBUSY,
		"%s: the kernel refuses a probe of page %d (%s): the file is not what its markers "
		"say, or its file system allows no probes; reinstall it, or watch another page",
		plan->file->path, plan->page->number, strerror(err));
}

/* staprun's first complaint, for people. */
static void first_words(const char *words, char *out, size_t size)
{
	const char *start = strstr(words, "ERROR:");

	start = start ? start + strlen("ERROR:") : words;
	start += strspn(start, " \n");
	snprintf(out, size, "%.*s", (int)strcspn(start, "\n\r"), start);
}

int session_explain(const struct plan *plan, const struct runner *r, const struct session_end *end,
		    char **msg)
{
	int status = end->status;
	char why[300];

	first_words(r->words, why, sizeof(why));
	if (WIFSIGNALED(status))
		return fail(msg, ECANCELED,
			    "staprun was killed by signal %d: the figures end with the last "
			    "page; start again",
			    WTERMSIG(status));
	if (end->final)
		return fail(msg, ECANCELED,
			    "somebody ended staprun: the last page is complete; start again");
	if (WEXITSTATUS(status) == 127 && *why) /* of the dynamic loader, too */
		return fail(msg, ECANCELED, "staprun could not be started: %s", why);
	if (WEXITSTATUS(status) == 127)
		return fail(msg, ECANCELED, "there is no staprun here: install systemtap-runtime");
	if (strstr(r->words, "Invalid module format") || strstr(r->words, "mismatch"))
		return fail(msg, ECANCELED,
			    "the kernel refuses the module (%s): build it for this kernel: "
			    "'teletap build %s'",
			    why, plan->page->name);
	if (strstr(r->words, "not permitted") || strstr(r->words, "Required key") ||
	    strstr(r->words, "Key was rejected")) {
		if (r->is_signed)
			return fail(
				msg, ECANCELED,
				"the kernel does not know the key that signed the module (%s): "
				"enroll its certificate ('mokutil --import CERT', then boot), or "
				"sign with a key it knows",
				why);
		return fail(
			msg, ECANCELED,
			"the kernel refuses unsigned modules (%s): Secure Boot, lockdown or "
			"module.sig_enforce is on: sign it with 'teletap build %s --key KEY.pem "
			"--cert CERT'",
			why, plan->page->name);
	}
	if (*why)
		return fail(msg, ECANCELED, "staprun ended: %s: start again, or see 'dmesg'", why);
	if (end->stopping)
		return fail(msg, ECANCELED,
			    "staprun ended without its last snapshot: the figures end with "
			    "the last page; start again");
	return fail(msg, ECANCELED, "staprun ended without a reason: start again, or see 'dmesg'");
}

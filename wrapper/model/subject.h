/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TELETAP_MODEL_SUBJECT_H
#define TELETAP_MODEL_SUBJECT_H

/* The program that a page is about. */
struct render_target {
	int pid; /* 0: all processes of the binary, or */
	const char *exe;
	const char *python; /* version; "" when it is not Python */
	/* of a group, "KIND NAME": unit, cgroup, container, processes; NULL: none */
	const char *group;
};

#endif

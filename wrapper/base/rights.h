/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rights: what to do where the kernel refuses what root may do as a rule.
 */
#ifndef TELETAP_BASE_RIGHTS_H
#define TELETAP_BASE_RIGHTS_H

/*
 * The remedy at the end of an error's line: this one ("run as root ..."), unless we are root
 * already, whom a container, a unit or a user namespace has left without a capability.
 */
const char *rights_remedy(const char *of_others);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extension: a command that is to be started -> the build of the extension (python/) that its
 * CPython can load, which it can be given by its environment.
 */
#ifndef TELETAP_CPYTHON_EXTENSION_H
#define TELETAP_CPYTHON_EXTENSION_H

#include "target/target.h"

/*
 * Offers the target the build for its CPython, if it is a command that has one. Where there is
 * no build for it, target.unbuilt becomes its version. Failures are no errors: the command is
 * watched without.
 */
void extension_offer(struct target *t);

#endif

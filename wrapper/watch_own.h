/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch_own: 'teletap watch' for one of the pages that a program draws itself.
 */
#ifndef TELETAP_WATCH_OWN_H
#define TELETAP_WATCH_OWN_H

#include "teletap.h"

/* Prints the page every interval until the process ends. It needs -p. */
enum status watch_own(const struct opts *o, int number);

#endif

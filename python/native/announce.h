/* SPDX-License-Identifier: 0BSD */
/*
 * teletap.h, as all files of the extension include it.
 */
#ifndef TELETAP_ANNOUNCE_H
#define TELETAP_ANNOUNCE_H

#define TELETAP_PROVIDER teletap_app
#define TELETAP_RING_TEXT 464 /* Python's lines are longer */
#include "teletap.h"

#endif

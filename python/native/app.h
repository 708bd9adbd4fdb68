/* SPDX-License-Identifier: 0BSD */
/*
 * app: what a program says of itself, as include/teletap.h has it for C: the module's
 * functions that put lines into the ring and pass that header's markers, under the
 * provider teletap_app.
 */
#ifndef TELETAP_APP_H
#define TELETAP_APP_H

#include "native.h"

extern PyMethodDef app_methods[];

int app_begin(void);      /* -1 with an exception set */
bool app_wanted(void);    /* somebody counts tallies; needs no lock */
void app_hand_over(void); /* the tallies */
void app_forked(void);    /* in a child: the tallies belong to the parent */

#endif

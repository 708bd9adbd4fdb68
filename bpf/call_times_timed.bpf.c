// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long do calls of chosen functions take? Page 221 of a CPython 3.9 or 3.15, by its own
 * markers.
 */
#include "call_times.h"
#include "session.h"

struct times_tables tables;

#include "frame_calls.h"

#include "took.h"

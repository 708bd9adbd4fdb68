// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which function calls which, one event after the other? Page 222 of a CPython 3.9 or 3.15, by its
 * own markers.
 */
#include "flow.h"
#include "session.h"

struct flow_tables tables;

#include "frame_calls.h"

#include "flow_calls.h"

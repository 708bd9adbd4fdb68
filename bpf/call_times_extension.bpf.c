// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long do calls of chosen functions take? Page 221 by the extension's markers.
 */
#include "call_times.h"
#include "session.h"

struct times_tables tables;

#include "open_calls.h"

#include "took.h"

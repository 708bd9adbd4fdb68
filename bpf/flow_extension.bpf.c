// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which function calls which, one event after the other? Page 222 by the extension's markers.
 */
#include "flow.h"
#include "session.h"

struct flow_tables tables;

#include "open_calls.h"

#include "flow_calls.h"

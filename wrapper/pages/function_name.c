// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/function_name.h"

#include <inttypes.h>

void name_fill(const struct state *s, struct table *t, int64_t name, struct cell *function,
	       struct cell *file, struct cell *line, struct cell *where)
{
	const struct record *r = name ? state_find(s, LINE_NAME, name) : NULL;

	*function = *file = *line = (struct cell){ .unknown = true };
	*where = (struct cell){ .text = name ? "?" : "(no Python function)" };
	if (!r)
		return;
	*function = (struct cell){ .text = record_text(r, NAME_FUNCTION) };
	*file = (struct cell){ .text = record_text(r, NAME_FILE) };
	*line = (struct cell){ .number = record_now(r, NAME_LINE) };
	where->text = table_text(t, "%s  %s:%" PRId64, function->text, file->text, line->number);
}

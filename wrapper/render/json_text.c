// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/json_text.h"

#include <stdlib.h>

#include "model/quote.h"

json_t *json_text(const char *s)
{
	char *quoted = quote_json(s);
	json_t *value = quoted ? json_loads(quoted, JSON_DECODE_ANY, NULL) : NULL;

	free(quoted);
	return value;
}

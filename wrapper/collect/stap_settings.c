// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/stap_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define STACKS "stacks"
#define STACKS_HZ_MAX 990 /* its clock ticks about a thousand times a second */

int stap_settings_read(struct stap_settings *out, const struct plan *plan, const struct opts *o,
		       char **msg)
{
	bool stacks = !strcmp(plan->module, STACKS);
	int n = 0;

	*out = (struct stap_settings){ 0 };
	for (int i = 0; i < o->n_settings; i++) {
		char letter = o->settings[i].letter;
		const char *text = o->settings[i].text, *value = strchr(text, '=');

		/* The extension times calls in any case. */
		if (!module_takes(plan->module, letter) ||
		    (letter == OPTS_COUNTS && strcmp(plan->origin->provider, "python") != 0))
			continue;
		out->counts |= letter == OPTS_COUNTS;
		if (stacks && (letter == OPTS_RATE || letter == OPTS_HZ) && value) {
			if (atoi(value + 1) > STACKS_HZ_MAX)
				return fail(msg, EINVAL,
					    "--%s%s: by stap page 223 takes at most %d samples a "
					    "second; '--collector memory' takes more",
					    letter == OPTS_HZ ? "hz" : "rate", value,
					    STACKS_HZ_MAX);
			snprintf(out->hz, sizeof(out->hz), "teletap_hz%.100s", value);
			text = out->hz;
		}
		out->list[n++] = text;
	}
	if (plan->jit)
		out->list[n++] = "teletap_jit=1";
	return 0;
}

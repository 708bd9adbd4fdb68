// SPDX-License-Identifier: GPL-2.0-or-later
#include "render/render.h"

#include <stdio.h>
#include <stdlib.h>

static char *draw_one(enum output output, const struct render *r)
{
	return output == OUTPUT_JSON ? render_json(r) : render_text(r);
}

char *render_pages(enum output output, const struct render *list, int n)
{
	char *all = NULL;
	size_t size;
	FILE *f;
	int i;

	if (output == OUTPUT_OPENMETRICS)
		return render_openmetrics(list, n);
	if (n == 1)
		return draw_one(output, list);
	f = open_memstream(&all, &size);
	for (i = 0; f && i < n; i++) {
		char *page = draw_one(output, &list[i]);

		if (!page)
			break;
		fprintf(f, "%s%s", i ? "\n" : "", page);
		free(page);
	}
	if (f && !fclose(f) && i == n)
		return all;
	free(all);
	return NULL;
}

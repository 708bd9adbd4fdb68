// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes everything between a module's bytes and a page: the first line is the path
 * of the target, the rest is what a module sends. Besides what the sanitizers see,
 * what the stages promise is checked.
 */
// with: wrapper/pages/*.c wrapper/model/{syscalls,escape}.c
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/histogram.c"
#include "model/line.c"
#include "model/quote.c"
#include "model/state.c"
#include "model/store.c"
#include "model/table.c"
#include "pages/page.h"
#include "render/cell.c"
#include "render/json.c"
#include "render/text.c"

/* Printable, UTF-8 as far as we can tell, and no wider than a terminal. */
static void text_check(const char *page)
{
	int width = 0;

	for (const unsigned char *p = (const unsigned char *)page; *p; p++) {
		if (*p == '\n') {
			width = 0;
			continue;
		}
		assert(*p >= 0x20 && *p != 0x7f);
		width += (*p & 0xc0) != 0x80;
		assert(width <= WIDTH);
	}
}

/* One line of ASCII that a reader of JSON takes. */
static void json_check(const char *page)
{
	json_t *parsed = json_loads(page, JSON_REJECT_DUPLICATES, NULL);

	assert(parsed);
	assert(json_is_array(json_object_get(parsed, "rows")));
	json_decref(parsed);
	for (const char *p = page; *p; p++)
		assert((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80);
}

static void state_check(const struct state *s)
{
	const struct store *all = &s->store;
	size_t text = 0;

	assert(state_interval_s(s) >= 0 && state_attached_s(s) >= state_interval_s(s));
	assert(all->n <= STORE_RECORDS && 2 * all->n <= all->n_index + !all->n_index);
	for (size_t k = 0; k < all->n; k++) {
		const struct record *r = all->list[k];

		for (int i = 0; record_fields(r)[i]; i++) {
			const struct field *f = &r->field[i];

			text += f->text ? strlen(f->text) + 1 : 0;
			text += f->next_text ? strlen(f->next_text) + 1 : 0;
			if (record_fields(r)[i] == 's' && r->present)
				assert(f->now >= f->before && f->before >= f->first &&
				       f->first >= 0);
		}
	}
	assert(text == all->text_bytes);
}

static void pages_check(struct render *r, struct state *s)
{
	char *text = render_text(r), *json = render_json(r);

	text_check(text);
	json_check(json);
	free(text);
	free(json);
	r->number++;
	if (r->number % 3)
		state_shown(s);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *copy = malloc(size + 1), *rest = copy, *end;
	struct state *s = calloc(1, sizeof(*s));
	struct render_target target = { .python = "3.14.8", .pid = (int)size };
	struct render r = { .page = &pages[size % (size_t)n_pages], .target = &target, .state = s };

	memcpy(copy, data, size);
	copy[size] = '\0';
	while ((end = memchr(rest, '\n', size - (size_t)(rest - copy)))) {
		int64_t before = s->snapshots;
		int ret;

		if (!target.exe) {
			*end = '\0';
			target.exe = rest;
			rest = end + 1;
			continue;
		}
		ret = state_take(s, rest, (size_t)(end - rest));
		assert(ret == 0 || ret == 1 || ret == -EPROTO);
		assert(s->snapshots == before + (ret == 1));
		if (ret == 1) {
			state_check(s);
			pages_check(&r, s);
		}
		rest = end + 1;
	}
	state_free(s);
	free(s);
	free(copy);
	return 0;
}

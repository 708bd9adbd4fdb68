// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/stack_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "pages/stacks.h"

static bool has_stacks(const struct page *page)
{
	return page->fill == page_stacks_fill;
}

bool export_possible(const struct opts *o, const struct page *const *shown, int n)
{
	for (int i = 0; i < n; i++) {
		if (has_stacks(shown[i]))
			return true;
	}
	if (o->folded || o->speedscope || o->svg)
		say("--%s keeps the stacks of page 223: name this page too", o->folded ? "folded"
									     : o->speedscope
										     ? "speedscope"
										     : "svg");
	return !o->folded && !o->speedscope && !o->svg;
}

/* The text under a name of its own, and then under the one it is to have. */
static int write_whole(const char *path, const char *text)
{
	char *tmp = NULL;
	int fd, err = ENOMEM;
	FILE *f;

	if (!text || asprintf(&tmp, "%s.XXXXXX", path) < 0)
		goto out;
	fd = mkostemp(tmp, O_CLOEXEC);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	err = f ? 0 : errno;
	if (fd >= 0 && !f)
		close(fd);
	if (f && (fputs(text, f) < 0 || fchmod(fd, 0644)))
		err = errno;
	if (f && fclose(f) && !err)
		err = errno;
	if (!err && rename(tmp, path))
		err = errno;
	if (err && fd >= 0)
		unlink(tmp);
	free(tmp);
out:
	if (err)
		say("%s: %s", path, strerror(err));
	return err;
}

int export_write(const struct opts *o, const struct page *page, const struct state *s,
		 const char *name)
{
	char *text;
	int err = 0;

	if (!has_stacks(page))
		return 0;
	if (o->folded) {
		text = stacks_folded(s);
		err = write_whole(o->folded, text);
		free(text);
	}
	if (o->speedscope && !err) {
		text = stacks_speedscope(s, name);
		err = write_whole(o->speedscope, text);
		free(text);
	}
	if (o->svg && !err) {
		text = stacks_svg(s, name);
		err = write_whole(o->svg, text);
		free(text);
	}
	return err;
}

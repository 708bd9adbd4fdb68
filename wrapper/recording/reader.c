// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

const char *const moment_words[] = { "base", "again", "page", "last", NULL };

/* Cuts the next line off *rest; NULL when no whole one is left. */
static char *take_line(char **rest, const char *end)
{
	char *line = *rest, *stop = memchr(line, '\n', (size_t)(end - line));

	if (!stop || memchr(line, '\0', (size_t)(stop - line)))
		return NULL;
	*stop = '\0';
	*rest = stop + 1;
	return line;
}

/* Cuts line into exactly n fields. */
static bool take_fields(char *line, char **fields, int n)
{
	for (int i = 0; i < n; i++) {
		fields[i] = strsep(&line, "\t");
		if (!fields[i])
			return false;
	}
	return !line;
}

static int fields_of(const char *line)
{
	int n = 1;

	for (; (line = strchr(line, '\t')); line++)
		n++;
	return n;
}

static bool take_number(const char *s, int64_t max, int64_t *value)
{
	*value = 0;
	for (const char *p = s; *p; p++) {
		if (*p < '0' || *p > '9' || *value > (max - (*p - '0')) / 10)
			return false;
		*value = *value * 10 + (*p - '0');
	}
	return *s;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes \xHH. */
static bool take_text(const char *s, char *out, size_t size)
{
	size_t n = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\\') {
			if (s[1] != 'x' || hex(s[2]) < 0 || hex(s[3]) < 0)
				return false;
			c = (unsigned char)(hex(s[2]) << 4 | hex(s[3]));
			s += 3;
		}
		if (!c || n + 1 >= size)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

/* Decompresses the next frame into text; *len: its size. As recording_next. */
static int next_frame(struct recording *r, size_t *len)
{
	const unsigned char *frame = r->data + r->at;
	size_t left = r->size - r->at, bytes, n;
	unsigned long long content;

	if (!left)
		return 0;
	bytes = ZSTD_findFrameCompressedSize(frame, left);
	if (ZSTD_isError(bytes)) {
		r->cut = ZSTD_getErrorCode(bytes) == ZSTD_error_srcSize_wrong;
		return r->cut ? 0 : -EBADMSG;
	}
	content = ZSTD_getFrameContentSize(frame, bytes);
	if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR || !content ||
	    content > RECORDING_FRAME_MAX)
		return -EBADMSG;
	if (content + 1 > r->room) {
		char *more = realloc(r->text, content + 1);

		if (!more)
			return -ENOMEM;
		r->text = more;
		r->room = content + 1;
	}
	n = ZSTD_decompress(r->text, content, frame, bytes);
	if (ZSTD_isError(n) || n != content)
		return -EBADMSG;
	r->text[n] = '\0';
	r->at += bytes;
	*len = n;
	return 1;
}

int recording_begin(struct recording *r, const void *data, size_t size)
{
	char *rest, *end, *line, *fields[5] = { 0 };
	int64_t number;
	size_t len;
	int ret;

	*r = (struct recording){ .data = data, .size = size };
	ret = next_frame(r, &len);
	if (ret < 1)
		return ret == -ENOMEM ? ret : -EINVAL;
	rest = r->text;
	end = rest + len;
	line = take_line(&rest, end);
	if (!line || !take_fields(line, fields, 2) || strcmp(fields[0], "recording") ||
	    !take_number(fields[1], INT_MAX, &number))
		return -EINVAL;
	if (number != RECORDING_VERSION)
		return -EPROTO;
	line = take_line(&rest, end);
	if (!line || !take_fields(line, fields, fields_of(line) == 5 ? 5 : 4) ||
	    strcmp(fields[0], "target") || !take_number(fields[1], INT_MAX, &number) ||
	    !take_text(fields[2], r->exe, sizeof(r->exe)) ||
	    !take_text(fields[3], r->python, sizeof(r->python)) ||
	    !take_text(fields[4] ? fields[4] : "", r->group, sizeof(r->group)) || rest != end)
		return -EINVAL;
	r->pid = (int)number;
	return 0;
}

static bool take_moment(char *line, struct moment *m)
{
	char *fields[4];
	int kind;

	if (!line || !take_fields(line, fields, 4) || strcmp(fields[0], "moment"))
		return false;
	for (kind = 0; moment_words[kind] && strcmp(moment_words[kind], fields[1]); kind++)
		;
	m->kind = (enum moment_kind)kind;
	return moment_words[kind] && take_number(fields[2], INT64_MAX, &m->number) &&
	       take_number(fields[3], INT64_MAX, &m->real_ns);
}

/* A name that can be one of a module. */
static bool good_name(const char *s)
{
	size_t len = strlen(s);

	return len && len < RECORDING_NAME &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

int recording_next(struct recording *r, struct moment *m)
{
	char *rest, *end;
	size_t len;
	int ret = next_frame(r, &len);

	*m = (struct moment){ 0 };
	if (ret < 1)
		return ret;
	rest = r->text;
	end = rest + len;
	if (!take_moment(take_line(&rest, end), m))
		return -EBADMSG;
	while (rest < end) {
		struct moment_part *part = &m->parts[m->n_parts];
		char *line = take_line(&rest, end), *fields[5];
		int64_t bytes;

		if (m->n_parts == RECORDING_MODULES || !line || !take_fields(line, fields, 5) ||
		    strcmp(fields[0], "from") || !good_name(fields[1]) ||
		    !take_number(fields[2], end - rest, &bytes) ||
		    !take_number(fields[3], INT64_MAX, &part->begin_ns) ||
		    !take_number(fields[4], INT64_MAX, &part->not_understood) ||
		    (bytes && rest[bytes - 1] != '\n'))
			return -EBADMSG;
		part->module = fields[1];
		part->lines = rest;
		part->len = (size_t)bytes;
		rest += bytes;
		m->n_parts++;
	}
	return 1;
}

void recording_end(struct recording *r)
{
	free(r->text);
	r->text = NULL;
}

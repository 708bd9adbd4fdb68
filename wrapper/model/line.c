// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/line.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
enum { CONTROL, FIGURE, DICTIONARY };

const struct line_grammar line_grammar[LINE_KINDS] = {
#define RECORD(NAME, word_, CLASS, what)                                                           \
	[LINE_##NAME].word = (word_), [LINE_##NAME].dictionary = (CLASS) == DICTIONARY,
#define FIELD(NAME, FIELD, type, below_, unit, what)                                               \
	[LINE_##NAME].fields[NAME##_##FIELD] = (type), [LINE_##NAME].below[NAME##_##FIELD] = (below_),
#include "model/records.def"
};
/* clang-format on */

static bool parse_number(const char *s, bool negative, int64_t *value)
{
	int sign = negative && *s == '-' ? -1 : 1;
	int64_t sum = 0;

	if (sign < 0)
		s++;
	if (!*s)
		return false;
	for (; *s; s++) {
		int digit = *s - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, sign * digit, &sum))
			return false;
	}
	*value = sum;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Undoes \xHH in place. A string cut in the kernel may end inside an escape. */
static bool unescape(char *s)
{
	char *to = s;

	while (*s) {
		int high, low;

		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
		if (*s != '\\') {
			*to++ = *s++;
			continue;
		}
		if (s[1] != 'x' || (high = hex(s[2])) < 0 || (low = hex(s[3])) < 0)
			return false;
		if (high || low) /* a NUL would end the string for its readers */
			*to++ = (char)(high << 4 | low);
		s += 4;
	}
	*to = '\0';
	return true;
}

/* Cuts the next field off *rest; NULL when there is none left. */
static char *field(char **rest)
{
	char *start = *rest, *tab;

	if (!start)
		return NULL;
	tab = strchr(start, '\t');
	if (tab)
		*tab++ = '\0';
	*rest = tab;
	return start;
}

int line_parse(char *text, size_t len, struct line *line)
{
	char *rest = text, *word, *value, zero[] = "0";
	const struct line_grammar *g;
	int k, i;

	if (len >= LINE_BYTES || memchr(text, '\0', len))
		return -EINVAL;
	text[len] = '\0';
	word = field(&rest);
	for (k = 0; k < LINE_KINDS && strcmp(line_grammar[k].word, word); k++)
		;
	if (k == LINE_KINDS)
		return -ENOMSG;

	line->kind = (enum line_kind)k;
	g = &line_grammar[k];
	for (i = 0; g->fields[i]; i++) {
		char type = g->fields[i];

		value = field(&rest);
		if (!value && type == 'w')
			value = zero;
		line->text[i] = NULL;
		if (!value && type == 'o')
			continue;
		if (!value)
			return -EINVAL;
		if (type == 't' || type == 'K' || type == 'o') {
			if (!unescape(value))
				return -EINVAL;
			line->text[i] = value;
		} else if (!parse_number(value, type == 'n' && k >= LINE_PROCS, &line->num[i])) {
			return -EINVAL;
		}
		if (g->below[i] && line->num[i] >= g->below[i])
			return -EINVAL;
		/* The version decides how the rest of a hello reads. */
		if (line->kind == LINE_HELLO && i == HELLO_VERSION && line->num[i] != LINE_VERSION)
			return -EPROTO;
	}
	return rest ? -EINVAL : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/line.h"

#include <errno.h>
#include <string.h>

const struct line_grammar line_grammar[LINE_KINDS] = {
	[LINE_HELLO] = { "teletap", "nto" },
	[LINE_REFUSED] = { "refused", "n" },
	[LINE_SNAP] = { "snap", "nnnn" },
	[LINE_LOSS] = { "loss", "nnn" },
	[LINE_END] = { "end", "n" },
	[LINE_PROCS] = { "procs", "n" },
	[LINE_PROCESSORS] = { "processors", "nnn" },
	[LINE_THREADS] = { "threads", "nnnn" },
	[LINE_BY] = { "by", "n" },
	[LINE_WHO] = { "who", "knn", .dictionary = true },
	[LINE_GC] = { "gc", "kssssmw", .below = { 3 } },
	[LINE_WAITER] = { "waiter", "knntssssm" },
	[LINE_WAITED] = { "waited", "kks", .below = { 1, 960 } },
	[LINE_HOLDER] = { "holder", "kss" },
	[LINE_NAME] = { "name", "kttn", .dictionary = true },
	[LINE_NODE] = { "node", "knn", .dictionary = true },
	[LINE_CALL] = { "call", "ksssw" },
	[LINE_TIMED] = { "timed", "nnnn" },
	[LINE_TOOK] = { "took", "kks", .below = { 0, 960 } },
	[LINE_LONGEST] = { "longest", "ksm" },
	[LINE_FLOW] = { "flow", "knnnnnn" },
	[LINE_LEFT] = { "left", "s" },
	[LINE_SYSCALL] = { "syscall", "kkssssmw" },
	[LINE_FAILED] = { "failed", "kkksw" },
	[LINE_OFF] = { "off", "kkkssssmw" },
	[LINE_OFFTIME] = { "offtime", "kks", .below = { 2, 960 } },
	[LINE_FAULT] = { "fault", "kssssssw" },
	[LINE_STACKS] = { "stacks", "nssss" },
	[LINE_IMPORT] = { "import", "knnsssssw" },
	[LINE_UNPAIRED] = { "unpaired", "s" },
	[LINE_AUDIT] = { "audit", "ksw" },
	[LINE_ARGUMENT] = { "argument", "knnt", .dictionary = true },
	[LINE_ARGUED] = { "argued", "ksw" },
	[LINE_EVENTS] = { "events", "s" },
	[LINE_EVENT] = { "event", "knnnnnnnnnnn" },
	[LINE_COST] = { "cost", "ksssssssssw", .below = { 3 } },
	[LINE_OUTSIDE] = { "outside", "sss" },
	[LINE_HIT] = { "hit", "kkkks" },
	[LINE_PROCESS] = { "process", "knnntttnnnn", .dictionary = true },
	[LINE_STARTS] = { "starts", "ssss" },
	[LINE_SHORT] = { "short", "knntnttnnnn", .dictionary = true },
	[LINE_SHORTS] = { "shorts", "sss" },
	[LINE_DISK] = { "disk", "ktsssssssssssm" },
	[LINE_DISKTIME] = { "disktime", "kks", .below = { 64, 960 } },
	[LINE_COUNTER] = { "counter", "ksss" },
	[LINE_GAUGE] = { "gauge", "ksnnn" },
	[LINE_TALLY] = { "tally", "kssss" },
	[LINE_SPAN] = { "span", "ksssssm" },
	[LINE_SPANGONE] = { "spangone", "ks" },
	[LINE_SPANTIME] = { "spantime", "kks", .below = { 0, 960 } },
	[LINE_ERROR] = { "error", "kssn" },
	[LINE_HOST] = { "host", "nnnnnnn" },
	[LINE_MEMORY] = { "memory", "nnnnn" },
	[LINE_PRESSURE] = { "pressure", "kknnns", .below = { 3, 2 } },
	[LINE_SPACE] = { "space", "Kttnnnnnn" },
	[LINE_MOUNTS] = { "mounts", "nnnnn" },
	[LINE_UNITS] = { "units", "nn" },
	[LINE_UNIT] = { "unit", "Ktttt" },
	[LINE_RING] = { "ring", "nnnnnn" },
	[LINE_ABOUT] = { "about", "ktt" },
	[LINE_SAID] = { "said", "kknnnnnnttt" },
	[LINE_RUN] = { "run", "knnnnttt" },
	[LINE_CRASH] = { "crash", "knnnnnnnnnnnttt", .dictionary = true },
	[LINE_PIECE] = { "piece", "kkkt", .dictionary = true },
	[LINE_MAPPED] = { "mapped", "kknnnnt", .dictionary = true },
	[LINE_UNMAPPED] = { "unmapped", "kn", .dictionary = true },
	[LINE_OPEN] = { "open", "kknnn", .dictionary = true },
	[LINE_FRAME] = { "frame", "kknt", .dictionary = true },
	[LINE_WORDS] = { "words", "kkknnnnnnttt", .dictionary = true },
	[LINE_KEPT] = { "kept", "kntt", .dictionary = true },
	[LINE_CRASHES] = { "crashes", "s" },
	[LINE_BESIDE] = { "beside", "kt", .dictionary = true },
	[LINE_OTHER] = { "other", "Knn", .dictionary = true },
	[LINE_PAUSE] = { "pause", "kksw", .below = { 3, 960 } },
};

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
		if (i < 2 && g->below[i] && line->num[i] >= g->below[i])
			return -EINVAL;
		/* The version decides how the rest of a hello reads. */
		if (line->kind == LINE_HELLO && i == 0 && line->num[0] != LINE_VERSION)
			return -EPROTO;
	}
	return rest ? -EINVAL : 0;
}

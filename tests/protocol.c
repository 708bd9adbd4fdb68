// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * protocol: the table of records, wrapper/model/records.def, as text, for tests/21-protocol.bats.
 *
 *   protocol          the part of docs/protocol.md that is made from the table
 *   protocol -w       a line for each record: its word and its fields' types, see line.h
 */
#include <stdio.h>
#include <string.h>

#include "model/line.h"

struct field {
	const char *name;
	char type;
	int below;
	const char *unit, *what;
};

enum { CONTROL, FIGURE, DICTIONARY, HEADING };

static const struct {
	const char *word, *what;
	int class;
	struct field fields[LINE_FIELDS + 1];
} records[] = {
/* clang-format off */
#define SECTION(title) { .class = HEADING, .what = (title) },
#define RECORD(NAME, word_, CLASS, what_) { .word = (word_), .class = (CLASS), .what = (what_), .fields = {
#define FIELD(NAME, FIELD, type, below, unit, what) { #FIELD, type, below, unit, what },
#define RECORD_END(NAME) } },
#include "model/records.def"
	/* clang-format on */
};

/* The type of a field in words. */
static void put_type(const struct field *f)
{
	static const char letters[] = "kKwsmnto";
	static const char *const words[] = {
		"key",    "key, text", "key, may be missing", "sum", "maximum",
		"number", "text",      "text, may be missing"
	};

	fputs(words[strchr(letters, f->type) - letters], stdout);
	if (f->below)
		printf(", below %d", f->below);
}

static void put_markdown(void)
{
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (records[i].class == HEADING) {
			printf("\n## %s\n", records[i].what);
			continue;
		}
		printf("\n### %s\n\n%s%s\n\n", records[i].word, records[i].what,
		       records[i].class == DICTIONARY ? " Dictionary." : "");
		puts("| field | type | unit | meaning |\n|---|---|---|---|");
		for (const struct field *f = records[i].fields; f->name; f++) {
			printf("| %s | ", f->name);
			put_type(f);
			printf(" | %s | %s |\n", f->unit, f->what);
		}
	}
}

static void put_words(void)
{
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (records[i].class == HEADING)
			continue;
		printf("%s ", records[i].word);
		for (const struct field *f = records[i].fields; f->name; f++)
			putchar(f->type);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "-w"))
		put_words();
	else
		put_markdown();
	return 0;
}

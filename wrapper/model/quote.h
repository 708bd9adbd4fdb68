/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quote: a string of unknown origin (a file's name, a marker's name) -> a string
 * that can be shown. Nothing a terminal or a JSON reader would act upon is left.
 */
#ifndef TELETAP_MODEL_QUOTE_H
#define TELETAP_MODEL_QUOTE_H

/*
 * For people: control characters, the marks that turn the writing direction,
 * backslashes and bytes that are no UTF-8 become \xHH. NULL when out of memory,
 * otherwise to be freed.
 */
char *quote_text(const char *s);

/*
 * The same for a page that should have been drawn with quote_text, but comes from elsewhere:
 * lines and backslashes stay.
 */
char *quote_page(const char *s);

/*
 * For a line of valid JSON that comes from elsewhere: what a terminal would act upon becomes
 * \uXXXX within strings, a blank between them. It means the same. NULL when out of memory,
 * otherwise to be freed.
 */
char *quote_json_line(const char *s);

/*
 * A JSON string with its quotation marks. Bytes that are no UTF-8, which JSON
 * cannot hold, become U+FFFD each. NULL when out of memory, otherwise to be freed.
 */
char *quote_json(const char *s);

#endif

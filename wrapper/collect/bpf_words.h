/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_words: texts of BPF programs -> fields of lines.
 */
#ifndef TELETAP_COLLECT_BPF_WORDS_H
#define TELETAP_COLLECT_BPF_WORDS_H

#include <stdbool.h>
#include <stdio.h>

#define BPF_TEXT_MAX 256 /* bytes of a text that are looked at */
#define BPF_UTF8_MAX (4 * BPF_TEXT_MAX)

/*
 * Writes a tab and a text of so much room, escaped; it need not end there. cut: there was more
 * of it, which "..." says.
 */
void bpf_text_field(FILE *f, const char *text, size_t room, bool cut);

/* The same of one whose characters have kind bytes, in UTF-8; kind 0: it is that already. */
void bpf_wide_field(FILE *f, const char *text, size_t room, unsigned kind, bool cut);

/*
 * Writes such a text to out in UTF-8, up to its first NUL or as far as it has room, and returns
 * how many bytes those are.
 */
size_t bpf_utf8(const char *text, size_t room, unsigned kind, char out[BPF_UTF8_MAX]);

#endif

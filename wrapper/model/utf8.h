/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8: a character -> its bytes.
 */
#ifndef TELETAP_MODEL_UTF8_H
#define TELETAP_MODEL_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes the UTF-8 of a character below 0x110000, at most 4 bytes, and returns how many. Half of a
 * surrogate pair, which UTF-8 does not have, is written as if it were a character.
 */
size_t utf8_put(uint32_t c, char *to);

#endif

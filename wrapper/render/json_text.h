/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_text: a string of unknown origin -> a value of JSON. Pure.
 */
#ifndef TELETAP_RENDER_JSON_TEXT_H
#define TELETAP_RENDER_JSON_TEXT_H

#include <jansson.h>

/* Bytes that are no UTF-8 become U+FFFD each. NULL when out of memory. */
json_t *json_text(const char *s);

#endif

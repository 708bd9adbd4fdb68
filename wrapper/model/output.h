/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output: the formats that pages are drawn in. Their names: cmd/options.c; how each is drawn:
 * a file of its own in render/.
 */
#ifndef TELETAP_MODEL_OUTPUT_H
#define TELETAP_MODEL_OUTPUT_H

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_OPENMETRICS };

#endif

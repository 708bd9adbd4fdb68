/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stacks_svg_script: what a flame graph does in a browser (JavaScript).
 */
#ifndef TELETAP_PAGES_STACKS_SVG_SCRIPT_H
#define TELETAP_PAGES_STACKS_SVG_SCRIPT_H

extern const char stacks_svg_script[];

#endif

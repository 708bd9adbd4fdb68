/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_kind: what a line of a program's flight recorder is about.
 */
#ifndef TELETAP_MODEL_RING_KIND_H
#define TELETAP_MODEL_RING_KIND_H

enum ring_lane { RING_LOG, RING_ABOUT, RING_STATE, RING_LANES };

/* As teletap.h writes them. */
enum ring_kind {
	RING_KIND_LOG = 1, /* level: as of syslog; the text */
	RING_KIND_ERROR,   /* level: 1 when handled; place, what */
	RING_KIND_START,   /* version, commit, build */
	RING_KIND_STOP,    /* reason */
	RING_KIND_CONFIG,  /* key, value */
	RING_KIND_STATE,   /* level: 0 input, 1 step, 2 result; calculation, item, value */
	RING_KINDS,
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify: tells the service manager, when one has started us, how far we are: sd_notify(3). The
 * protocol is a datagram, and stable; libsystemd is not needed for it.
 */
#ifndef TELETAP_BASE_NOTIFY_H
#define TELETAP_BASE_NOTIFY_H

/*
 * The service is ready. The socket's name, NOTIFY_SOCKET, leaves the environment: it is not for
 * programs that we start. Returns 0, also when there is no manager, or -errno.
 */
int notify_ready(void);

#endif

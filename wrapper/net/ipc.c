// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define BUFFER (1 << 20)
#define PATIENCE_S 5
#define HEAD offsetof(struct ipc_message, len)

int ipc_open(int *engine, int *frontend)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const int size = BUFFER;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	*engine = fds[0];
	*frontend = fds[1];
	return 0;
}

int ipc_send(int fd, const struct ipc_message *m)
{
	struct iovec parts[] = { { (void *)m, HEAD }, { (void *)m->bytes, m->len } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };

	while (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int ipc_take(int fd, struct ipc_message *m)
{
	struct iovec parts[] = { { m, HEAD }, { m->bytes, IPC_BYTES } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n < (ssize_t)HEAD)
		return -ECONNRESET;
	m->len = (uint32_t)((size_t)n - HEAD);
	return 1;
}

int ipc_send_page(int fd, struct ipc_message *m, const char *text, size_t len)
{
	size_t offset = 0;
	int err;

	m->kind = IPC_PAGE;
	m->total = (uint32_t)len;
	do {
		m->offset = (uint32_t)offset;
		m->len = (uint32_t)(len - offset < IPC_BYTES ? len - offset : IPC_BYTES);
		memcpy(m->bytes, text + offset, m->len);
		err = ipc_send(fd, m);
		offset += m->len;
	} while (!err && offset < len);
	return err;
}

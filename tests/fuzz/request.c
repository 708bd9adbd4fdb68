// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what a datagram from anybody goes through, and what an answer from anybody
 * does in the client's reader. Besides what the sanitizers see, what net/datagram.h promises
 * is checked.
 */
// with: wrapper/net/{datagram,rate_limit}.c wrapper/{model,pages,render}/*.c
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/rate_limit.h"

static void wish_check(const char *text, size_t len)
{
	struct wish wish;

	if (!request_wish(text, len, &wish))
		return;
	assert(wish.page == 0 || (wish.page >= REQUEST_PAGE_MIN && wish.page <= REQUEST_PAGE_MAX));
	assert(strlen(wish.word) < sizeof(wish.word));
	assert(!*wish.target || request_is_name(wish.target, sizeof(wish.target)));
	assert(wish.code >= -1 && wish.code <= 999999999);
	for (const char *p = wish.word; *p; p++)
		assert((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-');
}

/* What was read can be written, and is then read as the same. */
static void head_check(const unsigned char *data, size_t len)
{
	static struct peers peers;
	unsigned char key[REQUEST_KEY] = "key", *copy = malloc(len);
	struct request_head head, again;

	memcpy(copy, data, len);
	assert(!request_signed(copy, len, key) || len >= REQUEST_HEAD);
	if (request_read(copy, len, &head)) {
		assert(len >= REQUEST_HEAD && request_has_head(copy, len));
		request_write(copy, &head);
		assert(request_read(copy, len, &again) && !memcmp(&head, &again, sizeof(head)));
		request_sign(copy, len, key);
		assert(request_signed(copy, len, key));
		copy[len / 2] ^= 1;
		assert(!request_signed(copy, len, key));
		peers_begin(&peers, 1, &(struct peers_time){ 1000, 1000 }, 7);
		if (!peers_new(&peers, &head, &(struct peers_time){ 2000, 2000 }))
			assert(peers_new(&peers, &head, &(struct peers_time){ 2001, 2001 }));
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* exactly: a byte too far is seen */

	memcpy(text, data, size);
	wish_check(text, size);
	if (size > REQUEST_HEAD)
		wish_check(text + REQUEST_HEAD, size - REQUEST_HEAD);
	free(text);
	if (size)
		head_check(data, size);
	return 0;
}

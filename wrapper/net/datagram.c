// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/datagram.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "pages/page.h"

static const char magic[] = "TTP1";

enum {
	WHAT = 4,
	STATE = 5,
	PART = 6,
	PARTS = 8,
	PAGE = 10,
	SEQUENCE = 12,
	TIME = 16,
	NONCE = 24,
	MAC = 40
};

static void put(unsigned char *p, uint64_t value, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *p, int n)
{
	uint64_t value = 0;

	for (int i = 0; i < n; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return value;
}

bool request_has_head(const void *datagram, size_t len)
{
	return len >= 4 && !memcmp(datagram, magic, 4);
}

bool request_read(const void *datagram, size_t len, struct request_head *head)
{
	const unsigned char *p = datagram;

	if (len < REQUEST_HEAD || !request_has_head(datagram, len) || p[WHAT] < REQUEST_ASK ||
	    p[WHAT] > REQUEST_REFUSAL || p[STATE] > PAGE_NONE)
		return false;
	*head = (struct request_head){ .what = p[WHAT],
				       .state = p[STATE],
				       .part = (unsigned)get(p + PART, 2),
				       .parts = (unsigned)get(p + PARTS, 2),
				       .page = (unsigned)get(p + PAGE, 2),
				       .sequence = (uint32_t)get(p + SEQUENCE, 4),
				       .time_ms = get(p + TIME, 8) };
	memcpy(head->nonce, p + NONCE, REQUEST_NONCE);
	return true;
}

void request_write(void *datagram, const struct request_head *head)
{
	unsigned char *p = datagram;

	memset(p, 0, REQUEST_HEAD);
	memcpy(p, magic, 4);
	p[WHAT] = (unsigned char)head->what;
	p[STATE] = (unsigned char)head->state;
	put(p + PART, head->part, 2);
	put(p + PARTS, head->parts, 2);
	put(p + PAGE, head->page, 2);
	put(p + SEQUENCE, head->sequence, 4);
	put(p + TIME, head->time_ms, 8);
	memcpy(p + NONCE, head->nonce, REQUEST_NONCE);
}

/* The HMAC of the datagram without its signature. */
static void mac(const unsigned char *p, size_t len, const unsigned char *key,
		unsigned char out[REQUEST_MAC])
{
	crypto_auth_hmacsha512256_state state;

	crypto_auth_hmacsha512256_init(&state, key, REQUEST_KEY);
	crypto_auth_hmacsha512256_update(&state, p, MAC);
	crypto_auth_hmacsha512256_update(&state, p + REQUEST_HEAD, len - REQUEST_HEAD);
	crypto_auth_hmacsha512256_final(&state, out);
}

void request_sign(void *datagram, size_t len, const unsigned char key[REQUEST_KEY])
{
	unsigned char *p = datagram;

	mac(p, len, key, p + MAC);
}

bool request_signed(const void *datagram, size_t len, const unsigned char key[REQUEST_KEY])
{
	const unsigned char *p = datagram;
	unsigned char right[REQUEST_MAC];

	if (len < REQUEST_HEAD)
		return false;
	mac(p, len, key, right);
	return !sodium_memcmp(right, p + MAC, REQUEST_MAC);
}

/* A number of at most 9 digits; -1: it is none. */
static long number(const char *s)
{
	size_t len = strlen(s);

	return len && len <= 9 && strspn(s, "0123456789") == len ? atol(s) : -1;
}

bool request_is_name(const char *name, size_t size)
{
	size_t len = strlen(name);

	return len && len < size && *name >= 'a' && *name <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Takes what stands before a slash. False: that is not a target's name. */
static bool take_target(char **word, struct wish *wish)
{
	char *slash = strchr(*word, '/');

	if (!slash)
		return true;
	*slash = '\0';
	if (!request_is_name(*word, sizeof(wish->target)))
		return false;
	memcpy(wish->target, *word, strlen(*word) + 1);
	*word = slash + 1;
	return true;
}

bool request_wish(const char *text, size_t len, struct wish *wish)
{
	char copy[REQUEST_WISH], *rest = copy, *word, *more;
	const struct page *page;
	long value;

	*wish = (struct wish){ .code = -1 };
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r' || !text[len - 1]))
		len--;
	if (len >= sizeof(copy))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != ' ' &&
		    c != '/')
			return false;
		copy[i] = c;
	}
	copy[len] = '\0';
	word = strsep(&rest, " ");
	more = strsep(&rest, " ");
	if (rest || !take_target(&word, wish) || strchr(word, '/') || (more && strchr(more, '/')) ||
	    strlen(word) >= sizeof(wish->word))
		return false;
	memcpy(wish->word, word, strlen(word) + 1);
	if (more && !strcmp(more, "json"))
		wish->json = true;
	else if (more && (wish->code = number(more)) < 0)
		return false;
	value = number(word);
	page = page_find(word);
	if (!*word || !strcmp(word, "contents"))
		wish->page = PAGE_CONTENTS;
	else if (page)
		wish->page = page->number;
	else if (value >= REQUEST_PAGE_MIN && value <= REQUEST_PAGE_MAX)
		wish->page = (int)value;
	return true;
}

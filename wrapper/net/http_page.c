// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page's text may hold anything that can be printed: it is escaped here. Its numbers at the
 * beginnings of lines of the contents become links, and so do names of targets with one.
 */
#include "net/http_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/datagram.h"
#include "pages/page.h"

const char http_style[] =
	":root { color-scheme: light dark; --line: #767676; }\n"
	"body { margin: 0 auto; max-width: 100ch; padding: 0.5em 1em; font: 16px/1.35 monospace; "
	"}\n"
	"nav, form, footer { display: flex; flex-wrap: wrap; gap: 0.5em 1.5em; align-items: "
	"center; }\n"
	"nav { border-bottom: 1px solid var(--line); padding-bottom: 0.5em; }\n"
	"nav a, footer a { padding: 0.4em 0; }\n"
	"h1 { font-size: 1em; margin: 0; }\n"
	"pre { font: inherit; margin: 1em 0; overflow-x: auto; }\n"
	"input, button { font: inherit; }\n"
	"a:focus-visible, pre:focus-visible { outline: 2px solid; }\n"
	"#said { min-height: 1.4em; margin: 0; }\n"
	"footer { border-top: 1px solid var(--line); padding-top: 0.5em; }\n"
	"@media (max-width: 600px) { body { padding: 0.5em; font-size: 12px; } }\n";

const char http_script[] =
	"'use strict';\n"
	"(function () {\n"
	"  var typed = '', last = new Date(), said = document.getElementById('said');\n"
	"  function link(rel) {\n"
	"    var a = document.querySelector('a[rel=' + rel + ']');\n"
	"    if (a) location.href = a.href;\n"
	"  }\n"
	"  document.addEventListener('keydown', function (e) {\n"
	"    if (e.ctrlKey || e.altKey || e.metaKey || /INPUT|PRE/.test(e.target.tagName) &&\n"
	"        (e.target.tagName === 'INPUT' || /^Arrow/.test(e.key))) return;\n"
	"    if (/^[0-9]$/.test(e.key)) {\n"
	"      typed += e.key;\n"
	"      said.textContent = 'Page ' + (typed + '--').slice(0, 3);\n"
	"      if (typed.length === 3) location.href = typed + '.html';\n"
	"    } else if (e.key === 'Escape') { typed = said.textContent = '';\n"
	"    } else if (e.key === 'ArrowLeft') { link('prev');\n"
	"    } else if (e.key === 'ArrowRight') { link('next'); }\n"
	"  });\n"
	"  function draw(text) {\n"
	"    var all = new DOMParser().parseFromString(text, 'text/html');\n"
	"    var page = all.getElementById('page'), here = document.getElementById('page');\n"
	"    if (!page) throw new Error('no page');\n"
	"    last = new Date();\n"
	"    if (!typed) said.textContent = '';\n"
	"    if (page.textContent !== here.textContent && getSelection().isCollapsed)\n"
	"      here.replaceChildren.apply(here, Array.from(page.childNodes));\n"
	"  }\n"
	"  setInterval(function () {\n"
	"    if (document.hidden) return;\n"
	"    fetch(location.href, { cache: 'no-store' }).then(function (r) { return r.text(); })\n"
	"      .then(draw).catch(function () {\n"
	"        said.textContent = 'No answer since ' + last.toISOString().slice(11, 19) + ' "
	"UTC';\n"
	"      });\n"
	"  }, 3000);\n"
	"}());\n";

static void put(FILE *f, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		default:
			fputc(text[i], f);
		}
	}
}

/* The number of three digits that a line of the contents begins with; 0: none. */
static int number_at(const char *line, size_t len)
{
	int n = 0;

	for (int i = 0; i < 3; i++) {
		if ((size_t)i >= len || line[i] < '0' || line[i] > '9')
			return 0;
		n = 10 * n + line[i] - '0';
	}
	return len > 3 && line[3] == ' ' && n >= REQUEST_PAGE_MIN && n <= REQUEST_PAGE_MAX ? n : 0;
}

/* The length of the "TARGET/255" that a line of the contents begins with; 0: none. */
static size_t target_at(const char *line, size_t len)
{
	const char *slash = memchr(line, '/', len < REQUEST_TARGET ? len : REQUEST_TARGET);
	char name[REQUEST_TARGET] = "";

	if (!slash || slash - line >= REQUEST_TARGET)
		return 0;
	memcpy(name, line, (size_t)(slash - line));
	return request_is_name(name, sizeof(name)) &&
			       number_at(slash + 1, len - strlen(name) - 1) == 255
		       ? strlen(name) + 4
		       : 0;
}

/* Where the pages of its place are: "", or "/TARGET". */
static void put_place(FILE *f, const struct wish *w)
{
	fprintf(f, "%s%s", *w->target ? "/" : "", w->target);
}

static void put_link(FILE *f, const struct wish *w, const char *rel, int page)
{
	fprintf(f, "<a %s%s%shref=\"", *rel ? "rel=\"" : "", rel, *rel ? "\" " : "");
	put_place(f, w);
	fprintf(f, "/%d.html\">", page);
}

static void put_lines(FILE *f, const struct wish *w, const char *text, size_t len)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) + 1 : len;
		bool list = w->page == PAGE_CONTENTS;
		int number = list ? number_at(text, n) : 0;
		size_t target = list ? target_at(text, n) : 0;

		if (target) {
			fprintf(f, "<a href=\"/%.*s.html\">%.*s</a>", (int)target, text,
				(int)target, text);
			put(f, text + target, n - target);
		} else if (number && (number < REQUEST_ACTION_MIN || number > REQUEST_ACTION_MAX)) {
			put_link(f, w, "", number);
			fprintf(f, "%d</a>", number);
			put(f, text + 3, n - 3);
		} else {
			put(f, text, n);
		}
		text += n;
		len -= n;
	}
}

/* The pages before and behind it, by number. */
static void put_neighbours(FILE *f, const struct wish *w)
{
	int before = 0, behind = 0;

	for (int i = 0; i < n_pages; i++) {
		int n = pages[i].number;

		if (n < w->page && n > before)
			before = n;
		if (n > w->page && (!behind || n < behind))
			behind = n;
	}
	if (before) {
		put_link(f, w, "prev", before);
		fprintf(f, "&larr; %d</a>\n", before);
	}
	if (behind) {
		put_link(f, w, "next", behind);
		fprintf(f, "%d &rarr;</a>\n", behind);
	}
}

/* The head, and what leads to other pages. */
static void put_head(FILE *f, const struct wish *w, bool again)
{
	const char *slash = *w->target ? "/" : "";

	fprintf(f,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n%s"
		"<title>%s%s%d - Teletap</title>\n<link rel=\"stylesheet\" href=\"/teletap.css\">\n"
		"<script src=\"/teletap.js\" defer></script>\n</head>\n<body>\n"
		"<nav aria-label=\"Pages\">\n<h1>Teletap %s%s%d</h1>\n",
		again ? "<meta http-equiv=\"refresh\" content=\"3\">\n" : "", w->target, slash,
		w->page, w->target, slash, w->page);
	if (*w->target)
		fputs("<a href=\"/\">all targets</a>\n", f);
	put_link(f, w, "contents", PAGE_CONTENTS);
	fputs("255 contents</a>\n", f);
	put_neighbours(f, w);
	fputs("<form action=\"", f);
	put_place(f, w);
	fputs("/go\"><label>Page <input name=\"page\" size=\"8\" maxlength=\"40\" "
	      "autocomplete=\"off\"></label><button>Go</button></form>\n</nav>\n"
	      "<main><pre id=\"page\" role=\"region\" tabindex=\"0\" aria-label=\"The page\">",
	      f);
}

char *http_page(const struct wish *w, const char *text, size_t len, bool again)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	put_head(f, w, again);
	put_lines(f, w, text, len);
	fputs("</pre></main>\n<p id=\"said\" role=\"status\"></p>\n<footer><a href=\"", f);
	put_place(f, w);
	fprintf(f, "/%d\">as text</a> <a href=\"", w->page);
	put_place(f, w);
	fprintf(f, "/%d.json\">as JSON</a> Keys: three digits, arrows</footer>\n</body>\n</html>\n",
		w->page);
	if (fclose(f)) {
		free(out);
		return NULL;
	}
	return out;
}

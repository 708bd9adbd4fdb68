#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manuals and the program say the same.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

# headings FILE SECTION...: the headings of paragraphs in these sections, without roff.
headings() {
	local sections

	sections=$(IFS='|' && echo "${*:2}")
	awk -v sections="^.SH ($sections)\$" '/^\.SH/ { on = $0 ~ sections } heading && on; { heading = /^\.TP/ }' \
		"$TOP/docs/$1" | sed 's/\\f.//g; s/\\-/-/g; s/^\.[A-Z]* //; s/[",]/ /g'
}

# words PATTERN: the words of the input that are like that, once.
words() { grep -oE -- "(^|[^a-z-])$1" | grep -oE -- "$1" | sort -u; }

@test "teletap(1): the options of --help, and no others" {
	for command in $(teletap --help | awk '/^  / { print $1 }'); do
		teletap "$command" --help | grep -E '^  (-|    )'
	done | cut -c 1-28 >"$BATS_TEST_TMPDIR/help"
	headings teletap.1 OPTIONS TARGETS >"$BATS_TEST_TMPDIR/manual"
	for pattern in '--[a-z-]+' '-[a-z]'; do
		diff -u <(words "$pattern" <"$BATS_TEST_TMPDIR/help") <(words "$pattern" <"$BATS_TEST_TMPDIR/manual")
	done
}

@test "teletap(1): the commands of --help, and no others" {
	diff -u <(teletap --help | awk '/^  / { print $1 }' | sort) \
		<(headings teletap.1 DESCRIPTION | sort)
}

@test "teletap-pages(7): the pages of list, and no others" {
	diff -u <(teletap list | awk '$1 != 255 { print $1, $2 }') \
		<(sed 's/\\-/-/g' "$TOP/docs/teletap-pages.7" | sed -n 's/^\.SS \(2[0-9][0-9] [a-z-]*\) .*/\1/p')
}

@test "teletap-pages(7): each page has what it costs, and an example from tests/data" {
	awk '/^\.S[SH]/ { if (page && !cost) print page; page = cost = ""; if ($2 ~ /^[0-9]+$/) page = $2 }
		/OVERHEAD/ { cost = 1 }' "$TOP/docs/teletap-pages.7" >"$BATS_TEST_TMPDIR/without"
	diff /dev/null "$BATS_TEST_TMPDIR/without"
	"$TOP/tests/examples" >"$BATS_TEST_TMPDIR/examples"
	if [ -n "${UPDATE-}" ]; then
		{
			sed '/^\.SH EXAMPLES/,$d' "$TOP/docs/teletap-pages.7"
			cat "$BATS_TEST_TMPDIR/examples"
			sed -n '/^\.SH SEE ALSO/,$p' "$TOP/docs/teletap-pages.7"
		} >"$BATS_TEST_TMPDIR/page"
		cp "$BATS_TEST_TMPDIR/page" "$TOP/docs/teletap-pages.7"
	fi
	diff -u <(sed -n '/^\.SH EXAMPLES/,/^\.SH SEE ALSO/p' "$TOP/docs/teletap-pages.7" | head -n -1) "$BATS_TEST_TMPDIR/examples"
}

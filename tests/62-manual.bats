#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manuals and the program say the same.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

teardown() { kill_server; }

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

# configuration: the examples of teletap.conf(5), as one file.
configuration() {
	sed -n '/^\.nf/,/^\.fi/p' "$TOP/docs/teletap.conf.5" | sed -n '/^    {/,/^    }/p' | sed 's/\\-/-/g' | jq -s add
}

@test "teletap.conf(5): what stands in it is taken" {
	export PORT=25441
	configuration >"$BATS_TEST_TMPDIR/serve.json"
	serve --config "$BATS_TEST_TMPDIR/serve.json"
	page 255 -o json >"$BATS_TEST_TMPDIR/contents"
	diff <(jq -r '.targets[].name' "$BATS_TEST_TMPDIR/contents" | sort) <(configuration | jq -r '.targets | keys[]')
	jq -e '.rows[] | select(.page == 291).name == "restart-web"' "$BATS_TEST_TMPDIR/contents"
	stop_server
}

@test "teletap.conf(5): the keys of a target, and no others" {
	diff <(headings teletap.conf.5 TARGETS | tr -s ' ' '\n' | sort) \
		<(configuration | jq -r '[.targets[] | keys[]] | unique[]')
}

@test "teletap.conf(5): the limits built in" {
	configuration | jq -c '.status | to_entries[] | [.key, .value[]]' | sort >"$BATS_TEST_TMPDIR/manual"
	teletap watch status -n 1 -i 0.2 -o json >"$BATS_TEST_TMPDIR/page"
	jq -c '.rows[] | select(.limit) | [.limit, .warn_from, .fail_from]' "$TOP/tests/data/app/status.json" \
		"$BATS_TEST_TMPDIR/page" | sort -u >"$BATS_TEST_TMPDIR/drawn"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/drawn")" -ge 8 ]
	diff /dev/null <(comm -13 "$BATS_TEST_TMPDIR/manual" "$BATS_TEST_TMPDIR/drawn")
}

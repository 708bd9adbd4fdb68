#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 230 from recorded lines.

bats_require_minimum_version 1.5.0
load helper

session() {
	draw -g imports "$@" <"$TOP/tests/data/imports/session.lines"
}

# tree NODE:PARENT:NS...: a session with these imports
tree() {
	local node=''
	printf '%b\n' 'teletap\t1\timports' 'snap\t1\t1000000000\t1\t0' 'end\t1' \
		'snap\t2\t2000000000\t1\t1' 'name\t1\tmodule\t\t0'
	for node; do
		IFS=: read -r n parent ns <<<"$node"
		printf 'import\t%d\t%d\t1\t1\t1\t0\t%d\t%d\n' "$n" "$parent" "$ns" "$ns"
	done
	printf '%b\n' 'loss\t0\t0\t0' 'end\t2'
}

@test "imports, text: under way, failed, and one whose name never came" {
	run --keep-empty-lines session
	golden imports/session.text
}

@test "imports, json: the same" {
	run session -o json
	golden imports/session.json
}

@test "imports: no line of a text page is wider than 80 columns" {
	run session
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
}

@test "imports: the text page has the slowest of many, as a tree, and says so" {
	run -0 draw -g imports < <(tree 1:0:100000000 $(seq -f '%.0f:1:1000' 2 200) 201:200:900)
	[[ $output == *"Note: the tree has the 40 slowest imports of 201; all are in the JSON page."* ]]
	[ "$(sed -n '/^Since/,$p' <<<"$output" | grep -c '   module *$')" = 39 ]
	[ "$(draw -g imports -o json < <(tree 1:0:100000000 $(seq -f '%.0f:1:1000' 2 200)) | jq '.rows | length')" = 200 ]
}

@test "imports: lines of no module: a parent that comes later, itself, or is none" {
	run -0 draw -g imports -o json < <(tree 1:2:5 2:1:5 3:3:5 4:77:5 5:-1:5)
	[ "$(jq -c '[.rows[] | [.node, .parent]] | sort' <<<"$output")" = '[[1,null],[2,1],[3,null],[4,null],[5,null]]' ]
	# shellcheck disable=SC2046
	run -0 draw -g imports < <(tree $(seq -f '%.0f' 2 5000 | awk '{ print $1 ":" $1 - 1 ":9223372036854775807" }'))
	[[ ${#lines[@]} -gt 40 ]]
}

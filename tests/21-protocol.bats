#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The table of records (wrapper/model/records.def), and what has to agree with it: its
# description, and those who print records.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	gcc -std=c17 -Wall -Wextra -Werror -I"$TOP/wrapper" -o "$BATS_FILE_TMPDIR/protocol" "$TOP/tests/protocol.c"
	# As shapes has them; a last text that may be missing is left out.
	"$BATS_FILE_TMPDIR/protocol" -w | awk '{
		sub(/o$/, "", $2)
		gsub(/[ksmnw]/, "d", $2)
		gsub(/[tK]/, "s", $2)
		print
	}' >"$BATS_FILE_TMPDIR/shapes"
}

setup() {
	PATH=$BATS_FILE_TMPDIR:$PATH
	cd "$TOP" || return
}

# shapes FILE: a line for each record that the file's macros print: its word, and d or s for
# each field. A macro that prints its arguments in another order than it takes them prints
# "MACRO: order" as well.
shapes() {
	awk '
		/^@define/ {
			macro = $2
			sub(/\(.*/, "", macro)
			takes = ""
			if (match($0, /\([^)]*\)/))
				takes = substr($0, RSTART + 1, RLENGTH - 2)
			gsub(/ /, "", takes)
			text = ""
			next
		}
		/^%\)/ {
			while (match(text, /printf\("[^"]*"/)) {
				format = substr(text, RSTART + 8, RLENGTH - 9)
				text = substr(text, RSTART + RLENGTH)
				n = split(format, lines, /\\n/)
				for (i = 1; i < n; i++) {
					m = split(lines[i], fields, /\\t/)
					shape = ""
					for (k = 2; k <= m; k++)
						shape = shape (fields[k] ~ /^(%d|[0-9]+)$/ ? "d" : fields[k] ~ /^(%s)+$/ ? "s" : "?")
					print fields[1], shape
				}
				if (lines[n] != "")
					print macro ": no newline"
			}
			gives = ""
			while (match(text, /@[a-z_]+/)) {
				gives = gives (gives == "" ? "" : ",") substr(text, RSTART + 1, RLENGTH - 1)
				text = substr(text, RSTART + RLENGTH)
			}
			if (gives != takes && macro != "line_again")
				print macro ": order"
			next
		}
		{ text = text $0 }
	' "$1"
}

# strangers FILE: what its macros print that is no record of the table.
strangers() {
	shapes "$1" | grep -vxFf "$BATS_FILE_TMPDIR/shapes"
}

@test "docs/protocol.md has the records of the table" {
	head=$(sed '/^<!-- From here/q' docs/protocol.md)
	whole() {
		printf '%s\n' "$head"
		protocol
	}
	[ -z "${UPDATE-}" ] || whole >docs/protocol.md
	diff -u docs/protocol.md <(whole)
	[ "$(grep -c '^### ' docs/protocol.md)" -ge 74 ]
}

@test "the macros of teletap_line.stpm print records of the table, with all their fields" {
	run strangers tapsets/teletap_line.stpm
	echo "$output"
	[ -z "$output" ]
	run shapes tapsets/teletap_line.stpm
	[ "${#lines[@]}" -ge 50 ]
}

@test "a macro that does not fit the table is found" {
	file=$BATS_TEST_TMPDIR/line.stpm
	for change in 's/"gc\\t%d/"gc\\t%d\\t%d/' 's/"gc\\t%d/"gc\\t%s/' 's/"gc\\t/"gcs\\t/' \
		's/(generation, runs, found/(runs, generation, found/' 's/\("name.*\)\\n"/\1"/' \
		's/"waiter\\t%d\\t%d\\t%d\\t%s/"waiter\\t%d\\t%d\\t%s\\t%d/' 's/"refused\\t%d/"refused/'; do
		sed "$change" tapsets/teletap_line.stpm >"$file"
		run strangers "$file"
		echo "$change: $output"
		[ "$status" -eq 0 ]
	done
}

@test "each record of the table is printed by a macro, or by a collector" {
	sources=$(cat tapsets/teletap_line.stpm wrapper/collect/*.c)
	while read -r word _; do
		[[ $sources == *[\"n]${word}[\\\"]* ]] || {
			echo "$word"
			return 1
		}
	done <"$BATS_FILE_TMPDIR/shapes"
}

@test "fields are read by their names" {
	run grep -nE '(record_(now|delta|total|text)|known)\([^;(,]+(\([^()]*\))?, [0-9]+\)|(num|->text)\[[0-9]' wrapper/*/*.c
	echo "$output"
	[ "$status" -eq 1 ]
}

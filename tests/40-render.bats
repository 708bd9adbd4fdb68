#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages as text and as JSON.

# shellcheck disable=SC2030,SC2031,SC2001 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

session() {
	draw "$@" <"$TOP/tests/data/gc/session.lines"
}

# hostile COMMAND: it for each path out to do harm, as $path.
hostile() {
	for path in $'/\e[2J\e]0;title\a' $'/new\nline' $'/ret\rurn\tand tab' $'/\x7f\x01\b' \
		$'/\xc2\x9b31m' $'/\xff\xfe\xc3' $'/caf\xc3\xa9\xff' $'/\xe2\x80\xae/evil' $'/\xe2\x80\xa8' '/quo"te\back' \
		$'/\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80' '/%s%n%d' '' "/$(printf '%4000d' 0)" \
		"/$(printf '\xe6\x97\xa5%.0s' {1..200})" "/$(printf '\e%.0s' {1..200})"; do
		printf '%q\n' "$path"
		"$@"
	done
}

@test "text: a session" {
	run --keep-empty-lines session -p 4242
	golden gc/session.text
}

@test "json: a session" {
	run session -p 4242 -o json
	golden gc/session.json
}

@test "text: losses, every process, no Python" {
	run --keep-empty-lines draw -e /usr/sbin/daemon -y '' <"$TOP/tests/data/gc/losses.lines"
	golden gc/losses.text
	run --keep-empty-lines draw -c -e /usr/sbin/daemon -y '' <"$TOP/tests/data/gc/losses.lines"
	golden gc/losses.color
}

@test "json: losses, every process, no Python" {
	run draw -o json -e /usr/sbin/daemon -y '' <"$TOP/tests/data/gc/losses.lines"
	golden gc/losses.json
	[ "$(jq -c '[.target.pid, .target.python]' <<<"$output")" = '[null,null]' ]
}

@test "json: one object per line, with what the contract says" {
	session -p 4242 -o json >"$BATS_TEST_TMPDIR/pages"
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/pages" <<-'EOF'
		import json, re, sys

		NUMBER = (int, float)
		ROW = {"generation": int, "runs": int, "runs_total": int, "collected": int,
		       "collected_total": int, "empty_runs": int, "share": NUMBER,
		       "pause_ns": {"total": int, "p50": int, "p99": int, "max": int}}
		PAGE = {"page": int, "name": str, "time": str, "interval_s": NUMBER, "last": bool,
		        "target": {"pid": int, "exe": str, "python": str},
		        "loss": {"skipped": int, "dropped": int, "table_full": int}, "rows": list}

		def check(value, shape, where):
		    if isinstance(shape, dict):
		        for key, inner in shape.items():
		            check(value[key], inner, f"{where}.{key}")
		    else:
		        assert isinstance(value, shape), f"{where}: {value!r}"
		        assert shape is bool or not isinstance(value, bool), where

		def once(pairs):
		    assert len(dict(pairs)) == len(pairs), "a key twice"
		    return dict(pairs)

		def never(word):
		    raise ValueError(word)

		lines = open(sys.argv[1]).read().splitlines()
		for line in lines:
		    page = json.loads(line, object_pairs_hook=once, parse_constant=never)
		    check(page, PAGE, "page")
		    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", page["time"])
		    assert page["page"] == 210 and page["name"] == "gc"
		    assert page["target"] == {"pid": 4242, "exe": "/usr/bin/python3.11",
		                              "python": "3.11.2", "processes": 1}
		    for row in page["rows"]:
		        check(row, ROW, "row")
		    assert [row["generation"] for row in page["rows"]] == [0, 1, 2]
		assert [json.loads(line)["last"] for line in lines] == [False, False, True]
	EOF
}

@test "text: 80 columns and separate figures, whatever the numbers" {
	run /usr/bin/python3 "$TOP/tests/data/gc/columns" "$BUILD/test/draw"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "text: colours only when asked for, and nothing else changes" {
	run session
	plain=$output
	[[ $plain != *$'\e'* ]]
	run session -c
	[[ $output == $'\e[1m'* ]]
	[ "$(sed 's/\x1b\[[0-9]*m//g' <<<"$output")" = "$plain" ]
	run session -c -o json
	[[ $output != *$'\e'* ]]
}

text_is_harmless() {
	run --keep-empty-lines session -p 4242 -e "$path"
	[ "$status" -eq 0 ]
	# printable, and as many lines as ever: one more where the path takes a whole one
	lacks '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]' <<<"$output"
	iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null
	[[ ${lines[1]} == *", Python 3.11.2, process 4242" || ${lines[2]} == "Python 3.11.2, process 4242" ]]
	[ "$(grep -c '^gen ' <<<"$output")" -eq 6 ]
	/usr/bin/python3 -c '
import sys, unicodedata
wide = lambda c: 2 if unicodedata.east_asian_width(c) in "WF" else 1
assert all(sum(map(wide, line.rstrip("\n"))) <= 80 for line in sys.stdin)' <<<"$output"
}

json_is_harmless() {
	run session -o json -e "$path"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	lacks '[\x00-\x1f\x80-\xff]' <<<"$output"
	path=$path /usr/bin/python3 -c '
import codecs, json, os, sys
got = json.load(sys.stdin)["target"]["exe"]
codecs.register_error("each", lambda e: ("\ufffd", e.start + 1))
want = os.environb[b"path"].decode(errors="each")
assert got == want, (got, want)' <<<"${lines[0]}"
}

@test "text: a path out to do harm" { hostile text_is_harmless; }
@test "json: a path out to do harm" { hostile json_is_harmless; }

@test "text: a long path keeps its end" {
	run draw -p 4242 -e "/opt/$(printf '%070d' 0)/bin/python3.11" <"$TOP/tests/data/gc/session.lines"
	[ "${lines[1]}" = "...$(printf '%062d' 0)/bin/python3.11" ]
	[ "${#lines[1]}" -eq 80 ]
	[ "${lines[2]}" = "Python 3.11.2, process 4242" ]
	# as long as there is room, all of it stands
	run draw -p 4242 -e "/opt/$(printf '%060d' 0)/bin/python3.11" <"$TOP/tests/data/gc/session.lines"
	[ "${lines[1]}" = "/opt/$(printf '%060d' 0)/bin/python3.11" ]
}

# The page as it is 80 columns wide has the same figures.
@test "text: on a narrow terminal no figure and no word is broken" {
	for page in disk-io exec faults gc gc-cost gil host process sockets stacks syscalls tasks threads; do
		for width in 60 40 20; do
			for columns in 80 $width; do
				draw -g $page -p 4242 -w "$columns" <"$TOP/tests/data/$page/session.lines" >"$BATS_TEST_TMPDIR/$columns"
			done
			echo "$page $width"
			/usr/bin/python3 - "$BATS_TEST_TMPDIR/80" "$BATS_TEST_TMPDIR/$width" "$width" <<-'EOF2'
				import collections, re, sys
				wide, narrow = (open(name, encoding="utf-8").read() for name in sys.argv[1:3])
				figures = lambda text: collections.Counter(re.findall(r"(?<!\S)-?\d+(?:\.\d+)?%?(?!\S)", text))
				for line in narrow.splitlines():
				    columns = sum(1 if c < "\x80" else 2 for c in line)
				    assert columns <= int(sys.argv[3]) or " " not in line.strip(), line
				assert wide.count("\n") < narrow.count("\n")
				assert figures(wide) == figures(narrow), (figures(wide) - figures(narrow), figures(narrow) - figures(wide))
			EOF2
		done
	done
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap check: the four statuses, and performance data as a strict reader wants it.

bats_require_minimum_version 1.5.0
load helper

limits() {
	echo "{ \"status\": { $1 } }" >"$BATS_TEST_TMPDIR/limits"
}

# A value and its limits, out of the only line, which has to be a plugin's.
figure() {
	/usr/bin/python3 - "$1" <<-'EOF' 3<<<"$output"
		import os, re, sys
		text = os.fdopen(3).read()
		assert text.count("\n") == 1 and text.isprintable() or text[:-1].isprintable(), text
		line, data = text[:-1].split("|")
		assert re.match(r"TELETAP (OK|WARNING|CRITICAL|UNKNOWN): ", line), line
		found = {}
		for item in data.split():
		    m = re.fullmatch(r"((?:[a-z][a-z0-9-]*/)?[a-z0-9_]+)=(-?[0-9.e+-]+);([0-9.e+-]*);([0-9.e+-]*);0", item)
		    assert m and m[1] not in found, item
		    found[m[1]] = " ".join(m.groups()[1:])
		    float(m[2])
		print(found[sys.argv[1]])
	EOF
}

@test "OK, WARNING and CRITICAL, by the limits of the configuration" {
	all='"disk_used": [null, null], "inodes_used": [null, null], "pressure": [null, null], "units_failed": [null, null]'
	limits "$all, \"memory_used\": [null, null]"
	run -0 teletap check --config "$BATS_TEST_TMPDIR/limits"
	[[ $output == "TELETAP OK: all that is watched is well"* ]]
	[[ $(figure memory_used) == 0.*"  " ]]
	limits "$all, \"memory_used\": [0, null]"
	run -1 teletap check --config "$BATS_TEST_TMPDIR/limits"
	[[ $output == "TELETAP WARNING: memory WARN, "*" % used |"* ]]
	[[ $(figure memory_used) == 0.*" 0 " ]]
	limits "$all, \"memory_used\": [0, 0.0001]"
	run -2 teletap check --config "$BATS_TEST_TMPDIR/limits"
	[[ $output == "TELETAP CRITICAL: memory FAIL, "* ]]
	used=$(figure memory_used)
	[[ $used == *" 0 0.0001" ]]
	# what /proc says, as far as it stays the same meanwhile
	awk -v used="${used%% *}" '/^MemTotal/ { t = $2 } /^MemAvailable/ { a = $2 }
		END { d = used - (t - a) / t; exit !(d < 0.1 && d > -0.1) }' /proc/meminfo
}

@test "UNKNOWN: a process that is not there, wrong usage, a stopped teletap" {
	run -3 --separate-stderr teletap check -p 4194305
	[[ $output == "TELETAP UNKNOWN: no process 4194305"* ]]
	for wrong in --nosuch 'gc' '-o openmetrics' '-p x'; do
		# shellcheck disable=SC2086
		run -3 --separate-stderr teletap check $wrong
		[ -z "$output" ]
	done
	# it ends, although its clock does not tick
	# shellcheck disable=SC2016 # for the inner shell
	run -3 timeout 11 bash -c '
		teletap check >"$1" & pid=$!
		until (($(awk "/^SigCgt/ { print \"0x\" \$2 }" /proc/$pid/status) & 0x2000)); do :; done
		kill -STOP $pid; kill -ALRM $pid; kill -CONT $pid
		wait $pid' - "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "TELETAP UNKNOWN: no answer in time" ]
}

@test "JSON has the same figures" {
	run teletap check -o json
	[ "$status" -le 2 ]
	jq -e '.page == 200 and (.rows[] | select(.subsystem == "memory") | .limit == "memory_used"
		and .value > 0 and .warn_from > 0)' <<<"$output"
}

@test "the targets of a configuration at once: each its own figures, and the host once" {
	all='"disk_used": [null, null], "inodes_used": [null, null], "pressure": [null, null], "units_failed": [null, null]'
	sleep 60 3>&- &
	there=$!
	targets() { echo "{ \"status\": { $all, $1 }, \"targets\": { $2 } }" >"$BATS_TEST_TMPDIR/limits"; }
	targets '"memory_used": [null, null]' "\"one\": {\"pid\": $there}, \"gone\": {\"pid\": 4194305}"
	run -3 teletap check --config "$BATS_TEST_TMPDIR/limits"
	[[ $output == "TELETAP UNKNOWN: "*"gone: no process 4194305"*" |"* ]]
	# a host that has failed is worse than one that is not known
	targets '"memory_used": [0, 0.0001]' "\"one\": {\"pid\": $there}, \"gone\": {\"pid\": 4194305}"
	run -2 teletap check --config "$BATS_TEST_TMPDIR/limits"
	[[ $output == "TELETAP CRITICAL: memory FAIL, "*"gone: no process 4194305"* ]]
	[ "$(grep -o 'memory_used=' <<<"$output" | wc -l)" = 1 ]
	run -2 teletap check --config "$BATS_TEST_TMPDIR/limits" -o json
	jq -se --argjson pid "$there" '.[0].target == null and .[0].answer.page == 200 and
		.[1].target == "one" and .[1].answer.target.pid == $pid and
		.[2].target == "gone" and (.[2].unknown | test("4194305"))' <<<"$output"
	# with a target of the command line it is about that one only
	run teletap check -p "$there" --config "$BATS_TEST_TMPDIR/limits"
	lacks gone
	kill "$there"
}

@test "figures of several targets: each label once, with the target's name" {
	local word all='"disk_used": [null, null], "inodes_used": [null, null], "pressure": [null, null], "memory_used": [null, null]'
	declare -A pid
	cp "$TOP/build/test/service" "$BATS_TEST_TMPDIR/service"
	for word in shop job-2; do
		mkfifo "$BATS_TEST_TMPDIR/$word"
		"$BATS_TEST_TMPDIR/service" <"$BATS_TEST_TMPDIR/$word" >"$BATS_TEST_TMPDIR/$word.out" 3>&- &
		pid[$word]=$!
	done
	exec 5>"$BATS_TEST_TMPDIR/shop" 6>"$BATS_TEST_TMPDIR/job-2"
	echo "{ \"status\": { $all, \"log_errors\": [2, 7] }, \"targets\": {
		\"shop\": {\"pid\": ${pid[shop]}, \"collectors\": [\"ring\", \"proc\"]},
		\"job-2\": {\"pid\": ${pid[job-2]}, \"collectors\": [\"ring\", \"proc\"]} } }" >"$BATS_TEST_TMPDIR/limits"
	# a busy machine may not have both within the time that a check has
	for _ in {1..10}; do
		run teletap check --config "$BATS_TEST_TMPDIR/limits"
		[[ $output != *'job-2/'*'shop/'* && $output != *'shop/'*'job-2/'* ]] || break
	done
	[ "$(figure shop/log_errors)" = '0 2 7' ]
	[ "$(figure job-2/log_errors)" = '0 2 7' ]
	figure memory_used
	exec 5>&- 6>&-
	kill "${pid[@]}"
}

@test "a target whose collectors page 200 does not have: said at once, and why" {
	sleep 60 3>&- &
	there=$!
	echo "{ \"targets\": { \"shop\": {\"pid\": $there, \"collectors\": [\"ring\"]} } }" >"$BATS_TEST_TMPDIR/limits"
	run -3 teletap check --config "$BATS_TEST_TMPDIR/limits"
	kill "$there"
	[[ $output == "TELETAP UNKNOWN: "*'shop: page 200: none of its collectors is allowed here: see "collectors" of the target'*" |"* ]]
	lacks 'in time'
}

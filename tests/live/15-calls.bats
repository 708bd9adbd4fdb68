#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages 220 calls, 221 call-times and 222 flow, against what CPython says itself.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper
load ../calls

setup() {
	work=$BATS_TEST_TMPDIR
	out=$work/pages
}

# traced PAGE PYTHON PROGRAM OPTION... : its pages go to $out
traced() {
	teletap watch "$1" -o json --no-extension -c "$2 $3" "${@:4}" 3>&- > "$out" 2> "$work/err" ||
		{ cat "$work/err"; return 1; }
	[ "$(tail -n 1 "$out" | jq -c '.loss')" = '{"skipped":0,"dropped":0,"table_full":0,"lines":0}' ] ||
		{ tail -n 1 "$out" | jq -c .loss; return 1; }
}

counted_as_profiled() {
	"$1" "$HERE/profiled.py" "$HERE/calls.py" "$work/profile" 3>&-
	[ "$(wc -l < "$work/profile")" -ge 40 ]
	traced calls "$1" "$HERE/calls.py"
	diff <(sort "$work/profile") <(rows "$HERE/calls.py")
	expect_clean
}

@test "3.9: calls per function are those of sys.setprofile" { counted_as_profiled python3.9; }
# bats test_tags=full
@test "3.11: calls per function are those of sys.setprofile" { counted_as_profiled python3.11; }
@test "3.15: calls per function are those of sys.setprofile" { counted_as_profiled python3.15; }

slept() {
	rm -f "$work/slept"
	traced calls "$1" "$HERE/sleeps.py $work/slept"
	timed_as_slept
}

# bats test_tags=full
@test "3.9: inclusive and exclusive times are those slept" { slept python3.9; }
# What a function does that an exception was thrown into is its caller's time.
@test "3.15: inclusive and exclusive times are those slept" { slept python3.15; }

# bats test_tags=full
@test "3.11: times are unknown, and the page says so" {
	traced calls python3.11 "$HERE/order.py"
	[ "$(tail -n 1 "$out" | jq '[.rows[] | .inclusive_ns, .exclusive_ns, .inclusive_ns_total,
		.exclusive_ns_total] | unique == [null]')" = true ]
	[[ "$(tail -n 1 "$out" | jq -r '.notes[0]')" = *'counted when they are over'* ]]
	[ "$(rows "$HERE/order.py")" = "$(printf '%s\n' '1 <module> 1' '1 Body 18' '1 fails 30' '1 first 5' \
		'1 method 19' '1 outcome 23' '2 second 10' '3 third 14')" ]
}

@test "frames that cannot be read: calls are counted when they begin, times are unknown, not 0" {
	# _Py_DebugOffsets begins with its name and the version; then: is it free-threaded?
	python3.15 - "$(command -v python3.15)" "$work/python" <<-'PY'
		import os, sys
		with open(sys.argv[1], "rb") as f:
		    binary = bytearray(f.read())
		at = binary.index(b"xdebugpy" + sys.hexversion.to_bytes(4, "little"))
		assert binary[at + 16:at + 24] == bytes(8)
		binary[at + 16] = 1
		with open(sys.argv[2], "wb") as f:
		    f.write(binary)
		os.chmod(sys.argv[2], 0o755)
	PY
	PYTHONHOME=/usr traced calls "$work/python" "$HERE/order.py"
	[ "$(tail -n 1 "$out" | jq -c '[.rows[] | .inclusive_ns, .exclusive_ns_total] | unique')" = '[null]' ]
	[[ "$(tail -n 1 "$out" | jq -r '.notes[0]')" = 'calls are counted when they begin'*'a free-threaded build' ]]
	[ "$(rows "$HERE/order.py")" = "$(printf '%s\n' '1 <module> 0' '1 Body -1' '1 fails 30' '1 first 5' \
		'1 method 19' '1 outcome 23' '2 second 10' '3 third 14')" ]
}

# bats test_tags=full
@test "--counts: the same calls, of one marker only" {
	traced calls python3.15 "$HERE/calls.py"
	rows "$HERE/calls.py" > "$work/timed"
	traced calls python3.15 "$HERE/calls.py" --counts
	diff "$work/timed" <(rows "$HERE/calls.py")
	[ "$(tail -n 1 "$out" | jq '[.rows[].inclusive_ns_total] | unique == [null]')" = true ]
	run -2 teletap watch flow -p $$ --counts
}

in_order() {
	traced flow "$1" "$HERE/order.py" --file '*/order.py' --rate 1000
	flow_in_order
}

# bats test_tags=full
@test "3.9: entries and returns come in order, with file and line" { in_order python3.9; }
@test "3.15: entries and returns come in order, with file and line" { in_order python3.15; }

# bats test_tags=full
@test "flow: what the rate does not allow is left out, counted and said" {
	traced flow python3.15 "$HERE/calls.py" --rate 10 --function plain
	# events of a second, and of the one in which the watching ends
	jq -es '(map(.rows | length) | add) <= 10 * ((map(.interval_s) | add) + 2)' "$out"
	[[ "$(jq -rs 'map(.notes[]) | .[0]' "$out")" = *'are left out'* ]]
	[ "$(jq -rs '[.[].rows[].function] | unique | join(" ")' "$out")" = plain ]
}

@test "call-times: the distribution of what was slept" {
	traced call-times python3.15 "$HERE/spread.py $work/slept" --function 'w*t' --file '*/spread.py'
	times_as_slept
}

# bats test_tags=full
@test "patterns choose functions and files" {
	traced calls python3.9 "$HERE/calls.py" --function 'p[l]*n' --file '*/calls.p?'
	[ "$(tail -n 1 "$out" | jq -r '[.rows[].function] | unique | join(" ")')" = plain ]
	run -2 teletap watch gc -p $$ --function x
}

@test "forks, short threads, deep recursion: nothing is invented, what is not kept is said" {
	for python in python3.9 python3.15; do
		teletap watch calls -o json --no-extension -c "$python $HERE/forks.py" 3>&- > "$out"
		[ "$(rows "$HERE/forks.py" | sed 's/<module> 2/<module> 1/' | tr '\n' '|')" = \
			'1 <module> 1|1530 leaf 8|3 child 12|3001 deep 28|6 parent 17|' ] ||
			{ rows "$HERE/forks.py"; return 1; }
		tail -n 1 "$out" | jq -e '.loss | .table_full > 0 and .skipped == 0 and .dropped == 0'
		[ "$(tail -n 1 "$out" | jq .target.processes)" = 4 ]
	done
}

# bats test_tags=full
@test "a process that runs already: what is open is not counted" {
	cat > "$work/open.py" <<-'PY'
		import os, sys, time
		def inner(): pass
		def outer():
		    open(sys.argv[1] + "/ready", "w").close()
		    while not os.path.exists(sys.argv[1] + "/go"): time.sleep(0.01)
		    inner()
		outer()
		inner()
	PY
	python3.15 "$work/open.py" "$work" 3>&- &
	pid=$!
	wait_for "$work/ready"
	watch calls -p "$pid" -o json
	await raised "$pid"
	touch "$work/go"
	expect_end 0
	out=$tap_out
	[ "$(rows "$work/open.py")" = '2 inner 2' ]
}

# bats test_tags=full
@test "3.14 has no function markers: refused, with the page that helps" {
	run -3 --separate-stderr teletap watch calls --no-extension -c 'python3.14 -c 1'
	[[ "$stderr" = *'no function markers in CPython 3.12 to 3.14'*'page 223'* ]]
	[ -z "$(modules)" ]
}

@test "a path that is no UTF-8, here or in a bystander: refused, and nobody breaks" {
	mkdir "$work/"$'caf\xe9'
	cp "$HERE/forks.py" "$work/"$'caf\xe9'
	run -3 --separate-stderr teletap watch calls --no-extension -c "python3.15 $work/"$'caf\xe9/forks.py'
	[[ "$stderr" = *'no UTF-8'* ]]
	(cd "$work/"$'caf\xe9' && exec python3.15 -c 'import time; time.sleep(100)' 3>&-) &
	pid=$!
	await grep -q python /proc/$pid/comm
	run -3 --separate-stderr teletap watch flow --no-extension -c 'python3.15 -c 1'
	[[ "$stderr" = *"process $pid"*'no UTF-8'* ]]
	kill $pid
	expect_clean
}

# bats test_tags=full
@test "3.15: a thread that goes on in another stack, as with greenlet: times are unknown, not 0" {
	# shellcheck disable=SC2046
	gcc -O1 -fPIC -shared $(python3.15-config --includes) -o "$work/turns.so" "$HERE/../turns.c"
	traced calls python3.15 "$HERE/green.py $work" --file "$HERE/green.py"
	[ "$(tail -n 1 "$out" | jq -c '[.rows[] | [.function, .calls_total, .inclusive_ns_total, .exclusive_ns_total]] | sort')" = \
		'[["<module>",1,null,null],["inside",1,null,null],["leaf",40,null,null],["outer",1,null,null]]' ]
}

# bats test_tags=full
@test "3.15: a thread that goes on in another interpreter: times are unknown, not 0" {
	cat > "$work/two.py" <<-'PY'
		import _interpreters
		def outer():
		    other = _interpreters.create()
		    _interpreters.exec(other, "def inner(): pass\nfor _ in range(3): inner()")
		outer()
	PY
	traced calls python3.15 "$work/two.py"
	[ "$(tail -n 1 "$out" | jq -c '[.rows[] | select(.function == "inner") | [.calls_total, .inclusive_ns_total]]')" = '[[3,null]]' ]
	[ "$(tail -n 1 "$out" | jq '[.rows[].inclusive_ns_total] | unique == [null]')" = true ]
}

# bats test_tags=full
@test "the JIT is on: the page says what that means" {
	PYTHON_JIT=1 traced calls python3.15 "$HERE/order.py"
	[[ "$(tail -n 1 "$out" | jq -r '.notes[0]')" = *JIT* ]]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 223: the shares of samples of a program that spends known shares of its time in
# known functions.

# shellcheck disable=SC2016,SC2030,SC2031,SC2128,SC2178
bats_require_minimum_version 1.5.0
load helper

# within SAMPLES OF SHARE: no further off than four standard deviations of a binomial
# distribution, and a sample
within() {
	awk -v k="$1" -v n="$2" -v p="$3" 'BEGIN { off = k - n * p; if (off < 0) off = -off
		print k, "of", n, "for a share of", p
		exit !(n > 100 && off <= 4 * sqrt(n * p * (1 - p)) + 1) }'
}

# of FUNCTION: its samples since attaching, on a processor or waiting
of() {
	tail -n 1 "$BATS_TEST_TMPDIR/pages" | jq --arg f "$1" --argjson w "${2-false}" '
		[.rows[] | select(.kind == "stack" and .waiting == $w) |
		select(any(.stack[]?; .function == $f)) | .samples_total] | add // 0'
}

sample() {
	teletap watch stacks -i 60 -o json "${@:2}" -c "$1" > "$BATS_TEST_TMPDIR/pages"
	expect_clean
}

shares() {
	sample "$1 $HERE/spend.py 5 1"
	within "$(of quarter)" "$(of run)" 0.25
	within "$(of three_quarters)" "$(of run)" 0.75
	# a function's row adds up what its stacks have
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/pages" | jq '.rows[] | select(.kind == "function" and
		.function == "quarter") | .samples_total')" = "$(of quarter)" ]
	# the thread that sleeps is on no processor
	[ "$(of sleeper)" -lt 10 ]
}

# bats test_tags=full
@test "3.9: shares of samples" { shares python3.9; }
# bats test_tags=full
@test "3.11: shares of samples" { shares python3.11; }
# bats test_tags=full
@test "3.13: shares of samples" { shares python3.13; }
# bats test_tags=others
@test "3.14: shares of samples" { shares python3.14; }
# bats test_tags=full
@test "3.15: shares of samples" { shares python3.15; }

@test "ticks that interrupt a network interrupt: no sample is lost" {
	cat > "$BATS_TEST_TMPDIR/sends.py" <<-'EOF'
		import os, socket, time
		for _ in range(2):
		    if not os.fork():
		        break
		link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		link.bind(("127.0.0.1", 0))
		end = time.monotonic() + 12
		while time.monotonic() < end:
		    link.sendto(b"x" * 3000, link.getsockname())
		    link.recv(4000)
		    with socket.socket() as refused:
		        refused.setblocking(False)
		        refused.connect_ex(("127.0.0.1", 1))
	EOF
	sample "python3.14 $BATS_TEST_TMPDIR/sends.py"
	tail -n 1 "$BATS_TEST_TMPDIR/pages" | jq -c .loss
	tail -n 1 "$BATS_TEST_TMPDIR/pages" | jq -e '(.loss | add == 0) and ([.rows[].samples_total] | add > 100)'
}

# bats test_tags=full
@test "a Python without markers: this page needs none" {
	objcopy --remove-section .note.stapsdt "$(command -v python3.14)" "$BATS_TEST_TMPDIR/bare"
	PYTHONHOME=/usr shares "$BATS_TEST_TMPDIR/bare"
}

# bats test_tags=full
@test "-e: the processes of that interpreter, and none of the others of this host" {
	sh -c 'while :; do :; done' 3>&- &
	other=$!
	python3.13 "$HERE/spend.py" 30 1 3>&- > /dev/null &
	teletap watch stacks -e "$(realpath "$(command -v python3.14)")" -i 4 -n 1 -o json 3>&- > "$BATS_TEST_TMPDIR/pages" &
	# shellcheck disable=SC2034 # for expect_end
	tap=$!
	python3.14 "$HERE/spend.py" 20 1 3>&- > /dev/null &
	mine=$!
	expect_end 0
	[ "$(jq -c '[.rows[].pid // empty] | unique' "$BATS_TEST_TMPDIR/pages")" = "[$mine]" ]
	[ "$(of run)" -gt 20 ]
	kill -0 "$other"
}

# bats test_tags=full
@test "two threads that share the interpreter lock have half of the samples each" {
	sample "python3.14 $HERE/spend.py 4 2"
	run jq -sc '[.[-1].rows[] | select(.kind == "stack" and any(.stack[]?; .function == "run"))] |
		group_by(.tid) | map(map(.samples_total) | add)[]' "$BATS_TEST_TMPDIR/pages"
	[ "${#lines[@]}" -eq 2 ]
	within "${lines[0]}" $((lines[0] + lines[1])) 0.5
}

# bats test_tags=full
@test "--hz: so many samples a second, and --waiting: waiting threads as if they were sampled" {
	sample "python3.14 $HERE/spend.py 4 1" --hz 50 --waiting
	# 4 s of waiting, 4 s of running, 50 a second
	awk -v waiting="$(of sleeper true)" -v running="$(of run)" 'BEGIN {
		print waiting, running
		exit !(waiting >= 190 && waiting <= 205 && running > 130 && running <= 215) }'
}

# bats test_tags=full
@test "--waiting: who has slept once, and then shares a processor, waits no longer" {
	cat > "$BATS_TEST_TMPDIR/nap.py" <<-'PY'
		import os, time
		def nap():
		    time.sleep(1)
		def run():
		    end = time.thread_time() + 2
		    while time.thread_time() < end:
		        pass
		os.sched_setaffinity(0, {0})
		nap()
		run()
	PY
	taskset -c 0 sh -c 'while :; do :; done' 3>&- &
	sample "python3.14 $BATS_TEST_TMPDIR/nap.py" --hz 50 --waiting
	awk -v waiting="$(of nap true)" -v running="$(of run)" 'BEGIN {
		print waiting, running
		exit !(waiting >= 45 && waiting <= 60 && running > 50) }'
}

# bats test_tags=full
@test "--folded and --speedscope hold the samples of the last page" {
	sample "python3.14 $HERE/spend.py 3 1" --folded "$BATS_TEST_TMPDIR/folded" \
		--speedscope "$BATS_TEST_TMPDIR/speedscope"
	total=$(tail -n 1 "$BATS_TEST_TMPDIR/pages" | jq '[.rows[] | select(.kind == "stack") | .samples_total] | add')
	[ "$(awk '{ n += $NF } END { print n }' "$BATS_TEST_TMPDIR/folded")" = "$total" ]
	grep -qE '^process [0-9]+, thread [0-9]+(;[^;]+)*;run \([^;]*spend.py:[0-9]+\);quarter \([^;]*\);spend \([^;]*\) [0-9]+$' \
		"$BATS_TEST_TMPDIR/folded"
	[ "$(jq '[.profiles[].weights[]] | add' "$BATS_TEST_TMPDIR/speedscope")" = "$total" ]
	# what the format's schema asks for
	run jq -c '[."$schema" == "https://www.speedscope.app/file-format-schema.json",
		(.shared.frames | all(.name | type == "string")),
		((.shared.frames | length) as $n | .profiles | length > 0,
			all(.type == "sampled" and .unit == "none" and (.name | type == "string")),
			all(.startValue == 0 and .endValue == (.weights | add)),
			all((.samples | length) == (.weights | length)),
			all(.samples | all(all(. >= 0 and . < $n))))]' "$BATS_TEST_TMPDIR/speedscope"
	echo "$output"
	[ "$output" = '[true,true,true,true,true,true,true]' ]
	# nothing half-written is left beside them
	left=("$BATS_TEST_TMPDIR"/folded* "$BATS_TEST_TMPDIR"/speedscope*)
	[ ${#left[@]} -eq 2 ]
}

processor() { echo "$1" > /sys/devices/system/cpu/cpu1/online; }

# says WORDS: the last page has a note with them.
says() { tail -n 1 "$tap_out" | jq -e --arg words "$1" '.notes | any(test($words))'; }

# bats test_tags=others
@test "a processor that comes after attaching, or goes and comes back: pages go on, and say it" {
	python3.14 "$HERE/spend.py" 100 1 3>&- > /dev/null &
	pid=$!
	watch stacks -p $pid -i 2 -o json
	first_page
	jq -e '.notes | any(test("processors")) | not' "$tap_out"
	processor 0
	processor 1
	await says 'went and came back'
	unwatch
	jq -se '.[-1].loss.skipped > 50' "$tap_out"
	processor 0
	watch stacks -p $pid -i 2 -o json
	first_page
	processor 1
	taskset -pc 1 $pid
	await says '1 of 2 processors came after attaching'
	lines=$(wc -l < "$tap_out")
	sleep 5
	[ "$(wc -l < "$tap_out")" -gt "$lines" ]
	# what teletap starts may run there, too
	[ "$(grep Cpus_allowed: /proc/$tap/status)" = "$(grep Cpus_allowed: /proc/self/status)" ]
	unwatch
}

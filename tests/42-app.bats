#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The application's own pages from recorded lines.

bats_require_minimum_version 1.5.0
load helper

# page NAME FILE: its golden pages, as text and as JSON.
page() {
	run --keep-empty-lines draw -g "$1" -p 4242 -e /usr/bin/service -y '' <"$TOP/tests/data/app/$2.lines"
	golden "app/$1.text"
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
	lacks '[\x00-\x09\x0b-\x1f\x7f]' <<<"$output"
	run draw -g "$1" -p 4242 -e /usr/bin/service -y '' -o json <"$TOP/tests/data/app/$2.lines"
	golden "app/$1.json"
	jq -e .rows >/dev/null <<<"$output"
}

@test "241 counters" { page counters counters; }
@test "242 spans" { page spans spans; }
@test "246 errors" { page errors errors; }
@test "201 about" { page about ring; }
@test "202 config" { page config ring; }
@test "240 state" { page state ring; }
@test "245 log" { page log ring; }

# of files that carry markers of their own
@test "260 postgres, 261 glibc" {
	for page in postgres glibc; do
		run --keep-empty-lines draw -g $page -e /usr/bin/service -y '' <"$TOP/tests/data/small/$page.lines"
		golden "small/$page.text"
	done
}

@test "247 crash" { page crash crash; }

@test "247 crash: every reason in words" {
	# SIGNAL CODE ADDRESS STATUS SENDER -> the row
	while read -r signal code address status sender words; do
		run draw -g crash -o json < <(printf 'teletap\t1\tcrash\nsnap\t1\t1000000000\t1\t0\nloss\t0\t0\t0\nend\t1\nsnap\t2\t2000000000\t1\t1\n'
			printf 'crash\t1\t42\t1\t42\t%s\t%s\t%s\t%s\t%s\t0\t0\t1\tx\tx\tsh\nloss\t0\t0\t0\nend\t2\n' \
				"$signal" "$code" "$address" "$status" "$sender")
		[ "$(jq -r '.rows[0].value' <<<"$output")" = "$words" ]
	done <<-'EOF_'
		11 1 0 0 42 SIGSEGV at address 0x0: nothing is mapped there
		11 2 4096 0 42 SIGSEGV at address 0x1000: it may not be used like that
		11 128 0 0 0 SIGSEGV at an address not known: a non-canonical address, or a privileged instruction
		11 0 0 0 7 SIGSEGV, sent by process 7 (sh)
		7 2 -4096 0 42 SIGBUS at address 0xfffffffffffff000: the file mapped there has no such part any more
		8 1 16 0 42 SIGFPE at address 0x10: integer divided by zero
		8 99 16 0 42 SIGFPE at address 0x10
		6 -6 0 0 42 SIGABRT, sent by itself
		9 0 0 0 7 SIGKILL, sent by process 7 (sh)
		9 0 0 0 0 SIGKILL, sent by the kernel
		9 0 0 0 -2 SIGKILL, sent by the kernel, which was out of memory (OOM killer)
		15 0 0 0 -1 SIGTERM, sent by somebody unknown
		31 1 110 0 42 SIGSYS: a filter (seccomp) forbids the system call 110 (getppid)
		31 1 9999 0 42 SIGSYS: a filter (seccomp) forbids the system call 9999 (#9999)
		31 1 -1 0 42 SIGSYS: a filter (seccomp) forbids the system call -1 (?)
		34 0 0 0 7 signal 34, sent by process 7 (sh)
		0 0 0 3 -1 exit status 3
		-1 0 0 0 -1 not known: nobody was watching when it ended, if it has
	EOF_
}

@test "247 crash: none seen, but there is a file of an earlier one" {
	run draw -g crash -e /usr/bin/service <"$TOP/tests/data/app/kept.lines"
	golden app/kept.text
	lacks '[\x00-\x09\x0b-\x1f\x7f]' <<<"$output"
}

@test "no ring yet: said" {
	for name in about config state log; do
		run draw -g $name -p 4242 -e /usr/bin/service < <(printf '%b\n' 'teletap\t1\tring' \
			'snap\t1\t1000000000\t1\t0' 'loss\t0\t0\t0' 'end\t1' 'snap\t2\t2000000000\t1\t1' 'loss\t0\t0\t0' 'end\t2')
		[[ $output == *'the program has no ring yet'* ]]
	done
}

# recorded LINE...: a recording of two snapshots, the second with these lines.
recorded() {
	{
		printf 'teletap\t1\tcounters\nsnap\t1\t1000000000\t1\t0\nloss\t0\t0\t0\nend\t1\n'
		printf 'snap\t2\t2000000000\t1000000001\t1\nprocs\t1\n'
		printf '%b\n' "$@" 'loss\t0\t0\t0\nend\t2'
	} >"$BATS_TEST_TMPDIR/lines"
	"$TOP/tests/recording" counters "$BATS_TEST_TMPDIR/lines" "$BATS_TEST_TMPDIR/recording"
}

@test "241 counters: the largest and the smallest numbers" {
	recorded 'name\t1\tup\t\t0' 'name\t2\tlow\t\t0' \
		'counter\t1\t3\t9223372036854775807\t7' 'counter\t2\t1\t0\t9223372036854775806' \
		'gauge\t2\t2\t-9223372036854775808\t-9223372036854775808\t-9223372036854775807' \
		'tally\t1\t2\t9223372036854775807\t5\t0'
	run -0 "$BUILD/bin/teletap" replay "$BATS_TEST_TMPDIR/recording" -o json
	jq -e '.loss.lines == 0' <<<"$output"
	[[ $output == *'"value":-9223372036854775808,"least":-9223372036854775808,"most":-9223372036854775807'* ]]
	[[ $output == *'"change":-9223372036854775806,'* ]]
	jq -e '[.rows[] | select(.kind == "tally")][0] | .events == null and .events_total == null and .change == 5' <<<"$output"
	jq -e '[.rows[] | select(.kind == "counter" and .events == 3)][0] | .change == null and .change_total == null' <<<"$output"
	jq -e '.notes[0] | contains("2^63")' <<<"$output"
	run -0 "$BUILD/bin/teletap" replay "$BATS_TEST_TMPDIR/recording"
	[[ $output =~ \ -9.22\ E\ +-9.22\ E\ +-9.22\ E\  ]]
	for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
}

@test "losses near the largest number end there" {
	recorded 'name\t1\tup\t\t0' 'counter\t1\t1\t1\t0'
	# as many lines were not understood, and one more comes
	zstd -q -d -c "$BATS_TEST_TMPDIR/recording" >"$BATS_TEST_TMPDIR/plain"
	python3 - "$BATS_TEST_TMPDIR" <<-'END'
		import subprocess, sys
		top = sys.argv[1]
		text = open(top + "/plain", "rb").read()
		out = b""
		frames = text.split(b"moment\t")
		for frame in [frames[0]] + [b"moment\t" + f for f in frames[1:]]:
		    frame = frame.replace(b"\t0\nteletap", b"\t%d\nteletap" % (2**63 - 1))
		    frame = frame.replace(b"procs\t1", b"procs\tx")
		    out += subprocess.run(["zstd", "-q", "-c", "--check", "--stream-size=%d" % len(frame)],
		                          input=frame, stdout=subprocess.PIPE, check=True).stdout
		open(top + "/recording", "wb").write(out)
	END
	run -0 "$BUILD/bin/teletap" replay "$BATS_TEST_TMPDIR/recording" -o json
	[[ $output == *'"lines":9223372036854775807'* ]]
}

@test "242 spans: those of a process that has ended are not under way" {
	printf '%b\n' 'teletap\t1\tspans\nsnap\t1\t1000000000\t1\t0\nloss\t0\t0\t0\nend\t1' \
		'snap\t2\t2000000000\t1\t1' 'name\t1\tfetch\t\t0' 'span\t1\t9\t4\t0\t0\t400\t100' \
		'spantime\t1\t7\t4' 'spangone\t1\t3' 'unpaired\t0\nloss\t0\t0\t0\nend\t2' >"$BATS_TEST_TMPDIR/lines"
	run draw -g spans -o json <"$BATS_TEST_TMPDIR/lines"
	jq -e '.rows[0].open == 2 and .loss.lines == 0' <<<"$output"
	jq -e '.notes[0] | endswith("their process has ended: 3")' <<<"$output"
}

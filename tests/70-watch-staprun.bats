#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap watch when staprun ends, refuses, is silent or prints garbage (tests/stub).

# shellcheck disable=SC2030,SC2031,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load watch-stub

@test "staprun is killed" {
	watch_bg -e "$EXE" -i 0.1 -o json
	kill -9 "$(cut -d' ' -f1 "$STUB_LOG")"
	ends_with 3
	[ "$(wc -l <"$err")" -eq 1 ]
	grep -q '^teletap: watch: staprun was killed by signal 9: .*: start again$' "$err" ||
		grep -q '^teletap: watch: staprun was killed by signal 9: .*; start again$' "$err"
	[ "$(jq -s 'map(.last) | any' "$out")" = false ]
}

@test "staprun is ended by somebody else: its last page is whole" {
	STUB='watch 0.5' watch_bg -e "$EXE" -i 0.1 -o json
	kill "$(cut -d' ' -f1 "$STUB_LOG")"
	ends_with 3
	[ "$(cat "$err")" = "teletap: watch: somebody ended staprun: the last page is complete; start again" ]
	pages_are_whole
	jq -es '(map(.rows[2].runs) | add) == .[-1].rows[2].runs_total' "$out"
}

# In a world in which timeouts are short.
hurried() {
	LD_PRELOAD=$BATS_FILE_TMPDIR/hurry.so ASAN_OPTIONS=verify_asan_link_order=0 "$@"
}

# refused_by STUB -- TEXT: status 3, one line, no page.
refused_by() {
	STUB=$1 refused watch_exe -n 1
	# shellcheck disable=SC2053
	[[ $stderr == "teletap: watch: "$3 ]]
	: >"$STUB_LOG"
}

@test "staprun says why it cannot" {
	refused_by "echo 'ERROR: Couldn'\''t insert module x.ko: Invalid module format' >&2; exit 1" -- \
		"the kernel refuses the module (*Invalid module format): build it for this kernel: 'teletap build gc'"
	refused_by "echo 'ERROR: Couldn'\''t insert module x.ko: Operation not permitted' >&2; exit 1" -- \
		"the kernel refuses unsigned modules (*): Secure Boot, lockdown or module.sig_enforce is on: sign it *"
	refused_by "printf 'WARNING: a\nERROR: \033[2Jno \302\233 luck\nmore\n' >&2; exit 1" -- \
		"staprun ended: *: start again, or see 'dmesg'"
	refused_by 'exit 1' -- "staprun ended without a reason: start again, or see 'dmesg'"
	refused_by 'exit 0' -- "staprun ended without a reason: *"
	refused_by 'kill -9 $$' -- "staprun was killed by signal 9: *"
}

@test "staprun prints another version of the protocol" {
	refused_by 'hello 2; snapshot; exec sleep 60' -- \
		"the module gc speaks another version of the protocol: build it again with this teletap"
	refused_by 'snapshot; exec sleep 60' -- "the module gc speaks another version*"
}

@test "the kernel refuses a probe of the module" {
	refused_by 'hello; printf "refused\t22\n"; snapshot; exec sleep 60' -- \
		"*: another tracer (bpftrace, perf, bcc) has taken a marker of page 210: stop it first"
	refused_by 'hello; printf "refused\t524\n"; snapshot; exec sleep 60' -- \
		"*: the kernel refuses a probe of page 210 (Unknown error 524): *; reinstall it, or watch another page"
}

@test "staprun prints half a snapshot, then nothing" {
	refused_by 'hello; snapshot | head -n 3' -- "staprun ended without a reason: *"
	STUB='trap "exit 0" TERM; hello; snapshot; snapshot | head -n 4; while :; do sleep 0.1; done' \
		refused hurried watch_exe -n 1
	[[ $stderr == "teletap: watch: staprun ended without its last snapshot: "* ]]
}

@test "staprun prints garbage among its lines: counted on the page" {
	STUB='hello; snapshot; printf "%s\n" junk "gc	1" "a\tb" ""; head -c 20000 /dev/zero; echo
		printf "snap\0\n"; watch' run -0 --separate-stderr watch_exe -n 1 -o json
	[ -z "$stderr" ]
	[ "$(jq .loss.lines <<<"$output")" = 6 ]
	[ "$(jq .rows[2].runs <<<"$output")" -gt 0 ]
}

@test "staprun prints nothing but garbage" {
	refused_by 'head -c 300000 /dev/urandom' -- "staprun ended without a reason: *"
}

@test "staprun prints garbage without end: Ctrl-C is heard" {
	for flood in 'exec yes' 'exec cat /dev/zero' 'hello; snapshot; exec yes' 'yes >&2; true' \
		'hello; snapshot; yes >&2; true'; do
		echo "$flood"
		STUB=$flood teletap watch gc --pack "$PACK" -e "$EXE" -i 0.1 >"$out" 2>"$err" 3>&- &
		tap=$!
		until_true [ -s "$STUB_LOG" ]
		sleep 0.2
		kill -INT "$tap"
		ends_with 130
		: >"$STUB_LOG"
	done
}

@test "staprun prints nothing at all" {
	STUB='exec sleep 600' refused hurried watch_exe -n 1
	[ "$stderr" = "teletap: watch: the module did not answer within 60 s: 'dmesg' may say why" ]
}

@test "staprun does not hear that it should end, and is killed" {
	# the second snapshot has to be there within 0.1 s
	STUB='trap "" TERM; x=$(hello; snapshot; snapshot); printf "%s\n" "$x"; while :; do sleep 0.1; done' \
		refused hurried watch_exe -n 1
	[[ $stderr == "teletap: watch: staprun was killed by signal 9: "* ]]
}

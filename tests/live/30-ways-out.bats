#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# However a run ends: the last page is complete, no module is left, the semaphores
# are back at 0, and the target lives on.

bats_require_minimum_version 1.5.0
load helper

setup() {
	start python3.14 loop
}

unharmed() {
	kill -0 "$pid"
	expect_clean "$pid"
}

# bats test_tags=full
@test "the count is reached" {
	run -0 --separate-stderr teletap watch gc -p "$pid" -n 2 -i 1 -o json
	[ "${#lines[@]}" = 2 ]
	[ -z "$stderr" ]
	[ "$(jq -c .last <<< "${lines[1]}")" = true ]
	[ "$(jq -s '(.[0].rows[2].runs + .[1].rows[2].runs) == .[1].rows[2].runs_total' <<< "$output")" = true ]
	unharmed
}

# How soon it comes is measured by tests/bench/live.
# bats test_tags=full
@test "the first page comes after one interval, of many" {
	watch gc -p "$pid" -i 1 -n 1000 -o json
	first_page
	kill "$tap"
	expect_end 143
	[ "$(head -n 1 "$tap_out" | jq '.interval_s >= 1 and .interval_s == .attached_s')" = true ]
	unharmed
}

# bats test_tags=full
@test "the target ends half-way" {
	watch_pid "$pid" -o json -i 2
	first_page
	sleep 0.5
	kill "$pid"
	expect_end 0
	[ ! -s "$tap_err" ]
	[ "$(jq -s 'length > 1 and (map(.last) | index(true)) == length - 1' "$tap_out")" = true ]
	[ "$(jq -s '(map(.rows[2].runs) | add) == last.rows[2].runs_total' "$tap_out")" = true ]
	[ "$(jq -s 'last.rows[2].runs_total > first.rows[2].runs_total' "$tap_out")" = true ]
	expect_clean
}

ends_with_signal() {
	watch_pid "$pid" -o json
	kill "-$1" "$tap"
	expect_end "$2"
	[ "$(tail -n 1 "$tap_out" | jq -c .last)" = true ]
	[ ! -s "$tap_err" ]
	unharmed
}

@test "Ctrl-C" { ends_with_signal INT 130; }
# bats test_tags=full
@test "SIGTERM" { ends_with_signal TERM 143; }
# bats test_tags=full
@test "SIGHUP" { ends_with_signal HUP 129; }

# bats test_tags=full
@test "the terminal is closed" {
	tmux -L t new-session -d "teletap watch gc -p $pid -i 1"
	for _ in $(seq 300); do [ "$("$HERE/semaphores" "$pid")" = 0 ] || break; sleep 0.05; done
	[ "$("$HERE/semaphores" "$pid")" -gt 0 ]
	tmux -L t kill-server
	unharmed
}

# bats test_tags=full
@test "Ctrl-C typed at a terminal: a last page, and the shell goes on" {
	tmux -L t new-session -d -x 80 -y 50
	tmux -L t send-keys "teletap watch gc -p $pid; echo status \$?" Enter
	for _ in $(seq 300); do [ "$("$HERE/semaphores" "$pid")" = 0 ] || break; sleep 0.05; done
	sleep 1
	tmux -L t send-keys C-c
	for _ in $(seq 300); do tmux -L t capture-pane -p | grep -q 'status 130' && break; sleep 0.1; done
	tmux -L t capture-pane -p | grep -q 'the last one'
	tmux -L t capture-pane -p | grep -q 'status 130'
	tmux -L t kill-server
	unharmed
}

# bats test_tags=full
@test "the reader of the pages goes away" {
	run -0 bash -c "teletap watch gc -p $pid -i 0.5 -o json | head -n 1 | jq .page"
	[ "$output" = 210 ]
	unharmed
}

# bats test_tags=kernels
@test "staprun is killed: one line, status 3" {
	watch_pid "$pid" -i 1
	first_page
	pkill -9 stapio
	expect_end 3
	[ "$(wc -l < "$tap_err")" = 1 ]
	grep -q 'staprun was killed' "$tap_err"
	grep -q '^page 1' "$tap_out"
	unharmed
}

@test "staprun is ended by somebody else: the last page is complete, status 3" {
	watch_pid "$pid" -i 60 -o json
	sleep 1
	pkill -TERM stapio
	expect_end 3
	[ "$(jq '.rows[2].runs_total > 5' "$tap_out")" = true ]
	unharmed
}

@test "teletap itself is killed" {
	watch_pid "$pid"
	kill -9 "$tap"
	wait "$tap" || true
	unharmed
}

# bats test_tags=full
@test "teletap and stapio are killed at once: no module is left" {
	watch_pid "$pid"
	kill -9 "$tap" "$(pgrep stapio)"
	wait "$tap" || true
	unharmed
	[ -z "$(find /run/teletap -type l)" ]
}

# bats test_tags=kernels
@test "teletap is killed while its module is being loaded" {
	watch gc -p "$pid"
	await pgrep 'staprun|stapio'
	sleep "0.$((RANDOM % 5))"
	kill -9 "$tap"
	wait "$tap" || true
	sleep 0.5 # the module may not be there yet
	unharmed
	[ -z "$(find /run/teletap -type l)" ]
}

# bats test_tags=kernels
@test "teletap, its reaper and stapio are killed at once: the next teletap tidies up" {
	watch_pid "$pid"
	kill -9 "$tap" "$(pgrep teletap-reaper)" "$(pgrep stapio)"
	wait "$tap" || true
	sleep 0.5
	[ "$("$HERE/semaphores" "$pid")" = 0 ]
	[ -n "$(modules)" ]
	run -0 --separate-stderr teletap watch gc -p "$pid" -n 1 -i 1
	[[ "$stderr" == *"removed 1 module"* ]]
	unharmed
}

@test "stapio is stopped: Ctrl-C makes it go on, and the last page is complete" {
	watch_pid "$pid" -o json
	pkill -STOP stapio
	kill -INT "$tap"
	begin=$SECONDS
	expect_end 130
	[ $((SECONDS - begin)) -lt 8 ]
	[ "$(tail -n 1 "$tap_out" | jq -c .last)" = true ]
	unharmed
}

# bats test_tags=others
@test "a watched program is killed with -9" {
	watch_pid "$pid"
	kill -9 "$pid"
	expect_end 0
	grep -q 'the last one' "$tap_out"
	expect_clean
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages on a terminal: teletap watch and teletap page --follow, in tmux.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

setup_file() {
	export PORT=25321 R=$BATS_FILE_TMPDIR/recording
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$R"
	export EXE=$BATS_FILE_TMPDIR/python3.11 PACK=$BATS_FILE_TMPDIR/pack
	if [ -x /usr/bin/python3.11 ]; then
		need_python
		python_copy "$EXE"
		pack_make "$PACK" "$EXE"
	fi
}

teardown_file() {
	[ ! -e "$EXE" ] || python_forget
}

setup() {
	# shellcheck disable=SC2034
	server='' frontend=''
	export STUB_LOG=$BATS_TEST_TMPDIR/log
	SOCKET=$BATS_TEST_TMPDIR/tmux
}

teardown() {
	tmux -S "$SOCKET" kill-server 2>/dev/null || true
	kill_server
}

# terminal COMMAND: runs it in 80 columns and 24 lines.
terminal() {
	tmux -f /dev/null -S "$SOCKET" new-session -d -x 80 -y 24 \
		"env ASAN_OPTIONS=detect_leaks=0 PATH='$PATH' TERM=screen $1; echo status \$?; exec cat" 3>&-
}

keys() { tmux -S "$SOCKET" send-keys "$@"; }
picture() { tmux -S "$SOCKET" capture-pane -p; }
shows() { picture | grep -q -- "$1"; }
shows_not() { ! picture | grep -q -- "$1"; }

# The line at the bottom.
bottom() { picture | tail -n 1; }

# Digits are forgotten after 2 s: each of these may have to be done again.
slowly() {
	keys 2 5
	until_true shows '^page 25$' && shows '^210 gc' || return
	keys 5
	until_true shows '^255 contents'
}

again() { until_true shows_not '^page [25]' && "$@"; }

short_of_one() { keys 2 9 && until_true shows '^page 29'; }

@test "page --follow: three digits go to a page" {
	serve --replay "$R" -i 3600
	terminal "teletap page gc 127.0.0.1:$PORT -f"
	until_true shows '^210 gc  Garbage collection'
	[ "$(picture | head -n 8)" = "$(teletap replay "$R" gc -n 1 | head -n 8)" ]
	slowly || again slowly || again slowly
	shows_not '^210 gc  Garbage collection by generation  *20'
	keys 2 3 0
	until_true shows 'not recorded'
	short_of_one || short_of_one || short_of_one
	until_true shows_not '^page 29' # forgotten
	keys 2 1 0
	until_true shows 'Since attaching'
	keys q
	until_true shows '^status 0$'
	shows 'Since attaching' # what was seen last stays
}

@test "watch: a page of the host needs no target on a terminal either; others do" {
	need_root
	terminal 'teletap watch host -i 0.2'
	until_true shows '^203 host  This host'
	until_true shows '^page [3-9]'
	shows '^ memory '
	keys 2 5 5
	until_true shows '^203  host .* live'
	until_true shows '^210  gc .* cannot'
	until_true shows 'page 210 is about a program: name it'
	keys 2 1 0
	until_true shows 'page 210 is about a program: name it'
	keys q
	until_true shows '^status 0$'
	terminal 'teletap watch gc'
	until_true shows '^status 2$'
}

@test "page --follow: pause, interval, help, Ctrl-C" {
	serve --replay "$R" -i 3600
	terminal "teletap page gc 127.0.0.1:$PORT -f -i 0.2"
	until_true shows '^page 1:'
	keys p
	until_true shows '^PAUSED'
	stop_server
	serve --replay "$R" -i 0.1
	until_true says 'the last one' page gc
	sleep 1
	shows '^page 1:'
	keys Space
	until_true shows '^page 3, the last one'
	keys +
	until_true shows '^0.4 s'
	keys - -
	until_true shows '^0.1 s'
	keys h
	until_true shows 'go to page 210'
	keys x
	until_true shows 'Since attaching'
	keys C-c
	until_true shows '^status 130$'
}

@test "page --follow: the server goes away and comes back" {
	serve --replay "$R" -i 3600
	terminal "teletap page gc 127.0.0.1:$PORT -f -i 0.2 -t 0.3"
	until_true shows '^210 gc'
	stop_server
	until_true shows '^NO ANSWER: .*nobody answers there'
	shows 'Since attaching' # the page that was there
	serve --replay "$R" -i 3600
	until_true shows_not 'NO ANSWER'
	shows '^210 gc'
}

@test "page --follow: the reason why there is no answer is the latest one" {
	serve --replay "$R" -i 3600
	terminal "teletap page gc 127.0.0.1:$PORT -f -i 0.2 -t 0.3"
	until_true shows '^210 gc'
	kill -STOP "$frontend"
	until_true shows '^NO ANSWER: .*no answer within 0.3 s'
	kill -9 "$frontend"
	wait "$server" || true
	server=''
	until_true shows '^NO ANSWER: .*nobody answers there'
	[ "$(picture | grep -c 'NO ANSWER')" -eq 1 ]
	shows 'Since attaching'
	serve --replay "$R" -i 3600
	until_true shows_not 'NO ANSWER'
	shows '^210 gc'
}

@test "resizing and scrolling" {
	serve --replay "$R" -i 3600
	terminal "teletap page gc 127.0.0.1:$PORT -f"
	until_true shows 'Nothing was lost'
	tmux -S "$SOCKET" resize-window -x 50 -y 10
	until_true shows_not 'Nothing was lost'
	until_true shows 's  255: contents  h: help'
	[ "$(picture | wc -l)" -eq 10 ]
	shows '^210 gc'
	shows '^  .*[0-9] UTC$' # wrapped, not cut
	keys End
	until_true shows 'Nothing was lost'
	shows_not '^210 gc'
	keys Home
	until_true shows '^210 gc'
	tmux -S "$SOCKET" resize-window -x 100 -y 40
	until_true shows 'Nothing was lost'
	[ "$(picture | wc -l)" -eq 40 ]
	[[ $(bottom) == *"q: leave"* ]]
}

@test "replay: a narrow terminal, and its help" {
	terminal "teletap replay '$R' gc"
	tmux -S "$SOCKET" resize-window -x 40 -y 40
	until_true shows '^     0\.0[0-9]%$'
	[ "$(picture | grep -c ' us$')" -gt 0 ]
	keys h
	until_true shows '^  a recording$'
	keys q
	until_true shows 'status 0'
}

@test "watch: pages of a process, until it has ended" {
	need_root
	need_python
	need_uprobes
	"$EXE" -c 'import time; print(flush=True); time.sleep(100)' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	target=$!
	until_true test -s "$BATS_TEST_TMPDIR/ready"
	PATH=$TOP/tests/stub:$PATH terminal "STUB_LOG=$STUB_LOG teletap watch gc --pack $PACK -p $target -i 0.3"
	until_true shows '^page [1-9]'
	keys 2 5 5
	until_true shows '^255 contents'
	until_true shows '^210 .* live'
	shows "process $target"
	keys 2 1 0
	until_true shows '^210 gc  Garbage collection'
	keys 9 9 9
	until_true shows '^999: no such page'
	kill -9 $target
	until_true shows "^ENDED: process $target has ended"
	shows ', the last one: '
	keys q
	until_true shows '^status 0$'
	[ "$(pgrep -fc "teletap_pid=$target")" -eq 0 ]
}

@test "replay: back and forth through a recording" {
	page_at() { teletap replay "$R" gc | awk -v n="$1" '/^210 gc/ { i++ } i == n' | head -n 8; }
	at() { [ "$(picture | head -n 8)" = "$(page_at "$1")" ]; }
	n=$(teletap replay "$R" gc | grep -c '^210 gc')
	[ "$n" -gt 2 ]
	[ "$(page_at 1)" != "$(page_at 2)" ]
	terminal "teletap replay $R gc"
	until_true at 1
	keys Right
	until_true at 2
	keys Right
	until_true at 3
	keys Left
	until_true at 2
	keys Left Left Left
	until_true at 1
	keys 2 5 5
	until_true shows '^255 contents'
	keys 2 1 0
	until_true at 1
	for ((i = 0; i < n + 2; i++)); do keys Right; done
	until_true at "$n"
	keys Left
	until_true at $((n - 1))
	keys Space
	until_true at "$n" # plays
	keys q
	until_true shows '^status 0$'
	terminal "teletap replay $R gc -n 1"
	until_true shows '^status 0$'
	shows_not 'q: leave'
}

@test "a log opens at its newest line, and stays there; / finds lines" {
	need_root
	mkfifo "$BATS_TEST_TMPDIR/in"
	"$TOP/build/test/service" <"$BATS_TEST_TMPDIR/in" >/dev/null 3>&- &
	exec 8>"$BATS_TEST_TMPDIR/in"
	for i in {1..60}; do echo "log line number $i."; done >&8
	terminal "teletap watch log -p $! -i 0.2"
	until_true shows 'line number 60\.'
	shows_not 'line number 9\.'
	echo 'log line number 61.' >&8
	until_true shows 'line number 61\.'
	top() { [[ $(picture | head -n 1) == *"$1" ]]; }
	keys Home
	until_true shows '^245 log'
	keys / 'NUMBER 3'
	until_true shows '^/NUMBER 3$'
	keys Enter
	until_true top 'line number 3.'
	keys n
	until_true top 'line number 30.'
	keys / x BSpace nowhere Enter
	until_true shows '^nowhere: not on this page'
	keys End
	until_true shows 'line number 61\.'
	keys q
	until_true shows '^status 0$'
	exec 8>&-
}

@test "in the C locale pages are UTF-8 as well" {
	for frame in 'recording\t1\ntarget\t1\t/caf\xc3\xa9\t\n' \
		'moment\tbase\t0\t1\nfrom\tgc\t32\t0\t0\nteletap\t1\tgc\nsnap\t1\t1\t1\t0\nend\t1\n' \
		'moment\tpage\t1\t2\nfrom\tgc\t19\t0\t0\nsnap\t2\t2\t2\t0\nend\t2\n'; do
		# shellcheck disable=SC2059
		printf "$frame" >"$BATS_TEST_TMPDIR/frame"
		zstd -qc "$BATS_TEST_TMPDIR/frame" >>"$BATS_TEST_TMPDIR/r"
	done
	terminal "LC_ALL=C teletap replay $BATS_TEST_TMPDIR/r gc"
	until_true shows '^/café, process 1'
}

@test "without a terminal: plain pages" {
	serve --replay "$R" -i 3600
	run -0 page gc -f -i 0.1 -n 2
	[ "$(grep -c '^210 gc' <<<"$output")" -eq 2 ]
	lacks '\x1b' <<<"$output"
	# a terminal that can do nothing, and a pipe in a terminal
	terminal "env TERM=dumb teletap page gc 127.0.0.1:$PORT -f -n 2 -i 0.1; teletap page gc 127.0.0.1:$PORT -f -n 2 -i 0.1 | cat"
	until_true shows '^status 0$'
	shows_not 'q: leave'
	# what it writes, byte for byte
	run -0 script -qec "TERM=dumb teletap page gc 127.0.0.1:$PORT -f -n 2 -i 0.1" /dev/null
	[ "$(grep -c '^210 gc' <<<"$output")" -eq 2 ]
	lacks '\x1b' <<<"$output"
	run script -qec "TERM=xterm timeout --foreground 1 teletap page gc 127.0.0.1:$PORT -f -i 0.1" /dev/null
	[[ $output == *$'\x1b'* ]]
}

@test "in the background of a terminal, which it may not set: plain pages, and it ends" {
	serve --replay "$R" -i 3600
	# dash starts a process for timeout, which makes itself a group of its own
	SHELL=/bin/sh run timeout -k 1 20 script -qec \
		"TERM=xterm timeout 2 teletap page gc 127.0.0.1:$PORT -f -i 0.1; echo status \$?" /dev/null
	[[ $output == *'status 124'* ]]
	[ "$(grep -c '^210 gc' <<<"$output")" -ge 2 ]
	lacks '\x1b' <<<"$output"
}

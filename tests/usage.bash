# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For the tests of the command line: a Python with markers, one without, other users.

setup_file() {
	need_python
	# Not in the folder of bats, which only its owner may enter.
	D=$(mktemp -d /tmp/teletap-usage.XXXXXX)
	chmod 755 "$D"
	mkdir "$D/bin" "$D/none"
	export D EXE=$D/python3.11
	python_copy "$EXE"
	objcopy --remove-section .note.stapsdt "$python" "$D/bare"
	cp "$BUILD/bin/teletap" "$D/bin"
}

teardown_file() {
	python_forget
	rm -rf "$D"
}

setup() {
	need_python
	plain_setup
	TELETAP=$BUILD/bin/teletap
	export STUB_LOG=$BATS_TEST_TMPDIR/log
}

teardown() {
	stop
}

stop() {
	[ -z "${PID-}" ] || { kill -9 "$PID" && wait "$PID"; } 2>/dev/null || true
	PID=
}

# says COMMAND... -- TEXT: it is refused with this text, a pattern.
says() {
	local text=${*: -1}

	refused "${@:1:$#-2}"
	# shellcheck disable=SC2053
	[[ $stderr == "teletap: watch: "$text ]]
}

# Starts a command; PID is its number once it sleeps.
start() {
	"$@" 3>&- &
	PID=$!
	for _ in {1..200}; do
		[[ $(cut -d' ' -f3 "/proc/$PID/stat") == S && $(cat "/proc/$PID/wchan") != *wait* ]] && return
		sleep 0.02
	done
	false
}

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests of the extension: run in the lab's root tree by tests/extension/check.

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export TELETAP_CATCH=$BATS_FILE_TMPDIR PYTHONDONTWRITEBYTECODE=1
	export PYTHONPATH=$PWD/build/python:$PWD/tests/extension
	gcc -D_GNU_SOURCE -O2 -shared -fPIC -o "$TELETAP_CATCH/catch.so" tests/extension/catch.c
	ln -s "$PWD/build/bin/teletap" "$TELETAP_CATCH/teletap"
	ALL=${ALL:-python3.11 python3.13 python3.14 python3.15}
	export ALL
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

# every SCRIPT ARGUMENT... : runs it with each Python; none may fail, nor complain.
# shellcheck disable=SC2154 # bats sets output and stderr
every() {
	local python
	for python in $ALL; do
		run --separate-stderr timeout 60 "$python" -X dev -W always "$@" < /dev/null
		if [ "$status" -ne 0 ] || [ -n "$stderr" ]; then
			echo "$python: $stderr"
			return 1
		fi
		# shellcheck disable=SC2154
		echo "$python: $output"
	done
}

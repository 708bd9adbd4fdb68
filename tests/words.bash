# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2004,SC2034,SC2154
# For tests of several programs, each with a word to name it by; run_word WORD becomes one.

# begin WORD...: programs of these names that are ready, in no cgroup of ours.
begin() {
	local word
	for word; do
		rm -f "$dir/in.$word" "$dir/from.$word"
		mkfifo "$dir/in.$word" "$dir/from.$word"
		run_word "$word" <"$dir/in.$word" >"$dir/from.$word" 3>&- &
		pids[$word]=$!
		# shellcheck disable=SC1083,SC2086,SC2093 # descriptors with names
		exec {to[$word]}>"$dir/in.$word" {from[$word]}<"$dir/from.$word"
		hear "$word"
		[ "$heard" = ready ]
	done
}

# hear WORD: $heard is the next line that it says.
hear() { read -r -t 60 -u "${from[$1]}" heard; }

# killed WORD: it is no more.
killed() {
	kill -9 "${pids[$1]}"
	wait "${pids[$1]}" || true
	# shellcheck disable=SC1083,SC2086 # descriptors with names
	exec {to[$1]}>&- {from[$1]}<&-
}

# For setup_file: $MOUNT has control groups of version 2; cgroups_end for teardown_file.
cgroups_begin() {
	MOUNT=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	if [ -z "$MOUNT" ]; then
		export OWN=$BATS_FILE_TMPDIR/cgroup
		mkdir "$OWN"
		mount -t cgroup2 none "$OWN"
		MOUNT=$OWN
	fi
	export MOUNT
}

cgroups_end() { [ -z "${OWN-}" ] || umount "$OWN"; }

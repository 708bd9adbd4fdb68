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

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Several processes as one target: those of a cgroup, a unit, a container, or named by -p. Their
# figures are the sum of what the programs' own gc.get_stats() say for the time they belonged to it.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load bpf
load words
load serve

PORT=25411

ID=4f5b2c0d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a

setup_file() {
	need_python_copy
	cgroups_begin
}

teardown_file() { cgroups_end; }

setup() {
	out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err dir=$BATS_TEST_TMPDIR
	tap='' pid='' name=teletap-test-$BATS_ROOT_PID-$BATS_TEST_NUMBER
	group=$MOUNT/$name
	mkdir "$group" "$group/below"
	declare -gA pids=() to=() from=() before=()
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
	find "$MOUNT" -depth -type d -path "*$name*" -exec rmdir {} + || true
	[ -n "$BATS_TEST_COMPLETED" ] || { tail -c 3000 "$out"; head -c 2000 "$err"; } 2>/dev/null || true
}

# shellcheck disable=SC2317 # one test has another
run_word() { exec "$EXE" "$TOP/tests/memory.py" gc; }

# collect WORD...: each of them collects, and says its gc.get_stats(), $heard.
collect() {
	local word
	for word; do
		echo >&"${to[$word]}"
		hear "$word"
	done
}

# counts WORD...: from now on what they do counts.
counts() {
	local word
	for word; do
		collect "$word"
		before[$word]=$heard
	done
}

# ends WORD...: they collect once more; no longer does it count. $truth grows.
ends() {
	local word
	for word; do
		collect "$word"
		truth=$(jq -cn "[$truth, (${before[$word]}), ($heard)] |
			[range(3) as \$g | [range(2) as \$i | .[0][\$g][\$i] + .[2][\$g][\$i] - .[1][\$g][\$i]]]")
	done
}

none='[[0,0],[0,0],[0,0]]'

enter() { echo "${pids[$1]}" >"$2/cgroup.procs"; }

shown() { tail -n 1 "$out" | jq -e "$1" >/dev/null; }

# A page that was begun after now.
fresh() {
	local n
	n=$(wc -l <"$out")
	await more_than $((n + 1))
}

more_than() { [ "$(wc -l <"$out")" -gt "$1" ]; }

totals() { q '[.rows[] | [.runs_total, .collected_total]]'; }

# watch_by COLLECTOR ARGUMENT...: page 210, in the background, until it counts.
watch_by() {
	: >"$out"
	teletap watch gc --collector "$1" -i 0.3 -o json "${@:2}" >"$out" 2>"$err" 3>&- &
	tap=$!
	await more_than 0
}

# The story that both collectors have to tell: an outsider, one that comes, one that leaves.
comings() {
	truth=$none
	begin one two later other
	enter one "$group"
	enter two "$group/below"
	counts one two
	watch_by "$@"
	collect one two other
	fresh
	counts later
	enter later "$group/below"
	fresh
	collect later one
	fresh
	ends two
	fresh
	enter two "$MOUNT"
	fresh
	collect two other one
	ends one later
	fresh
	kill -INT "$tap"
	wait "$tap" || [ $? -eq 130 ]
	page=$(tail -n 1 "$out")
	echo "$truth"
	[ "$(q '.last')" = true ]
	[ "$(totals)" = "$truth" ]
	[ "$(q '[.target.pid, .target.processes]')" = "[null,$processes]" ]
}

@test "210 --cgroup by BPF: what its processes count, those that come too, as long as they are in it" {
	processes=3 # that had an event
	comings bpf --cgroup "/$name"
	[ "$(q '.target.cgroup')" = "\"/$name\"" ]
	lowered "${pids[one]}"
}

@test "210 --cgroup by memory: the same" {
	processes=2 # that are in it now
	comings memory --cgroup "$MOUNT/$name/"
}

@test "210 -p twice: both with their descendants, until both have ended" {
	for collector in bpf memory; do
		rm -f "$dir"/in.* "$dir"/from.*
		truth=$none
		begin one two other
		counts one two
		watch_by "$collector" -p "${pids[one]}" -p "${pids[two]}" -p "${pids[one]}"
		collect one other
		ends one
		fresh
		kill -9 "${pids[one]}"
		fresh
		ends two
		fresh
		kill -9 "${pids[two]}"
		wait "$tap"
		page=$(tail -n 1 "$out")
		echo "$collector $truth $page"
		[ "$(totals)" = "$truth" ]
		[ "$(q '[.last, .target.pids]')" = "[true,[${pids[one]},${pids[two]}]]" ]
	done
}

# The kernel cannot switch the markers of lld's programs on in what starts later: these run.
@test "241: two programs together, each linker's, which has dropped a function and may keep its note" {
	cat >"$dir/close.c" <<-'EOF'
		#define TELETAP_PROVIDER close
		#include "teletap.h"
		#include <stdio.h>
		void never(void) { TELETAP_COUNTER("never", 1); }
		int main(void)
		{
			char line[8];
			for (puts("ready"), fflush(stdout); fgets(line, sizeof(line), stdin); puts("done"), fflush(stdout))
				TELETAP_COUNTER(NAME, 1);
		}
	EOF
	run_word() { exec "$dir/$1"; }
	for linker in bfd lld; do
		for word in one two other; do
			gcc -I"$TOP/include" -ffunction-sections -fuse-ld=$linker -Wl,-z,relro,--gc-sections,--build-id \
				"-DNAME=\"$word\"" -o "$dir/$word" "$dir/close.c"
		done
		begin one two other
		enter one "$group"
		enter two "$group/below"
		for how in "-p ${pids[one]} -p ${pids[two]}" "--cgroup /$name"; do
			: >"$out"
			# shellcheck disable=SC2086
			teletap watch counters --collector bpf -i 0.3 -o json $how >"$out" 2>"$err" 3>&- &
			tap=$!
			await more_than 0
			for word in one two two other; do
				echo >&"${to[$word]}"
				hear "$word"
			done
			kill -INT "$tap"
			wait "$tap" || [ $? -eq 130 ]
			page=$(tail -n 1 "$out")
			echo "$page"
			[ "$(q '[.rows[] | [.name, .change_total]] | sort')" = '[["one",1],["two",2]]' ]
			[ "$(q '.loss | add')" -eq 0 ]
			later=0
			for word in one two; do
				later=$((later + $(q "[.notes[] | select(startswith(\"what has started or loaded $dir/$word since attaching is not counted: \"))] | length")))
			done
			[ "$linker $later $(q '[.notes[] | select(test("not counted"))] | length')" = "$linker 0 0" ] ||
				[ "$linker $later $(q '[.notes[] | select(test("not counted"))] | length')" = "lld 2 2" ]
		done
		killed one
		killed two
		killed other
	done
}

@test "threads, processes and a recording of a cgroup" {
	begin one two other
	enter one "$group"
	enter two "$group/below"
	wanted=$(printf '%s\n' "${pids[one]}" "${pids[two]}" | sort -n | paste -sd,)
	run -0 --separate-stderr teletap watch threads,process --cgroup "/$name" -n 1 -o json
	[ "$(jq -c '[.page, ([.rows[].pid | values] | unique)]' <<<"$output" | sort)" = "[204,[$wanted]]
[224,[$wanted]]" ]
	run -0 --separate-stderr teletap watch threads --cgroup "/$name" -n 1
	[[ ${lines[1]} == *", Python 3.11.2, cgroup /$name, 2 seen" || ${lines[2]} == *"cgroup /$name, 2 seen" ]]
	run -0 --separate-stderr teletap record threads --cgroup "/$name" -w "$dir/rec" -n 1
	run -0 --separate-stderr teletap replay "$dir/rec" threads -o json
	[ "$(jq -c '[.target.pid, .target.cgroup]' <<<"${lines[-1]}")" = "[null,\"/$name\"]" ]
	run -0 --separate-stderr teletap doctor --cgroup "/$name" -o json
	[ "$(jq -c '[.target.cgroup, (.pages[] | select(.page == 210) | .works, .collector)]' <<<"$output")" = "[\"/$name\",true,\"bpf\"]" ]
	[[ $(jq -r '.pages[] | select(.page == 210).collectors[] | select(.name == "stap").why' <<<"$output") == "cgroup /$name: a module watches one process"* ]]
}

@test "check, and serve: a cgroup that is yet to come, ends, and comes again as another one" {
	sleep infinity 3>&- &
	pid=$!
	echo "$pid" >"$group/cgroup.procs"
	run --separate-stderr teletap check --cgroup "/$name"
	[[ $output == TELETAP\ [OWC]*" |"* ]]
	refused teletap serve --port "$PORT" -p 2000000
	serve --cgroup "/$name/later"
	until_true says 'no target yet: no cgroup' page 255
	kill -9 "$pid"
	for _ in 1 2; do
		mkdir "$group/later"
		sleep infinity 3>&- &
		pid=$!
		echo "$pid" >"$group/later/cgroup.procs"
		until_true says "cgroup /$name/later" page 204
		until_true says " *$pid S " page 204
		kill -9 "$pid"
		wait "$pid" || true
		until_true says 'ENDED: cgroup .*: all processes have ended' page 204
		rmdir "$group/later"
	done
	kill "$server"
}

@test "when its last process ends, or it is removed, the last page comes" {
	begin one
	enter one "$group/below"
	watch_by memory --cgroup "/$name"
	kill -9 "${pids[one]}"
	wait "$tap"
	[ "$(tail -n 1 "$out" | jq .last)" = true ]
	rmdir "$group/below" "$group"
	refused teletap watch gc --cgroup "/$name" -n 1
	[[ $stderr == *"no cgroup /$name below"* ]]
	mkdir -p "$group"
	refused teletap watch gc --cgroup "/$name" -n 1
	[[ $stderr == *"cgroup /$name: no process is in it now"* ]]
}

@test "a unit is a folder in slices, a container one of its ID; what is ambiguous is refused" {
	begin one two
	mkdir -p "$MOUNT/$name.slice/_cpu.$name.service" "$MOUNT/$name.slice/$name@1.service/$name.service"
	enter one "$MOUNT/$name.slice/_cpu.$name.service"
	enter two "$MOUNT/$name.slice/$name@1.service/$name.service"
	for unit in "cpu.$name.service" "cpu.$name"; do
		run -0 --separate-stderr teletap watch process --unit "$unit" -n 1 -o json
		[ "$(jq -c '[.target.unit, [.rows[].pid | values]]' <<<"$output")" = "[\"$unit\",[${pids[one]}]]" ]
	done
	run -0 --separate-stderr teletap watch process --unit "$name@1" -n 1 -o json
	[ "$(jq -c '[.rows[].pid | values]' <<<"$output")" = "[${pids[two]}]" ]
	# below a service names are its own
	refused teletap watch process --unit "$name.service" -n 1
	[[ $stderr == *"no unit $name.service has a cgroup"*--cgroup*"systemctl --user show"* ]]

	# nor is a name inside of a container another container's
	mkdir -p "$group/docker-abc1$ID.scope/docker-abc2$ID.scope" "$group/libpod-conmon-abc3$ID.scope"
	enter one "$group/docker-abc1$ID.scope/docker-abc2$ID.scope"
	run -0 --separate-stderr teletap watch process --container abc -n 1 -o json
	[ "$(jq -c '[.target.container, [.rows[].pid | values]]' <<<"$output")" = "[\"abc\",[${pids[one]}]]" ]
	refused teletap watch process --container abc3 -n 1
	mkdir "$group/below/abc3$ID"
	enter two "$group/below/abc3$ID"
	run -0 --separate-stderr teletap watch process --container "abc3$ID" -n 1 -o json
	[ "$(jq -c '[.rows[].pid | values]' <<<"$output")" = "[${pids[two]}]" ]
	refused teletap watch process --container abc -n 1
	[[ $stderr == *"2 have that name, such as /"*"abc"*" and /"*"abc"*": name one (--cgroup)" ]]
}

@test "names that cannot be one are refused in one line" {
	for words in '--cgroup x' "--cgroup /$name/../$name" '--cgroup /..' '--cgroup /' "--cgroup $MOUNT" \
		"--cgroup $MOUNT/" '--unit a/b' '--unit a~b' '--container xyz' '--container ../a' \
		"--container $ID$ID" "--cgroup /$name --unit a" "--cgroup /$name -p 1" "--unit a -e /bin/sh"; do
		echo "$words"
		# shellcheck disable=SC2086
		run -2 --separate-stderr teletap watch process $words -n 1
		[ -z "$output" ]
	done
	for words in "--cgroup /$name/below/below" '--unit no-such-unit' '--container 0123456789abcdef'; do
		# shellcheck disable=SC2086
		refused teletap watch process $words -n 1
	done
	refused teletap watch process --cgroup $'/a\n\033[31mb' -n 1
	# another folder that looks like one of a cgroup
	mkdir "$dir/cgroup.procs"
	misused teletap watch process --cgroup "$MOUNT/../..$dir"
	many=$(seq -f '-p %.0f' 2000000 2000016)
	# shellcheck disable=SC2086
	misused teletap watch process $many
	[[ $stderr == *'at most 16 processes'* ]]
	refused teletap watch process -p $$ -p 2000000 -n 1
	[[ $stderr == *'no process 2000000'* ]]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap doctor: each verdict about a host, on made-up ones.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load serve
load doctor

@test "without a target: pages that need no module are said to need none" {
	rm "$ROOT/usr/bin/staprun"
	doctor 1
	for page in 201 202 240 245; do
		[ "$(jq -r --argjson page $page '.pages[] | select(.page == $page) | "\(.works) \(.why)"' <<<"$json")" = "true read from the program's memory; no module is needed: a target (-p) would tell whether it has a ring" ]
	done
	[ "$(jq -r '.pages[] | select(.page == 210).works' <<<"$json")" = false ]
}

@test "a good host: all is OK" {
	doctor 0
	[ "$(jq -r '.checks[].verdict' <<<"$json" | sort -u)" = OK ]
	[ "$(jq -r '.checks[].remedy' <<<"$json" | sort -u)" = null ]
	[ "$(jq -c .target <<<"$json")" = null ]
	page true '*target*'
	check staprun OK 'staprun 5.6 (/usr/bin/staprun)'
	check stap OK 'stap 5.6, with no known trouble on kernel 6.12.107+deb13-amd64'
}

@test "text: a line each, the remedy below" {
	rm "$ROOT/usr/bin/stap"
	run -0 --separate-stderr teletap doctor
	[ -z "$stderr" ]
	[[ ${lines[0]} == 'This host, kernel 6.12.107+deb13-amd64' ]]
	[[ ${lines[1]} == 'OK    running as root' ]]
	grep -A1 '^WARN  there is no stap' <<<"$output" | grep '^      -> .*install systemtap 5.6'
	grep '^210  gc            works: ' <<<"$output"
	lacks '^(?!(OK  |WARN|FAIL)  \S|      -> |This host|Pages|\d{3}  |$)' <<<"$output"
}

@test "text: a reason that several pages have is said once, and the others name that page" {
	sleep 100 3>&- &
	run teletap doctor -p $!
	kill $!
	[ "$(grep -c 'has no markers of python' <<<"$output")" = 1 ]
	grep '^210  .*  does not work: .* has no markers of python' <<<"$output"
	for page in 211 212 213 220 221 222 230 231; do
		grep "^$page  .*  does not work, for the reason of page 210$" <<<"$output"
	done
}

@test "not root" {
	sed -i 's/^Uid:.*/Uid:\t1000\t1000\t1000\t1000/' "$ROOT/proc/self/status"
	warns root '*not root*'
}

@test "a container without rights" {
	sed -i 's/^CapEff:.*/CapEff:\t00000000a80425fb/' "$ROOT/proc/self/status"
	fails capabilities '*no CAP_SYS_MODULE*'
	sed -i 's/^CapEff:.*/CapEff:\t0000000000010000/' "$ROOT/proc/self/status"
	fails capabilities '*no CAP_PERFMON*'
}

@test "root of a user namespace" {
	echo '0 1000 1' >"$ROOT/proc/self/uid_map"
	fails capabilities '*user namespace*'
}

@test "another PID namespace than the host's" {
	ln -sfn 'pid:[4026532201]' "$ROOT/proc/self/ns/pid"
	fails pid-namespace '*another PID namespace*'
	jq -e '.checks[] | select(.id == "pid-namespace").remedy | test("on the host itself")' <<<"$json"
	# whose modules are loaded cannot be seen from there
	echo 'teletap_gc_000_777 40960 0 - Live 0x0' >>"$ROOT/proc/modules"
	doctor 1
	check leftovers OK '*'
}

@test "rights that cannot be seen" {
	sed -i '/^CapEff/d' "$ROOT/proc/self/status"
	warns capabilities '*cannot be seen*'
}

@test "the reason of a page is what no package cures, when there is such" {
	rm "$ROOT/usr/bin/staprun"
	run teletap doctor -o json
	[[ $(jq -r '.pages[] | select(.page == 232).why' <<<"$output") == *staprun* ]]
	echo 'root=/dev/vda1 nomodule' >"$ROOT/proc/cmdline"
	rm "$ROOT/proc/modules"
	run teletap doctor -o json
	[[ $(jq -r '.pages[] | select(.page == 232).why' <<<"$output") == *nomodule* ]]
}

@test "staprun: missing, or mute" {
	host_program "$ROOT" staprun ''
	doctor 0
	check staprun OK '*not tell its version'
	rm "$ROOT/usr/bin/staprun"
	fails staprun '*no staprun*'
}

@test "stap: missing, mute, and the pairs that do not compile" {
	rm "$ROOT/usr/bin/stap"
	warns stap '*no stap on PATH*'
	host_program "$ROOT" stap 'what?'
	warns stap '*does not tell*'
	while read -r stap kernel expected; do
		host_program "$ROOT" stap "Systemtap translator/driver (version $stap/0.188, Debian version $stap)"
		echo "$kernel" >"$VERSION"
		doctor 0
		check stap "$expected" "stap $stap*$kernel*"
	done <<-'EOF'
		4.8 6.1.192-1-amd64 WARN
		5.1 6.12.107+deb13-amd64 WARN
		5.5 6.1.0 WARN
		4.8 5.10.0-30-amd64 OK
		5.6 6.1.192 OK
		5.10 7.2.12+deb14-cloud-amd64 OK
	EOF
	check headers WARN '*no headers of kernel 7.2.12*'
}

@test "headers and compiler" {
	rm "$ROOT/usr/bin/make"
	warns compiler 'no make*'
	rm "$ROOT/usr/bin/gcc"
	warns compiler 'no gcc and no make*'
	rm -r "$ROOT/lib/modules"
	warns headers '*no headers*'
}

@test "a kernel without modules" {
	rm "$ROOT/proc/modules"
	fails modules '*no module support*'
	echo 'quiet nomodule' >"$ROOT/proc/cmdline"
	fails modules '*nomodule*'
	touch "$ROOT/proc/modules"
	echo 'nomodules x.nomodule' >"$ROOT/proc/cmdline"
	doctor 0
}

@test "modules_disabled" {
	echo 1 >"$ROOT/proc/sys/kernel/modules_disabled"
	fails modules-disabled '*next boot*'
}

@test "lockdown" {
	echo 'none [integrity] confidentiality' >"$SECURITY/lockdown"
	fails lockdown '*integrity*'
	echo 'none integrity [confidentiality]' >"$SECURITY/lockdown"
	fails lockdown '*confidentiality*'
	remedy lockdown
	rm "$SECURITY/lockdown"
	warns lockdown '*cannot be seen*'
	echo capability,yama >"$SECURITY/lsm"
	doctor 0
	check lockdown OK '*knows no lockdown*'
}

@test "Secure Boot" {
	local vars=$ROOT/sys/firmware/efi/efivars
	mkdir -p "$vars"
	warns secure-boot '*cannot be seen*'
	printf '\6\0\0\0\1' >"$vars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	warns secure-boot 'Secure Boot is on*'
	remedy secure-boot
	printf '\6\0\0\0\0' >"$vars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	doctor 0
	check secure-boot OK 'Secure Boot is off'
}

@test "forced signatures" {
	echo Y >"$ROOT/sys/module/module/parameters/sig_enforce"
	fails signatures '*signed modules only*'
	remedy signatures
}

@test "no uprobes" {
	rm -r "$ROOT/sys/bus"
	fails uprobes '*no uprobes*'
}

@test "transport" {
	echo 'proc /proc proc ro,nosuid 0 0' >"$ROOT/proc/mounts"
	fails transport '*read-only*'
	rm "$ROOT/proc/mounts"
	warns transport '*cannot be seen*'
}

@test "the cache: little room, and others may write" {
	need_root
	mkdir -m 777 "$ROOT/var/cache/teletap"
	warns cache-owner '*written by others*'
	rmdir "$ROOT/var/cache/teletap"
	AS=(unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"' sh "$ROOT/var/cache")
	warns cache '? MB free*'
}

@test "modules left behind, and those in use" {
	mkdir "$ROOT/proc/77"
	echo stapio >"$ROOT/proc/77/comm"
	echo 'teletap_gc_0000_77 40960 2 - Live 0x0' >>"$ROOT/proc/modules"
	doctor 0
	check leftovers OK '*'
	echo bash >"$ROOT/proc/77/comm"
	warns leftovers '1 module that*teletap_gc_0000_77*'
	echo 'teletap_gc_000_777 40960 0 - Live 0x0' >>"$ROOT/proc/modules"
	warns leftovers '2 modules*'
}

@test "a signed module, which keeps its name: in use while a teletap holds its lock" {
	echo 'teletap_gc_0000000 40960 2 - Live 0x0' >>"$ROOT/proc/modules"
	warns leftovers '1 module that*teletap_gc_0000000*'
	mkdir -p "$ROOT/run/teletap"
	touch "$ROOT/run/teletap/teletap_gc_0000000.lock"
	warns leftovers '1 module that*teletap_gc_0000000*'
	exec 6<"$ROOT/run/teletap/teletap_gc_0000000.lock"
	flock 6
	doctor 0
	check leftovers OK '*'
}

@test "an empty machine: everything that cannot be seen is said" {
	TELETAP_HOST_ROOT=$BATS_TEST_TMPDIR/empty
	mkdir "$TELETAP_HOST_ROOT"
	doctor 1
	check root WARN '*'
	check transport WARN '*'
	page false '*'
}

@test "this host: it says what it finds, and changes nothing" {
	unset TELETAP_HOST_ROOT
	mkdir "$BATS_TEST_TMPDIR/home"
	HOME=$BATS_TEST_TMPDIR/home run --separate-stderr teletap doctor -o json
	[ "$status" -le 1 ]
	[ -z "$stderr" ]
	jq -e '.checks | length > 10' <<<"$output"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/home")" ]
}

@test "wrong usage" {
	misused teletap doctor -p 1 -e /bin/sh
	misused teletap doctor -e /bin/sh -e /bin/bash
	misused teletap doctor gc
	misused teletap doctor -c true
	misused teletap doctor -o xml
}

@test "a full disk" {
	[ -w /dev/full ] || skip "needs /dev/full"
	run -3 --separate-stderr sh -c 'teletap doctor >/dev/full'
	[[ $stderr == *'standard output'* ]]
}

@test "the JSON of all of these" { every_json free-threaded sub-interpreters namespace jit; }

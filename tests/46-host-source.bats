#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Page 203 of a real host: space as df has it, mounts that are not asked, units, and
# kernels that do not tell. TELETAP_HOST_ROOT names a folder instead of / for what is read
# below /proc and /run, and for systemctl.

# shellcheck disable=SC2030,SC2031,SC2154,SC2016 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load serve

teardown() {
	kill_server
}

# A page of the host, as JSON, in $page.
take() {
	run -0 --separate-stderr timeout 20 teletap watch host -i 0.1 -n 1 -o json
	[ -z "$stderr" ]
	page=$output
}

rows() { jq -c ".rows[] | select($1) | $2" <<<"$page"; }

# fake FILE TEXT: a file below the root that is looked at.
fake() {
	export TELETAP_HOST_ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$TELETAP_HOST_ROOT$(dirname "$1")"
	printf '%b' "$2" >"$TELETAP_HOST_ROOT$1"
}

# systemctl SCRIPT: systemd runs here, and this is its systemctl.
systemctl() {
	fake /usr/bin/systemctl "#!/bin/sh\n$1\n"
	chmod 755 "$TELETAP_HOST_ROOT/usr/bin/systemctl"
	mkdir -p "$TELETAP_HOST_ROOT/run/systemd/system"
	PATH=/usr/bin:$PATH
}

@test "space, memory and load are those of df, free and the kernel" {
	take
	before=$(df -B1 --output=size,avail,itotal,iavail / | tail -n 1 | xargs)
	up1=$(cut -d. -f1 /proc/uptime)
	take
	up2=$(cut -d. -f1 /proc/uptime)
	after=$(df -B1 --output=size,avail,itotal,iavail / | tail -n 1 | xargs)
	row=$(rows '.kind == "space" and .name == "/"' '.size, .available, (.inodes // 0), (.inodes_free // 0)' | xargs)
	echo "df $before, page $row, df $after"
	read -r size avail inodes ifree <<<"$row"
	read -r size1 avail1 inodes1 ifree1 <<<"$before"
	read -r _ avail2 _ ifree2 <<<"$after"
	[ "$size $inodes" = "$size1 $inodes1" ]
	# others write meanwhile
	[ "$avail" -le $(((avail1 > avail2 ? avail1 : avail2) + 100000000)) ]
	[ "$avail" -ge $(((avail1 < avail2 ? avail1 : avail2) - 100000000)) ]
	[ $((ifree - ifree1)) -le $((ifree2 > ifree1 ? ifree2 - ifree1 + 10000 : 10000)) ]
	[ "$(rows '.kind == "memory"' .size)" = $(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) * 1024)) ]
	[ "$(rows '.kind == "swap"' .size)" = $(($(awk '/^SwapTotal:/ { print $2 }' /proc/meminfo) * 1024)) ]
	[ "$(rows '.kind == "load"' .processors)" = "$(getconf _NPROCESSORS_ONLN)" ]
	up=$(($(rows '.kind == "load"' .uptime_ns) / 1000000000))
	[ "$up1" -le "$up" ]
	[ "$up" -le "$up2" ]
}

@test "everything that is read, by the bytes" {
	fake /proc/loadavg '1.50 0.25 100.05 3/417 12345\n'
	fake /proc/uptime '86400.25 1.00\n'
	fake /proc/meminfo 'MemTotal:       1000 kB\nMemFree:  100 kB\nMemAvailable: 250 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\nCommitted_AS: 5 kB\n'
	fake /proc/pressure/cpu 'some avg10=1.25 avg60=0.50 avg300=100.00 total=1000\nfull avg10=9.00 avg60=9.00 avg300=9.00 total=9\n'
	fake /proc/pressure/io 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.01 total=5\n'
	take
	[ "$(rows '.kind == "load"' '[.load1,.load5,.load15,.runnable,.tasks,.uptime_ns]')" = '[1.5,0.25,100.05,3,417,86400250000000]' ]
	[ "$(rows '.kind == "memory"' '[.size,.free,.available,.used]')" = '[1024000,102400,256000,0.75]' ]
	[ "$(rows '.kind == "pressure"' '[.name,.full,.avg10,.avg60,.avg300,.stalled_ns]' | xargs -d '\n')" = \
		'["cpu",false,0.0125,0.005,1,0] ["memory",false,null,null,null,null] ["memory",true,null,null,null,null] ["io",false,0,0,0,0] ["io",true,0,0,0.0001,0]' ]
	[ -z "$(rows '.kind == "space"' .)" ]
	[ -z "$(rows '.kind == "mounts"' .)" ]
}

@test "a kernel that tells nothing, or nonsense" {
	fake /proc/loadavg 'x\n'
	fake /proc/uptime ''
	fake /proc/meminfo 'MemTotal: many kB\n'
	fake /proc/pressure/cpu 'some avg10=\nfull\n'
	fake /proc/self/mountinfo 'a b c\n1 2\n\n36 35 98:0 / /nowhere rw - ext4 /dev/x rw\n'
	fake /proc/filesystems 'nodev\tproc\n\text4\n'
	take
	[ "$(rows '.kind == "load"' '[.load1,.runnable,.uptime_ns]')" = '[null,null,null]' ]
	[ "$(rows '.kind == "memory"' '[.size,.available,.used]')" = '[null,null,null]' ]
	[ "$(rows '.kind == "mounts"' '[.shown,.not_asked,.without_space,.again,.more]')" = '[0,0,0,1,0]' ]
	[ "$(rows '.kind == "units"' .failed)" = null ]
	[[ $(jq -r '.notes[]' <<<"$page") == *"does not tell pressure"*"systemd does not run here"* ]]
}

# It has a second: on a busy host that may be too short.
take_units() {
	for _ in 1 2 3 4 5; do
		take
		jq -e '.notes | any(startswith("systemctl did not answer"))' <<<"$page" || break
	done
}

@test "units that have failed" {
	systemctl 'echo "$*" >"$TELETAP_HOST_ROOT/asked"
		echo "nginx.service loaded failed failed A high performance\\tweb server"
		echo "  a\\\\x2db.mount  not-found failed   failed"
		echo'
	take_units
	[ "$(rows '.kind == "units"' .failed)" = 2 ]
	[ "$(rows '.kind == "unit"' '[.name,.active,.sub,.text]' | sort | xargs -d '\n')" = \
		'["a\\x2db.mount","failed","failed",""] ["nginx.service","failed","failed","A high performance\tweb server"]' ]
	[[ $(cat "$TELETAP_HOST_ROOT/asked") == 'list-units --failed '* ]]
}

@test "none have; 200 have: 100 are shown" {
	systemctl true
	take_units
	[ "$(rows '.kind == "units"' .failed)" = 0 ]
	systemctl 'for i in $(seq 200); do echo "u$i.service loaded failed failed x"; done'
	take_units
	[ "$(rows '.kind == "units"' .failed)" = 200 ]
	[ "$(rows '.kind == "unit"' .name | wc -l)" = 100 ]
	jq -e '.notes | any(. == "200 units have failed; 100 of them are shown")' <<<"$page"
}

@test "a systemctl that hangs, fails, or never ends its answer" {
	for does in 'sleep 100' 'exit 1' 'while :; do echo x loaded failed failed y; done' 'kill -9 $$'; do
		systemctl "$does"
		SECONDS=0
		take
		[ "$SECONDS" -lt 10 ]
		[ "$(rows '.kind == "units"' .failed)" = null ]
		jq -e '.notes | any(startswith("systemctl did not answer"))' <<<"$page"
	done
}

# mounted COMMAND...: takes the page in a mount namespace in which the commands ran.
mounted() {
	page=$(unshare -m sh -ec "$1
		timeout 20 teletap watch host -i 0.1 -n 1 -o json")
}

@test "mounts: covered ones, the same twice, full, read-only, hostile names" {
	need_root
	dir=$BATS_TEST_TMPDIR
	mkdir "$dir"/{a,b,c,full}
	export HOSTILE="$dir/"$'x\ty\nz \\ \e[2J'
	mkdir "$HOSTILE"
	mounted "mount -t tmpfs -o size=8m,nr_inodes=100 one $dir/a
		mount --bind $dir/a $dir/b
		mount -t tmpfs -o size=4m covered $dir/c
		mount -t tmpfs -o size=12m above $dir/c
		mount -t tmpfs -o size=1m full $dir/full
		head -c 2000000 /dev/zero > $dir/full/x || true
		mount -o remount,ro $dir/full
		mount -t tmpfs -o size=2m 'so urce' \"\$HOSTILE\""
	[ "$(rows ".name == \"$dir/a\"" '[.device,.type,.size,.available,.inodes,.read_only]')" = '["one","tmpfs",8388608,8388608,100,false]' ]
	[ -z "$(rows ".name == \"$dir/b\"" .)" ]
	[ "$(rows ".name == \"$dir/c\"" '[.device,.size]')" = '["above",12582912]' ]
	[ "$(rows ".name == \"$dir/full\"" '[.size,.available,.used,.read_only]')" = '[1048576,0,1,true]' ]
	jq -e '.rows[] | select(.device == "so urce") | .name == env.HOSTILE and .size == 2097152' <<<"$page"
	[ "$(rows '.kind == "space"' .name | head -n 1)" = "\"$dir/full\"" ]
	jq -e '.rows[] | select(.kind == "mounts") | .again >= 2' <<<"$page"
}

@test "mounts of the network, of programs, and below those: not asked" {
	need_root
	dir=$BATS_TEST_TMPDIR
	fake /proc/self/x ''
	fake /proc/filesystems "$(cat /proc/filesystems)\\n"
	mkdir "$dir"/{net,prog,disk}
	# what the kernel says, with other names of types
	mounted "mount -t tmpfs net $dir/net; mkdir -p $dir/net/x $dir/net/proc
		mount -t tmpfs below $dir/net/x; mkdir $dir/net/x/y
		mount -t tmpfs deeper $dir/net/x/y
		mount -t tmpfs prog $dir/prog
		mount -t tmpfs disk $dir/disk
		sed 's/ - tmpfs net / - nfs4 net /; s/ - tmpfs prog / - fuse.sshfs prog /' \
			/proc/self/mountinfo > $TELETAP_HOST_ROOT/proc/self/mountinfo"
	rows '.kind == "mounts"' .
	for name in net below deeper prog; do [ -z "$(rows ".device == \"$name\"" .)" ]; done
	[ "$(rows '.device == "disk"' .type)" = '"tmpfs"' ]
	jq -e '.rows[] | select(.kind == "mounts") | .not_asked >= 4' <<<"$page"
}

@test "100 file systems: 64 are shown, and the others counted" {
	need_root
	dir=$BATS_TEST_TMPDIR
	mounted "for i in \$(seq 100); do mkdir $dir/\$i; mount -t tmpfs -o size=1m t\$i $dir/\$i; done"
	[ "$(rows '.kind == "space"' .name | wc -l)" = 64 ]
	jq -e '.rows[] | select(.kind == "mounts") | .shown == 64 and .more >= 36' <<<"$page"
}

@test "a process of its own, which ends with teletap" {
	mkfifo "$BATS_TEST_TMPDIR/out"
	teletap watch host -i 0.1 >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	exec 7<"$BATS_TEST_TMPDIR/out"
	head -c 200 <&7 | grep -q '^203 host'
	child=$(pgrep -P $pid -x teletap-proc)
	only_three() { [ "$(cd /proc/"$child"/fd && echo *)" = "0 1 2" ]; }
	until_true only_three # but for what it reads at the moment
	kill -9 $pid
	tries=0
	while [ -e /proc/"$child"/fd/0 ]; do
		[ $((tries++)) -lt 50 ]
		sleep 0.1
	done
	exec 7<&-
}

@test "that process is killed: said, and not taken for a good end" {
	mkfifo "$BATS_TEST_TMPDIR/out"
	teletap watch host -i 0.1 >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	exec 7<"$BATS_TEST_TMPDIR/out"
	head -c 200 <&7 | grep -q '^203 host'
	pkill -9 -P $pid -x teletap-proc
	cat <&7 >/dev/null
	status=0
	wait $pid || status=$?
	[ "$status" = 3 ]
	[ "$(<"$BATS_TEST_TMPDIR/err")" = "teletap: watch: what reads the figures of page 203 has ended: start again" ]
	exec 7<&-
}

@test "not root: the same page" {
	need_root
	run -0 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		teletap watch host -i 0.1 -n 1 -o json
	[ "$(jq -c '.rows[] | select(.kind == "memory") | .size > 0' <<<"$output")" = true ]
}

@test "a recording of it" {
	teletap record host -w "$BATS_TEST_TMPDIR/r" -i 0.1 -n 3
	run -0 --separate-stderr teletap replay "$BATS_TEST_TMPDIR/r" host
	[ "$(grep -c '^203 host' <<<"$output")" = 3 ]
	[ "$(grep '^page ' <<<"$output" | tail -n 1 | cut -d: -f1)" = 'page 3, the last one' ]
	[ "$(grep -c '^ memory ' <<<"$output")" = 3 ]
}

@test "teletap serve has it, unloads it when nobody asks, and has it again" {
	need_root
	export PORT=25361
	serve -p $$ --idle 1 -i 0.2
	until_true says '^ memory ' page host
	[[ $(page 203) == "203 host "*$'\nThis host\n'* ]]
	[ "$(pgrep -c -P "$server" -x teletap-proc)" -eq 1 ]
	sleep 2.5
	until_true gone
	until_true says '^ memory ' page host
	stop_server
}

gone() { ! pgrep -P "$server" -x teletap-proc >/dev/null; }

@test "doctor: it works, and that is no answer to what works" {
	run teletap doctor -o json
	[ "$(jq -c '.pages[] | select(.page == 203) | [.works, .why]' <<<"$output")" = '[true,"read from the kernel'\''s files; no module is needed"]' ]
}

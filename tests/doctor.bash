# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# For the tests of teletap doctor: made-up hosts, and what it says of them.

setup_file() {
	# Not in the folder of bats, which only its owner may enter.
	D=$(mktemp -d /tmp/teletap-doctor.XXXXXX)
	chmod 755 "$D"
	export D
	cp "$BUILD/bin/teletap" "$D/teletap"
	host_make "$D/good"
}

teardown_file() {
	rm -rf "$D"
}

setup() {
	PLAIN=(env)
	[ "$(id -u)" -ne 0 ] || PLAIN=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	ROOT=$BATS_TEST_TMPDIR/root
	cp -a "$D/good" "$ROOT"
	export TELETAP_HOST_ROOT=$ROOT
	SECURITY=$ROOT/sys/kernel/security
	VERSION=$ROOT/proc/sys/kernel/osrelease
	PIDS=()
}

teardown() {
	local pid

	for pid in "${PIDS[@]}"; do
		pkill -KILL -P "$pid" || true
		kill -KILL "$pid"
		wait "$pid" || true
	done 2>/dev/null
}

# doctor STATUS ARGUMENT...: sets $json; the last test looks at all of them.
doctor() {
	run "-$1" --separate-stderr "${AS[@]}" teletap doctor -o json "${@:2}"
	json=$output
	printf '%s\n' "$json" >>"$BATS_FILE_TMPDIR/all"
	[ -z "$stderr" ]
}

# check ID VERDICT TEXT: a line of the last doctor; TEXT is a pattern.
check() {
	local got text

	read -r got text < <(jq -r --arg id "$1" \
		'.checks[] | select(.id == $id) | "\(.verdict) \(.text)"' <<<"$json")
	echo "$1: $got $text"
	[ "$got" = "$2" ]
	# shellcheck disable=SC2053
	[[ $text == $3 ]]
}

# remedy ID: it is to sign the modules.
remedy() {
	jq -e --arg id "$1" '.checks[] | select(.id == $id).remedy | test("build --key KEY.pem --cert CERT")' <<<"$json"
}

# page TRUE|FALSE WHY: page 210 of the last doctor.
page() {
	local works why

	read -r works why < <(jq -r '.pages[] | select(.page == 210) | "\(.works) \(.why)"' <<<"$json")
	echo "210: $works $why"
	[ "$works" = "$1" ]
	# shellcheck disable=SC2053
	[[ $why == $2 ]]
}

target() {
	jq -r ".target.$1" <<<"$json"
}

# A host on which nothing can be loaded: FAIL ID TEXT.
fails() {
	doctor 1
	check "$1" FAIL "$2"
	page false "$2"
}

# A host that may do, although: ID TEXT.
warns() {
	doctor 0
	check "$1" WARN "$2"
	page true '*target*'
}

# Starts a command; sets $pid.
launch() {
	"$@" 3>&- &
	pid=$!
	PIDS+=("$pid")
}

# The same, and waits until it sleeps.
start() {
	launch "$@"
	settled "$pid"
}

settled() {
	for _ in {1..200}; do
		[[ $(cat "/proc/$1/wchan") != *nanosleep* ]] || return 0
		sleep 0.02
	done
	false
}

SLEEP=(-c 'import time; time.sleep(100)')

# every_json ID...: what each doctor of this file said is as the manual has it, and each check but
# these had several verdicts.
every_json() {
	/usr/bin/python3 - "$BATS_FILE_TMPDIR/all" "$@" <<-'EOF'
		import json, sys
		lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
		assert len(lines) > 20, len(lines)
		verdicts = {}
		for d in map(json.loads, lines):
		    assert list(d) == ["checks", "pages", "target"], list(d)
		    for c in d["checks"]:
		        assert list(c) == ["id", "verdict", "text", "remedy"], c
		        assert c["verdict"] in ("OK", "WARN", "FAIL") and c["text"], c
		        assert c["verdict"] != "FAIL" or c["remedy"], c
		        verdicts.setdefault(c["id"], set()).add(c["verdict"])
		    ids = [c["id"] for c in d["checks"]]
		    assert len(ids) == len(set(ids)), ids
		    for p in d["pages"]:
		        assert list(p) == ["page", "name", "works", "why", "collector", "collectors"], p
		        assert isinstance(p["works"], bool) and p["why"], p
		once = {"groups": {"OK"}, "cache-owner": {"WARN"}, "machine": {"WARN"}, "target": {"WARN"}}
		for name, found in verdicts.items():
		    assert len(found) > 1 or once.get(name) == found or \
		        name in sys.argv[2:], (name, found)
	EOF
}

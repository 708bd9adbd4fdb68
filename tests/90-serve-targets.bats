#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# teletap serve with targets that the configuration names. Each program's page has its own figures:
# what its own gc.get_stats() says.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load bpf
load words
load serve

setup_file() {
	export PORT=25421 HTTP=25422
	need_python_copy
	cgroups_begin
	cat >"$BATS_FILE_TMPDIR/collects.py" <<-'PY'
		import gc, sys
		gc.disable()
		print("ready", flush=True)
		for line in sys.stdin:
		    for _ in range(int(line)):
		        gc.collect(1)
		    print(gc.get_stats()[1]["collections"], flush=True)
	PY
}

teardown_file() { cgroups_end; }

setup() {
	server='' frontend='' dir=$BATS_TEST_TMPDIR config=$BATS_TEST_TMPDIR/config
	group=$MOUNT/teletap-targets-$BATS_ROOT_PID-$BATS_TEST_NUMBER
	declare -gA pids=() to=() from=()
}

teardown() {
	kill_server
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
	[ ! -d "$group" ] || until_true rmdir "$group"
}

run_word() { exec "$EXE" "$BATS_FILE_TMPDIR/collects.py" "$1"; }

# collect WORD COUNT: so many collections; $heard is what the program has counted by then.
collect() {
	echo "$2" >&"${to[$1]}"
	hear "$1"
}

# targets JSON...: a server of these.
targets() {
	printf '{ "metrics": ["gc", "host"], "targets": { %s } }' "$(IFS=,; echo "$*")" >"$config"
	serve --config "$config" --http "127.0.0.1:$HTTP" -i 0.2
}

got() { curl -s --max-time 10 "http://127.0.0.1:$HTTP$1"; }
code_of() { curl -s -o /dev/null --max-time 10 -w '%{http_code}' --path-as-is "http://127.0.0.1:$HTTP$1"; }

runs() { page "$1/gc" -o json | jq '.rows[1].runs_total'; }
has_run() { [ "$(runs "$1")" = "$2" ]; }
state_of() { page 255 -o json | jq -r ".targets[] | select(.name == \"$1\") | .there"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }

@test "each page has its own program's figures, by UDP, by HTTP and as metrics" {
	begin one two
	targets "\"one\": {\"pid\": ${pids[one]}, \"collectors\": [\"memory\"]}" \
		"\"two\": {\"pid\": ${pids[two]}, \"collectors\": [\"bpf\"]}"
	until_true has_run one 0
	until_true has_run two 0
	collect one 5
	one=$heard
	collect two 70
	two=$heard
	collect two 7
	two=$((heard))
	until_true has_run one "$one"
	until_true has_run two "$two"
	[ "$one" = 5 ]
	[ "$two" = 77 ]
	[ "$(got /one/gc.json | jq '[.target.pid, .rows[1].runs_total, .collector]' -c)" = "[${pids[one]},5,\"memory\"]" ]
	[ "$(got /two/210.json | jq '[.target.pid, .rows[1].runs_total, .collector]' -c)" = "[${pids[two]},77,\"bpf\"]" ]
	[[ $(got /one/210) == "210 gc "*"process ${pids[one]}"* ]]
	[[ $(nc_page one/210) == "210 gc "*"process ${pids[one]}"* ]]
	[[ $(nc_page two/gc) == "210 gc "*"process ${pids[two]}"* ]]
	got /metrics >"$dir/metrics"
	/usr/bin/python3 - "$dir/metrics" <<-'PY'
		import sys
		from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
		families = {f.name: f for f in parse(open(sys.argv[1]).read())}
		runs = {s.labels["target"]: s.value for s in families["teletap_gc_runs"].samples
		        if s.name.endswith("_total") and s.labels["generation"] == "1"}
		assert runs == {"one": 5, "two": 77}, runs
		up = {(s.labels["page"], s.labels.get("target")): s.value for s in families["teletap_page_up"].samples}
		assert up == {("host", None): 1, ("gc", "one"): 1, ("gc", "two"): 1}, up
		by = {s.labels["target"]: s.labels["collector"] for s in families["teletap_page"].samples
		      if "target" in s.labels}
		assert by == {"one": "memory", "two": "bpf"}, by
		# what BPF alone knows: pauses
		pauses = [s for s in families["teletap_gc_pause_seconds"].samples
		          if s.name.endswith("_count") and s.labels["generation"] == "1"]
		assert [(s.labels["target"], s.value) for s in pauses] == [("two", 77)], pauses
	PY
	stop_server
}

@test "255 lists the targets, and that of one its pages" {
	begin one
	targets "\"one\": {\"pid\": ${pids[one]}, \"pages\": [\"gc\", 224, 301]}" \
		'"away": {"unit": "nosuch.service"}'
	run -0 page 255
	[ "${lines[1]}" = 'this host' ]
	[[ ${lines[2]} == "one/255 "*" there  "*"process ${pids[one]}" ]]
	[[ ${lines[3]} == "away/255 "*" not there  unit nosuch.service" ]]
	grep -q '^203  host ' <<<"$output"
	lacks '^(210|224)' <<<"$output"
	until_true says '^210 .* live$' page one/255 # BPF programs are tried, for the first time
	run -0 page one/255
	[ "${lines[1]}" = "one: $EXE, process ${pids[one]}" ]
	[ "$(grep -o '^[0-9]*' <<<"$output" | tr '\n' ' ')" = '255 210 224 ' ]
	[ "$(page one/ | tail -n +2)" = "$(page one/contents | tail -n +2)" ] # without the head, which has the time
	# a target that is not there is one line, and no error of the server
	run -0 page away/255
	[[ ${lines[1]} == 'away: not there: '*nosuch* ]]
	run -1 page away/gc
	[[ $output == *nosuch* ]]
	[ "$(code_of /away/gc)" = 503 ]
	run -0 got /
	grep -qF '<a href="/one/255.html">one/255</a>' <<<"$output"
	grep -qF '<a href="/203.html">203</a>' <<<"$output"
	run -0 got /one/
	grep -qF '<a href="/one/210.html">210</a>' <<<"$output"
	grep -qF '<form action="/one/go">' <<<"$output"
	[ "$(curl -s -o "$dir/null" -w '%{redirect_url}' "http://127.0.0.1:$HTTP/one/go?page=gc")" = "http://127.0.0.1:$HTTP/one/210.html" ]
	stop_server
}

@test "what is not in the configuration cannot be named" {
	begin one
	targets "\"one\": {\"pid\": ${pids[one]}, \"pages\": [\"gc\"]}"
	until_true says '^210 ' page one/255 # BPF programs are tried, for the first time
	for wish in two/210 "p${pids[one]}/210" one/220 one/threads one/300 one/291 one/nosuch 210 gc 300; do
		run -1 --separate-stderr page "$wish"
		one_line
		[ "$(code_of "/$wish")" = 404 ]
	done
	for wish in one/gc/x one//gc /gc ../etc/passwd/gc ONE/gc "-p ${pids[one]}" 'one/gc one/gc' \
		"$(printf 'x%.0s' {1..30})/gc" 'o%6ee/gc' '1/gc' '/'; do
		run -2 --separate-stderr page "$wish"
		path=/${wish// /%20}
		[ "$wish" = / ] || [ "$(code_of "$path")" = 404 ]
	done
	for path in //gc /one//gc /one/gc/ /one/../gc /one/%2e%2e/gc /one/metrics /one/teletap.js /one/go /go/one; do
		[ "$(code_of "$path")" = 404 ]
	done
	# bytes that are no request get no answer, and change nothing
	/usr/bin/python3 - "$PORT" <<-'PY'
		import os, random, socket, sys
		random.seed(7)
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.connect(("127.0.0.1", int(sys.argv[1])))
		for _ in range(2000):
		    data = bytearray(b"one/210 json\n")
		    for _ in range(random.randrange(4)):
		        data[random.randrange(len(data))] = random.randrange(256)
		    s.send(bytes(data) if random.random() < 0.7 else os.urandom(random.randrange(1, 128)))
	PY
	until_true has_run one 0
	kill -0 "$frontend"
	stop_server
}

@test "a target that is restarted while it is served: by PID file, command and binary" {
	begin one two
	echo "${pids[one]}" >"$dir/pid"
	targets "\"file\": {\"pid_file\": \"$dir/pid\"}" \
		"\"line\": {\"command\": \"$EXE */collects.py two\"}" \
		"\"exe\": {\"exe\": \"$EXE\"}"
	for target in file line exe; do until_true has_run "$target" 0; done
	collect one 3
	collect two 4
	until_true has_run file 3
	until_true has_run line 4
	until_true has_run exe 7
	killed two
	until_true state_is line false
	state_is file true
	begin two
	until_true has_run line 0
	collect two 9
	until_true has_run line 9
	until_true has_run exe 16
	killed one
	begin one
	echo "${pids[one]}" >"$dir/pid"
	until_true has_run file 0
	collect one 2
	until_true has_run file 2
	[ "$(runs line)" = 9 ]
	stop_server
	lowered "${pids[one]}"
	lowered "${pids[two]}"
}

@test "a cgroup, and several processes of one command" {
	begin one two three
	mkdir "$group"
	echo "${pids[one]}" >"$group/cgroup.procs"
	echo "${pids[two]}" >"$group/cgroup.procs"
	targets "\"group\": {\"cgroup\": \"${group#"$MOUNT"}\"}" "\"all\": {\"command\": \"$EXE */collects.py t*\"}"
	until_true has_run group 0
	until_true has_run all 0
	collect one 1
	collect two 20
	collect three 300
	until_true has_run group 21
	until_true has_run all 320
	[ "$(page all/gc -o json | jq -c '.target.pids | sort')" = "$(printf '%s\n' "${pids[two]}" "${pids[three]}" | jq -sc sort)" ]
	stop_server
}

@test "a target that nobody asks for is closed" {
	begin one
	printf '{ "targets": { "one": {"pid": %d} } }' "${pids[one]}" >"$config"
	serve --config "$config" -i 0.2 --idle 1
	opened() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
	as_before() { [ "$(opened)" -eq "$before" ]; }
	before=$(opened)
	until_true has_run one 0
	[ "$(opened)" -gt "$before" ]
	until_true as_before
	run ! pgrep -P "$server" -f -x 'teletap-.*bpf.*'
	until_true has_run one 0
	stop_server
}

@test "a configuration with what is not known is refused, by its name" {
	wrong() {
		echo "$1" >"$config"
		misused teletap serve --config "$config" --port "$PORT"
		[[ ${stderr_lines[0]} == *"$2"* ]]
	}
	wrong '{"target": {"one": {"pid": 1}}}' target
	wrong '{"targets": {"one": {"pids": 1}}}' 'one: pids: there is no such key'
	wrong '{"targets": {"one": {"pid": 1, "pages": ["nosuch"]}}}' nosuch
	wrong '{"targets": {"one": {"pid": 1, "pages": 210}}}' 'one: pages'
	wrong '{"targets": {"one": {"pid": 1, "collectors": ["magic"]}}}' magic
	wrong '{"targets": {"one": {"pid": 1, "unit": "a.service"}}}' 'one: unit'
	wrong '{"targets": {"one": {"pid": 0}}}' 'one: pid'
	wrong '{"targets": {"one": {"exe": "bin/true"}}}' 'one: exe'
	wrong '{"targets": {"one": {"cgroup": "a/../b"}}}' 'one: --cgroup'
	wrong '{"targets": {"one": {"pages": ["gc"]}}}' 'one: it is named by none'
	wrong '{"targets": {"one": 1}}' one
	wrong '{"targets": {}}' targets
	for name in One 1 one/two '' ../x "$(printf 'x%.0s' {1..24})"; do
		wrong "{\"targets\": {\"$name\": {\"pid\": 1}}}" "targets: $name: a name is"
	done
	echo '{"targets": {"one": {"pid": 1}}}' >"$config"
	misused teletap serve --config "$config" --port "$PORT" -p $$
}

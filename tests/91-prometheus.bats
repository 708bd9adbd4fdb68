#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's Prometheus scrapes teletap serve, with the rules of packaging/prometheus. What its
# queries give is what the programs have counted themselves. Its clock goes by seconds here: the
# rules' times are shortened.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper
load bpf
load words
load serve

ID=abc34f5b2c0d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a

setup_file() {
	export PORT=25431 HTTP=25432 PROMETHEUS=25433 WEB=25434
	need_python_copy
	cgroups_begin
	cat >"$BATS_FILE_TMPDIR/collects.py" <<-'PY'
		import gc
		gc.disable()
		import sys, threading, time
		print("ready", flush=True)
		def half():
		    garbage = [[] for _ in range(300000)]
		    while True:
		        before = time.monotonic()
		        gc.collect() # of all generations: it looks at them each time
		        time.sleep(time.monotonic() - before)
		for line in sys.stdin:
		    if line == "half\n":
		        threading.Thread(target=half, daemon=True).start()
		    else:
		        for _ in range(int(line)):
		            gc.collect(1)
		    print(gc.get_stats()[1]["collections"], flush=True)
	PY
	cat >"$BATS_FILE_TMPDIR/web.py" <<-'PY'
		import gc
		gc.disable()
		def app(environ, start):
		    for _ in range(int(environ["PATH_INFO"][1:])):
		        gc.collect(1)
		    start("200 OK", [("Content-Type", "text/plain")])
		    return [b"%d" % gc.get_stats()[1]["collections"]]
	PY
}

teardown_file() { cgroups_end; }

setup() {
	server='' frontend='' prometheus='' web='' dir=$BATS_TEST_TMPDIR config=$BATS_TEST_TMPDIR/config
	group=$MOUNT/teletap-prometheus-$BATS_ROOT_PID-$BATS_TEST_NUMBER
	declare -gA pids=() to=() from=()
}

teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] || { curl -s --max-time 5 "http://127.0.0.1:$HTTP/metrics" | grep -v '^#' | tail -n 20; } || true
	kill_server
	[ ! -d "$group" ] || echo 1 >"$group/cgroup.kill"
	jobs -p | xargs -r kill -9 2>/dev/null || true
	wait 2>/dev/null || true
	[ ! -d "$group" ] || until_true find "$group" -depth -type d -exec rmdir {} +
	[ -n "$BATS_TEST_COMPLETED" ] || tail -n 20 "$dir/prometheus.log" || true
}

run_word() {
	case $1 in
	service) exec "$dir/service" ;;
	*) exec "$EXE" "$BATS_FILE_TMPDIR/collects.py" "$1" ;;
	esac
}

# say WORD TEXT: $heard is what the program answers.
say() {
	echo "$2" >&"${to[$1]}"
	hear "$1"
}

# scrape: Prometheus, with our job and rules.
scrape() {
	sed -e 's/scrape_interval: .*/scrape_interval: 500ms/' -e '/authorization:/d' -e '/credentials_file:/d' \
		-e "s/targets: .*/targets: ['127.0.0.1:$HTTP']/" \
		"$TOP/packaging/prometheus/prometheus.yml" >"$dir/prometheus.yml"
	printf 'global: { evaluation_interval: 500ms }\n' >>"$dir/prometheus.yml"
	sed -e 's/for: .*m$/for: 2s/' -e 's/\[\(5\|10\)m\]/[6s]/' \
		"$TOP/packaging/prometheus/teletap.rules.yml" >"$dir/teletap.rules.yml"
	prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" \
		--web.listen-address="127.0.0.1:$PROMETHEUS" >"$dir/prometheus.log" 2>&1 3>&- &
	prometheus=$!
	until_true ready
}

api() { curl -sf --max-time 10 -G "http://127.0.0.1:$PROMETHEUS/api/v1/$1" "${@:2}"; }
ready() { api status/buildinfo >"$dir/null"; }

# ask QUERY: the values, smallest first, one line.
ask() {
	api query --data-urlencode "query=$1" | jq -r '[.data.result[].value[1] | tonumber] | sort | join(" ")'
}

is() { [ "$(ask "$1")" = "$2" ]; }

firing() { api alerts | jq -er ".data.alerts[] | select(.labels.alertname == \"$1\" and .state == \"firing\") | .labels.target"; }
fires() { firing "$1" | grep -qx "$2"; }
fires_down() { api alerts | jq -e '[.data.alerts[].labels.alertname] | index("TeletapDown")'; }
loaded() { [ "$(api rules | jq '[.data.groups[].rules[] | select(.health == "ok")] | length')" = "$1" ]; }

# asks_web COUNT: so many collections in the web server; $heard is what it has counted.
asks_web() { heard=$(curl -sf --max-time 10 "http://127.0.0.1:$WEB/$1"); }

web_begins() {
	mkdir -p "$group/web"
	PYTHONPATH=$BATS_FILE_TMPDIR bash -c 'echo 0 >"$1/cgroup.procs"; shift; exec "$@"' - "$group/web" \
		"$EXE" -m gunicorn -b "127.0.0.1:$WEB" web:app >"$dir/web.log" 2>&1 3>&- &
	await asks_web 0
}

@test "queries give what a web server, a C service and a container have counted; an alert fires" {
	web_begins
	cp "$TOP/build/test/service" "$dir/service"
	begin service box
	mkdir -p "$group/$ID"
	echo "${pids[box]}" >"$group/$ID/cgroup.procs"
	printf '{ "metrics": ["gc", "counters"], "targets": {
		"web": { "cgroup": "%s/web", "pages": ["gc"], "collectors": ["bpf"] },
		"shop": { "exe": "%s/service", "pages": ["counters"] },
		"box": { "container": "%s", "pages": ["gc"] } } }' "${group#"$MOUNT"}" "$dir" "${ID::12}" >"$config"
	serve --config "$config" --http "127.0.0.1:$HTTP" -i 0.2
	scrape
	await is 'sum(teletap_page_up)' 3
	asks_web 0
	before=$heard
	asks_web 12
	[ $((heard - before)) = 12 ]
	say box 30
	[ "$heard" = 30 ]
	say service 'all 40'
	[ "$heard" = "done" ]
	await is 'teletap_gc_runs_total{target="web",generation="1"}' 12
	await is 'teletap_gc_runs_total{target="box",generation="1"}' 30
	await is 'teletap_app_events_total{target="shop",name="requests"}' 40
	# 100, 200, 300, ... were added
	await is 'teletap_app_change{target="shop",name="bytes"}' $((100 * 40 * 41 / 2))
	[ "$(ask 'teletap_gc_pause_seconds_count{generation="1"}')" = '12 30' ]
	[ "$(ask 'count by (target) ({target!="",job="teletap"}) > 0' | wc -w)" = 3 ]
	loaded 9
	[ -z "$(firing TeletapGcShare)" ]
	say box half
	await fires TeletapGcShare box
	[ "$(firing TeletapGcShare)" = box ]
	[ "$(ask 'up{job="teletap"}')" = 1 ]
	stop_server
	await fires_down
}

# $sum is by how much all samples of a counter together have grown, $falls how often one was lower
# than the one before, as Prometheus counts them.
samples() {
	read -r sum falls < <(api query --data-urlencode "query=$1[10m]" | jq -r '[.data.result[].values[] |
		(.[1] | tonumber)] as $v | [range(1; $v | length) | $v[.] - $v[. - 1]] |
		"\($v[0] + ([.[] | select(. > 0)] | add)) \([.[] | select(. < 0)] | length)"')
	echo "$1 sum $sum falls $falls"
}

# Programs of the server's processes, by number.
programs() {
	local pid
	for pid in $(pgrep -P "$server"); do cat "/proc/$pid/fdinfo/"* 2>"$dir/null" | sed -n 's/^prog_id:\s*//p'; done | sort -u
}
as_at_first() { [ "$(programs | wc -l)" = "${#first[@]}" ] && [ "$(pgrep -c -P "$server")" = "$processes" ]; }
no_program() {
	local id
	for id; do
		if bpftool prog show id "$id"; then return 1; fi
	done >"$dir/null" 2>&1
}

# Whether a process's code is what the file has: a probe would be there as another byte.
same_code() {
	/usr/bin/python3 - "$1" <<-'PY'
		import sys
		at = f"/proc/{sys.argv[1]}/"
		exe = open(at + "exe", "rb").read()
		for line in open(at + "maps"):
		    place, rights, offset, device, inode, *path = line.split()
		    if "x" not in rights or not path or not path[0].endswith("/python3.11"):
		        continue
		    begin, end = (int(x, 16) for x in place.split("-"))
		    memory = open(at + "mem", "rb", 0)
		    memory.seek(begin)
		    code = memory.read(end - begin)
		    same = code[:len(exe) - int(offset, 16)] == exe[int(offset, 16):][:len(code)]
		    sys.exit(not same)
		sys.exit(2)
	PY
}

@test "a target that is restarted 20 times while it is scraped: resets as Prometheus counts, nothing left" {
	printf '{ "metrics": ["gc"], "targets": { "job": { "command": "%s */collects.py job*", "collectors": ["bpf"] } } }' \
		"$EXE" >"$config"
	begin job
	serve --config "$config" --http "127.0.0.1:$HTTP" -i 0.2
	scrape
	n=0 truth=0
	runs='teletap_gc_runs_total{target="job",generation="1"}'
	await is "$runs" 0
	processes=$(pgrep -c -P "$server")
	read -r -d '' -a first < <(programs) || true
	while :; do
		# less each time: a fall is then a restart
		say job $((60 - n))
		truth=$((truth + heard))
		await is "$runs" "$heard"
		[ "$n" -lt 20 ] || break
		killed job
		begin job
		await is "$runs" 0
		n=$((n + 1))
	done
	samples "$runs"
	[ "$truth" = "$((21 * 50))" ]
	[ "$sum" = "$truth" ]
	[ "$falls" = 20 ]
	[ "$(ask "resets(${runs}[10m])")" = 20 ]
	# Prometheus's own sum is of what lies between samples, and goes a little beyond the ends
	[ "$(ask "abs(increase(${runs}[10m]) / $truth - 1) < bool 0.1")" = 1 ]
	# as many programs as at first, by as many processes, and none afterwards
	[ "${#first[@]}" -gt 0 ]
	await as_at_first
	read -r -d '' -a last < <(programs) || true
	run ! same_code "${pids[job]}"
	stop_server
	no_program "${first[@]}" "${last[@]}"
	lowered "${pids[job]}"
	same_code "${pids[job]}"
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages of a CPython without markers, by BPF programs at those of the extension, which the
# program imports or -c brings along: against what the interpreter says itself. The Pythons are
# Debian's, which has markers of its own, too, and those of pyenv, which have none, where there
# are some.

# shellcheck disable=SC2016,SC2153,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

setup_file() {
	need_bpf
	need_python
	need_uprobes
	with_extension "$python" "${BARE[@]}"
	export SHARE=$BATS_FILE_TMPDIR/share/teletap/python EXE=$BATS_FILE_TMPDIR/python3.11
	python=/usr/bin/python3.11
	python_copy "$EXE"
}

# each FUNCTION: for the Pythons without markers, and the one that has some.
each() {
	local python

	for python in "$EXE" "${BARE[@]}"; do
		echo "$python"
		"$1" "$python"
	done
}

# so PYTHON: the build of the extension that it loads
so() { PYTHONPATH=$SHARE "$1" -c 'import teletap._native as n; print(n.__file__)'; }

# As the program counts from when the extension listens.
collections() {
	cat >"$dir/collect.py" <<-'PY'
		import gc, json, os, sys, time
		import teletap
		folder, took, begun = sys.argv[1], [0, 0, 0], 0
		def told(phase, info):
		    global begun
		    if phase == "start":
		        begun = time.perf_counter_ns()
		    else:
		        took[info["generation"]] += time.perf_counter_ns() - begun
		gc.disable()
		gc.callbacks.append(told)
		open(folder + "/ready", "w").close()
		while not os.path.exists(folder + "/go"):
		    time.sleep(0.02)
		listens = teletap.status()["gc"]
		class Node: pass
		def leave():
		    for i in range(5000):
		        node = Node()
		        node.itself = node
		before, took[:] = gc.get_stats(), [0, 0, 0]
		for generation in (0, 1, 2, 2):
		    leave()
		    gc.collect(generation)
		gc.enable()
		leave()
		gc.disable()
		truth = [[a[k] - b[k] for k in ("collections", "collected", "uncollectable")]
		         for a, b in zip(gc.get_stats(), before)]
		with open(folder + "/truth", "w") as f:
		    json.dump([listens, [[n, c + u, t] for (n, c, u), t in zip(truth, took)]], f)
		open(folder + "/done", "w").close()
		while not os.path.exists(folder + "/end"):
		    time.sleep(0.02)
		os._exit(0)
	PY
}

same_collections() {
	rm -f "$dir"/{ready,go,done,end,truth}
	PYTHONPATH=$SHARE "$1" "$dir/collect.py" "$dir" 3>&- &
	pid=$!
	await [ -e "$dir/ready" ]
	watch gc -p "$pid" -i 0.3
	attached
	sleep 0.3 # the extension looks every 0.1 s whether somebody listens, and says it below
	touch "$dir/go"
	await [ -e "$dir/done" ]
	finish
	touch "$dir/end"
	[ "$(jq -c '.[1] | map(.[:2])' "$dir/truth")" = \
		"$(q '[.rows[] | [.runs_total, .collected_total]]')" ]
	# the pause is within what the program's own callback, which comes first and last, sees
	[ "$(q --argjson t "$(jq -c '.[1]' "$dir/truth")" \
		'[.rows[] | .pause_ns_total > 0 and .pause_ns_total <= $t[.generation][2]] | all')" = true ]
	[ "$1" = "$EXE" ] || [ "$(jq -c '.[0]' "$dir/truth")" = true ]
}

q() { jq -c "$@" <<<"$page"; }

@test "210 -p: runs and objects are those of gc.get_stats(), each once, and pauses the collector's" {
	collections
	each same_collections
}

culprits() {
	sed 's/^import asyncio$/import teletap\n&/' "$LIVE/events.py" >"$dir/events.py"
	PYTHONPATH=$SHARE teletap watch gc-events --collector bpf -i 60 -o json \
		-c "$1 $dir/events.py $dir/truth" >"$out"
	case $1 in
	"$EXE") set -- ;;
	*3.10.*|*3.12.*|*3.13.*) set -- extension unsure ;; # who calls the collector is not looked for, or not found
	*) set -- extension ;;
	esac
	/usr/bin/python3 "$LIVE/compare-events" "$out" "$dir/truth" "$@"
	last
}

@test "211: every collection, its stack and its cause" { each culprits; }

same_imports() {
	local folder

	folder=$(mktemp -d "$dir/XXXXXX")
	sed 's/^import json$/import teletap\n&/' "$LIVE/imports.py" >"$folder/imports.py"
	PYTHONPATH=$SHARE teletap watch imports --collector bpf -o json -e "$(so "$1")" \
		-c "$1 -S -X importtime $folder/imports.py run $folder" >"$folder/page" 2>"$folder/all"
	# what came before the extension is not its business
	sed '1,/^import time:.*| teletap$/d' "$folder/all" >"$folder/told"
	cp "$folder/page" "$out"
	last
	sed -i 's/^import teletap$//' "$folder/imports.py"
	status=0
	/usr/bin/python3 "$folder/imports.py" check "$folder" || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 9 ] # a busy machine: times
}

@test "230: the imports that -X importtime tells, nested alike, and those that fail" {
	each same_imports
}

audited() {
	cat >"$dir/audit.py" <<-'PY'
		import json, os, sys
		import teletap
		def reader():
		    for i in range(23):
		        open("/dev/null").close()
		        sys.audit("test.event", i)
		reader()
		os._exit(0)
	PY
	PYTHONPATH=$SHARE teletap watch audit --collector bpf -o json -i 60 -c "$1 $dir/audit.py" >"$out" 2>"$err"
	last
	[ "$(q '[.rows[] | select(.event == "test.event") | .events_total]')" = '[23]' ]
	case $1 in *3.10.*|*3.12.*) return ;; esac # their arguments are not read
	[ "$(q '[.rows[] | select((.argument // "") | test("^/dev/null")) | [.function, .events_total]]')" = '[["reader",23]]' ]
}

@test "231: audit events with their arguments, and who raised them" { each audited; }

refused() {
	cat >"$dir/refuses.py" <<-'PY'
		import sys
		heard = []
		def refuse(event, arguments):
		    heard.append(event)
		    if event == "sys.addaudithook":
		        raise RuntimeError("no more hooks")
		sys.addaudithook(refuse)
		import teletap
		print("ready", flush=True)
		sys.stdin.readline()
		for i in range(23):
		    sys.audit("test.event", i)
		print(heard.count("teletap.listens"), heard.count("test.event"), flush=True)
		sys.stdin.readline()
	PY
	rm -f "$dir/go"
	mkfifo "$dir/go"
	PYTHONPATH=$SHARE "$1" "$dir/refuses.py" <"$dir/go" >"$dir/said" 3>&- 7>&- &
	pid=$!
	exec 7>"$dir/go"
	await grep -q ready "$dir/said"
	watch audit -p "$pid" -i 0.3
	await grep -q 'a hook of the program refuses' "$out"
	echo >&7
	await grep -q '^1 23$' "$dir/said"
	finish
	exec 7>&-
	[ "$(q .rows)" = '[]' ]
	[ "$(q '[.notes[] | select(startswith("a hook of the program refuses the extension"))] | length')" = 1 ]
}

# Debian's Python has a marker of its own, for which no hook is needed.
@test "231: a hook of the program refuses the extension's: a note, and no event" {
	for python in "${BARE[@]: -1}"; do refused "$python"; done
}

brought() {
	teletap watch gc -o json -c "$1 -m told $dir/said" >"$out" 2>"$err"
	last
	[ "$(q '[.rows[].runs_total][0]')" -ge 23 ]
	jq -e '.[0] == true and .[1] == 23 and (.[2] | not)' "$dir/said"
	[[ $(q .notes) == *"by teletap's extension, which the command was given"* ]]
	teletap watch gc -o json -c "$1 -m told $dir/said" --no-extension >"$out" 2>"$err"
	jq -e '.[0] == false and .[1] == 23' "$dir/said"
	teletap watch gc -o json -c "$1 -I told.py $dir/said" >"$out" 2>"$err"
	page=$(tail -n 1 "$out")
	[ "$(q '[.rows, .collector]')" = '[[],"bpf"]' ]
	[[ $(q .notes) == *"has not loaded teletap's extension, so nothing is known"* ]]
}

# A program that says whether it has the extension, imported its own sitecustomize, and has
# anything of ours in sys.path.
told_make() {
	mkdir "$dir/site"
	echo 'import builtins; builtins.customized = 23' >"$dir/site/sitecustomize.py"
	cat >"$dir/told.py" <<-'PY'
		import builtins, gc, json, sys
		gc.disable()
		for i in range(23):
		    gc.collect(0)
		with open(sys.argv[1], "w") as f:
		    json.dump(["teletap" in sys.modules, getattr(builtins, "customized", 0),
		               any("teletap" in p for p in sys.path)], f)
	PY
	cd "$dir" || return
	export PYTHONPATH=$dir/site
}

@test "-c brings it along: by -m, beside a sitecustomize of the program, not with --no-extension" {
	told_make
	for bare in "${BARE[@]}"; do
		echo "$bare"
		brought "$bare"
	done
	# one that has markers is left as it is
	teletap watch gc --collector bpf -o json -c "$EXE -m told $dir/said" >"$out"
	last
	jq -e '.[0] == false' "$dir/said"
	[ "$(q '[.notes[] | select(test("extension"))]')" = '[]' ]
}

if [ ${#BARE[@]} -gt 0 ]; then
	@test "-c: a script that names its Python, in a venv" {
		told_make
		"${BARE[0]}" -m venv --without-pip "$dir/venv"
		{ echo "#!$dir/venv/bin/python"; cat "$dir/told.py"; } >"$dir/script"
		chmod +x "$dir/script"
		teletap watch gc -o json -c "$dir/script $dir/said" >"$out"
		last
		jq -e '.[0] == true and .[1] == 23' "$dir/said"
		[ "$(q '[.rows[].runs_total][0]')" -ge 23 ]
	}

	reused() { reused_as_profiled "$1"; }
	@test "220: functions made where others were: each has its own name, file and line" { each reused; }

	# What is counted is what the program counts itself; times are within those of its clock.
	@test "220 and 221 -c: calls and times of a Python without markers" {
		cat >"$dir/fib.py" <<-'PY'
			import json, sys, time
			calls = 0
			def fib(n):
			    global calls
			    calls += 1
			    return n if n < 2 else fib(n - 1) + fib(n - 2)
			took = 0
			for _ in range(10):
			    begun = time.monotonic_ns()
			    fib(12)
			    took += time.monotonic_ns() - begun
			json.dump([calls, took], open(sys.argv[1], "w"))
		PY
		for python in "${BARE[@]}"; do
			for what in calls call-times; do
				teletap watch $what -o json --function fib -c "$python $dir/fib.py $dir/said" >"$out"
				page=$(tail -n 1 "$out")
				echo "$python $what $(<"$dir/said") $page"
				jq -e --argjson page "$page" '. as [$calls, $took] | $page |
					(.collector == "bpf") and (.loss | add == 0) and (.rows | length == 1) and
					(.rows[0] | .calls_total == $calls and
						(.inclusive_ns_total // 1) > 0 and (.inclusive_ns_total // 0) <= $took)' "$dir/said"
			done
		done
	}

	@test "-c: no build for this Python: it goes on without, and the page says so" {
		told_make
		mkdir "$dir/bin" "$dir/share"
		cp "$(command -v teletap)" "$dir/bin/"
		mkdir -p "$dir/share/teletap/python"
		cp -r "$BUILD/share/teletap/bpf" "$dir/share/teletap/"
		"$dir/bin/teletap" watch gc -o json -c "${BARE[0]} -m told $dir/said" >"$out"
		page=$(tail -n 1 "$out")
		jq -e '.[0] == false' "$dir/said"
		[ "$(q .collector)" = '"memory"' ]
		version=$("${BARE[0]}" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
		[[ $(q .notes) == *"CPython $version: "*"; in teletap's source: make python PYTHON=python$version, then make install"* ]]
	}
fi

@test "the source archive builds a wheel, whose version is the project's" {
	cp -rL "$TOP/python" "$dir/source"
	cd "$dir/source"
	python=/usr/bin/python3.11
	"$python" setup.py -q sdist >"$out" 2>&1
	tar -xzf dist/*.tar.gz -C "$dir"
	cd "$dir/teletap-$(<"$TOP/VERSION")"
	"$python" setup.py -q bdist_wheel >"$out" 2>&1
	"$python" -m zipfile -e dist/*.whl "$dir/site"
	cd /
	run -0 env TELETAP_PYTHON=1 "$python" -c "import site, sys; site.addsitedir('$dir/site')
print(sys.modules['teletap'].__version__)"
	[ "$output" = "$(<"$TOP/VERSION")" ]
	# another Python has no build there, and begins as ever
	rm "$dir"/site/teletap/_native.*
	run -0 env TELETAP_PYTHON=1 "$python" -c "import site, sys; site.addsitedir('$dir/site')
print('teletap' in sys.modules)"
	[ "$output" = False ]
}

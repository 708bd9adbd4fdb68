#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pages as OpenMetrics, read by the parser of python3-prometheus-client.

bats_require_minimum_version 1.5.0
load helper

# Recorded lines, and the page drawn from them.
pages='gc/session:gc gc/losses:gc gc/memory:gc by/gc:gc gc-events/session:gc-events app/spans:spans
	app/counters:counters app/errors:errors host/session:host host/bare:host
	process/session:process sockets/session:sockets disk-io/session:disk-io calls/calls:calls
	audit/session:audit syscalls/session:syscalls faults/session:faults gil/session:gil'

# parsed: each document of the input, as NAME LABELS VALUE of its samples.
parsed() {
	/usr/bin/python3 -c '
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
text = sys.stdin.buffer.read().decode()
assert text.endswith("# EOF\n")
for document in text.split("# EOF\n")[:-1]:
    seen = set()
    for family in parse(document + "# EOF\n"):
        assert family.name.startswith("teletap_") and family.documentation, family
        for s in family.samples:
            key = (s.name, tuple(sorted(s.labels.items())))
            assert key not in seen, key
            seen.add(key)
            print(s.name, json.dumps(s.labels, sort_keys=True), repr(s.value))'
}

@test "golden: collections, operations, the host, losses" {
	for what in gc/session:gc app/spans:spans host/session:host gc/losses:gc; do
		run draw -o openmetrics -g "${what#*:}" -e /usr/bin/app <"$TOP/tests/data/${what%:*}.lines"
		golden "${what%:*}.openmetrics"
	done
}

@test "every page is accepted by the parser, whatever the target's name" {
	for exe in /usr/bin/app $'/n\nl"q\\b\e[2J\x7f' $'/\xff\xfe\xc3' $'/caf\xc3\xa9\xe2\x80\xae' '/{}=,' ''; do
		for what in $pages; do
			draw -o openmetrics -g "${what#*:}" -e "$exe" <"$TOP/tests/data/${what%:*}.lines" \
				>"$BATS_TEST_TMPDIR/out"
			lacks '[\x00-\x1f\x7f]' <"$BATS_TEST_TMPDIR/out"
			parsed <"$BATS_TEST_TMPDIR/out" >/dev/null
		done
	done
}

@test "the figures are those of the recorded lines" {
	draw -o openmetrics <"$TOP/tests/data/gc/session.lines" >"$BATS_TEST_TMPDIR/out"
	run -0 parsed <"$BATS_TEST_TMPDIR/out"
	# the sums of the last snapshot; the first one has none
	want=$(awk -F'\t' '$1 == "gc" && $2 == 0 { runs = $3; ns = $6 } END { printf "%d %.9f", runs, ns / 1e9 }' \
		"$TOP/tests/data/gc/session.lines")
	got=$(awk '/^teletap_gc_runs_total .*"generation": "0"/ { runs = $NF }
		/^teletap_gc_pause_seconds_sum .*"generation": "0"/ { s = $NF } END { printf "%d %.9f", runs, s }' <<<"$output")
	[ "$got" = "$want" ]
}

@test "what a collector does not know is not there" {
	run -0 draw -o openmetrics <"$TOP/tests/data/gc/memory.lines"
	[[ $output == *teletap_gc_runs_total* ]]
	[[ $output != *teletap_gc_pause* ]]
	[[ $output != *teletap_gc_empty* ]]
}

@test "no number of a process, unless figures are split by it" {
	run -0 draw -o openmetrics -g process -p 4242 <"$TOP/tests/data/process/session.lines"
	[[ $output != *4242* && $output != *pid=* ]]
	run -0 draw -o openmetrics -g gc -p 4242 <"$TOP/tests/data/by/gc.lines"
	[[ $output == *'pid="4201"'* ]]
}

@test "replay: the pages of a moment are one document; who has no metrics refuses" {
	"$TOP/tests/recording" gc "$TOP/tests/data/gc/session.lines" "$BATS_TEST_TMPDIR/recording"
	teletap replay "$BATS_TEST_TMPDIR/recording" gc,gc,gc-pauses -n 1 -o openmetrics >"$BATS_TEST_TMPDIR/out"
	run -0 parsed <"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c teletap_page_up <<<"$output")" -eq 2 ]
	[ "$(grep -c '# EOF' "$BATS_TEST_TMPDIR/out")" -eq 1 ]
	misused teletap page -o openmetrics
	misused teletap doctor -o openmetrics
	misused teletap replay --info "$BATS_TEST_TMPDIR/recording" -o openmetrics
	misused teletap watch 300 -p $$ -o openmetrics
}

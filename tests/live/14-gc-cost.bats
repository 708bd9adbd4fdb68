#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Page 213 against getrusage() and /proc/self/smaps_rollup of the process that collects.

bats_require_minimum_version 1.5.0
load helper

# about NUMBER KNOWN: they differ by at most 5 % and 30
about() {
	local off=$(($1 - $2)) most=$(($2 / 20 + 30))
	[ "${off#-}" -le "$most" ] || { echo "$1, not $2"; return 1; }
}

cost() {
	local row known
	teletap watch gc-cost -i 60 -o json -c "$1 $HERE/cost.py $BATS_TEST_TMPDIR/known" > "$BATS_TEST_TMPDIR/pages"
	known=$(cat "$BATS_TEST_TMPDIR/known")
	row=$(tail -n 1 "$BATS_TEST_TMPDIR/pages" | jq -c '.rows[2]')
	echo "$known $row $(tail -n 1 "$BATS_TEST_TMPDIR/pages" | jq -c '.rows[3]')"
	[ "$(jq '.copied > 1000' <<< "$known")" = true ]
	[ "$(jq .forked_runs_total <<< "$row")" = 1 ]
	about "$(jq .forked_copied_total <<< "$row")" "$(jq .copied <<< "$known")"
	[ "$(jq '.forked_copied_total <= .copied_total and .copied_total <= .faults_total' <<< "$row")" = true ]
	[ "$(jq ".faults_total >= $(jq .faults <<< "$known")" <<< "$row")" = true ]
	[ "$(jq '.forked_pause_ns_total > 0' <<< "$row")" = true ]
	# the parent's end, and not the child's, which left without one
	[ "$(jq '.exit_runs_total >= 1 and .exit_pause_ns_total > 0' <<< "$row")" = true ]
	[ "$(jq '.runs_total == 2 + .exit_runs_total' <<< "$row")" = true ]
	# outside of collections: the row without a generation
	run jq -e "[.rows[3] | .generation, .runs_total, .copied_total >= $(jq .outside <<< "$known"),
		.faults_total >= .copied_total] == [null, null, true, true]" <<< "$(tail -n 1 "$BATS_TEST_TMPDIR/pages")"
	[ "$status" -eq 0 ]
	expect_clean
}

# bats test_tags=full
@test "3.9: faults, copied pages, forked children and exits" { cost python3.9; }
# bats test_tags=full
@test "3.11: faults, copied pages, forked children and exits" { cost python3.11; }
# bats test_tags=full
@test "3.13: faults, copied pages, forked children and exits" { cost python3.13; }
# bats test_tags=others
@test "3.14: faults, copied pages, forked children and exits" { cost python3.14; }
# bats test_tags=full
@test "3.15: faults, copied pages, forked children and exits" { cost python3.15; }

# bats test_tags=full
@test "a program that leaves without a last collection has none at its exit" {
	teletap watch gc-cost -i 60 -o json -c "python3.14 -c 'import gc, os
gc.collect()
os._exit(0)'" > "$BATS_TEST_TMPDIR/pages"
	run jq -c '.rows[2] | [.exit_runs_total, .forked_runs_total]' <<< "$(tail -n 1 "$BATS_TEST_TMPDIR/pages")"
	[ "$output" = '[0,0]' ]
}

# bats test_tags=full
@test "page 212 has the pauses of page 210" {
	teletap watch gc,gc-pauses -i 60 -o json -c "python3.14 $HERE/cost.py $BATS_TEST_TMPDIR/known" > "$BATS_TEST_TMPDIR/pages"
	runs=$(jq -sc '[.[] | select(.page == 210)][-1].rows | map(.runs_total)' "$BATS_TEST_TMPDIR/pages")
	counted=$(jq -sc '[.[] | select(.page == 212)][-1].rows as $r |
		[0, 1, 2] | map(. as $g | [$r[] | select(.generation == $g) | .count_total] | add // 0)' "$BATS_TEST_TMPDIR/pages")
	echo "$runs $counted"
	[ "$runs" = "$counted" ]
	[ "$(jq -s '[.[] | select(.page == 212)][-1].rows | all(.to_ns == 2 * .from_ns)' "$BATS_TEST_TMPDIR/pages")" = true ]
}

# bats test_tags=full
@test "-e: what other programs copy is not counted" {
	sh -c 'while :; do (:); done' 3>&- &
	start python3.14
	teletap watch gc-cost -e "$(realpath "$(command -v python3.14)")" -i 4 -n 1 -o json > "$BATS_TEST_TMPDIR/pages"
	jq -c '.rows[3]' "$BATS_TEST_TMPDIR/pages"
	[ "$(jq '.rows[3].copied < 100' "$BATS_TEST_TMPDIR/pages")" = true ]
}

# forks COUNT INTERVAL ARGUMENT...: page 213 of so many forked children; $page is the last one, $known
# the faults that they all had.
forks() {
	teletap watch gc-cost -i "$2" -o json -c "python3.14 -S $HERE/children.py $BATS_TEST_TMPDIR/known $1 ${*:3}" > "$BATS_TEST_TMPDIR/pages"
	page=$(tail -n 1 "$BATS_TEST_TMPDIR/pages") known=$(cat "$BATS_TEST_TMPDIR/known")
	echo "$known $page"
	[ "$(jq -c '.rows[2] | [.runs_total, .forked_runs_total]' <<< "$page")" = "[$(($1 + 1)),$1]" ]
	expect_clean
}

# Without what the parent had before its first collection.
all_count() {
	[ "$(jq '.loss | add' <<< "$page")" = 0 ]
	[ "$(jq ".rows | map(.faults_total) | add / $known | . > 0.98 and . < 1.02" <<< "$page")" = true ]
}

# bats test_tags=full
@test "faults of 1,200 forked children, one after the other, all count" {
	forks 1200 1
	all_count
}

# bats test_tags=full
@test "faults of 1,100 forked children between two pages all count" {
	forks 1100 600
	all_count
}

# bats test_tags=full
@test "processes that find no place are counted, each collection once" {
	forks 1050 600 together
	[ "$(jq '.loss | add' <<< "$page")" = 27 ] # they and their parent, and there is room for 1,024
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What shells offer, against 'teletap list', --help and the files that are there.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	touch one.zst two.zst
}

teardown() {
	tmux -S "$BATS_TEST_TMPDIR/tmux" kill-server 2>/dev/null || true
}

# offers WORD...: what bash offers for the last one, in one line.
offers() {
	(
		source "$TOP/docs/completion.bash"
		COMP_WORDS=(teletap "$@")
		COMP_CWORD=$#
		_teletap
		echo "${COMPREPLY[*]}"
	)
}

commands() { teletap --help | awk '/^  / { print $1 }' | xargs; }
options() { teletap "$1" --help | grep -oE -- '^  (-.,|   ) --[a-z-]+' | grep -oE -- '--.*' | xargs; }
pages() { teletap list | awk '$1 != 255 { print $1; print $2 }' | xargs; }

@test "the table has the commands, options and pages that --help and list have" {
	[ "$(teletap --table | awk -F '\t' '$1 == "command" { print $2 }' | xargs)" = "$(commands)" ]
	[ "$(teletap --table | awk -F '\t' '$1 == "page" { print $2; print $3 }' | xargs)" = "$(pages)" ]
	for command in $(commands); do
		[ "$(teletap --table | awk -F '\t' -v c="$command" '$1 == "option" && $2 == c { print $3 }' | xargs)" = "$(options "$command")" ]
	done
	[ -z "$(teletap --table | awk -F '\t' '$1 == "option" && NF != 6 || $1 != "option" && NF != 4')" ]
	[[ $(teletap --help) != *--table* ]]
}

@test "bash: commands, options, pages, also after a comma and behind options" {
	[ "$(offers '')" = "$(commands)" ]
	[ "$(offers wa)" = watch ]
	for command in $(commands); do
		[ "$(offers "$command" --)" = "$(options "$command")" ]
	done
	for command in watch build record; do
		[ "$(offers $command '')" = "$(pages)" ]
		[ "$(offers $command gc,log,st)" = 'gc,log,status gc,log,stacks gc,log,state' ]
		[ "$(offers $command -p 42 -v thr)" = threads ]
	done
	[ "$(offers page con)" = "config contents" ]
	[ "$(offers replay one.zst sta)" = 'status stacks state' ]
	[ "$(offers doctor '')" = '' ]
	[ "$(offers list '')" = '' ]
	[ "$(offers nope '')" = '' ]
}

@test "bash: values of options" {
	[ "$(offers watch gc -o '')" = 'text json openmetrics' ]
	[ "$(offers watch gc --by '')" = 'pid thread' ]
	[ "$(offers watch gc --color '')" = 'auto always never' ]
	[ "$(offers watch gc --collector '')" = 'stap bpf memory ring proc' ]
	for option in -i --interval -n --function --file --hz --rate; do
		[ "$(offers watch gc $option '')" = '' ]
	done
	for option in -e --pack --folded --speedscope --svg --crashes --config; do
		[ "$(offers watch gc $option o)" = one.zst ]
	done
	[ "$(offers record gc -w t)" = two.zst ]
	[ "$(offers serve --replay t)" = two.zst ]
	[ "$(offers serve --pid-file t)" = two.zst ]
	[ "$(offers serve --user roo)" = root ]
	[ "$(offers build -d o)" = one.zst ]
	[[ " $(offers watch gc -p '') " == *" $$ "* ]]
	[ "$(offers replay o)" = one.zst ]
	[ "$(offers probes t)" = two.zst ]
}

# A host with units, cgroups and a container, for commands that ask for them.
host() {
	ID=4f5b2c0d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a
	ID=${ID}1234
	mkdir -p bin "cgroup/system.slice/web.service" "cgroup/pods/docker-$ID.scope"
	printf '#!/bin/sh\n[ "$1" = list-units ] || exit 1\nprintf "%%s\\n" "web.service loaded active running Web" "ssh.socket loaded active listening"\n' >bin/systemctl
	printf '#!/bin/sh\necho %s/cgroup\n' "$PWD" >bin/findmnt
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
	CGROUPS="/pods /pods/docker-$ID.scope /system.slice /system.slice/web.service"
}

@test "bash: units, cgroups and containers, and none where there are none" {
	host
	[ "$(offers watch gc --unit '')" = 'web.service ssh.socket' ]
	[ "$(offers watch gc --unit w)" = web.service ]
	[ "$(offers watch gc --cgroup '' | xargs -n 1 | sort | xargs)" = "$CGROUPS" ]
	[ "$(offers watch gc --cgroup /sy)" = "/system.slice /system.slice/web.service" ]
	[ "$(offers watch gc --container '')" = "$ID" ]
	printf '#!/bin/sh\nexit 1\n' | tee bin/systemctl >bin/findmnt
	for option in --unit --cgroup --container; do
		[ "$(offers watch gc $option '')" = '' ]
	done
}

# fish_offers LINE: what fish offers at its end.
fish_offers() {
	fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$TOP/docs/completion.fish" "$1"
}

@test "fish: the same, with what they mean" {
	[ "$(fish_offers 'teletap ' | cut -f 1 | sort | xargs)" = "$(commands | xargs -n 1 | sort | xargs)" ]
	[[ $(fish_offers 'teletap wat') == watch$'\t'Prints* ]]
	[ "$(fish_offers 'teletap watch gc --colo')" = $'--color\tauto (default; NO_COLOR is respected), always, never' ]
	[ "$(fish_offers 'teletap watch gc --color ' | cut -f 1 | xargs)" = "always auto never" ]
	[ "$(fish_offers 'teletap watch thr')" = $'threads\tEvery thread now: its stack, its wait' ]
	[[ $(fish_offers 'teletap watch gc,thr') == gc,threads* ]]
	[[ $(fish_offers 'teletap page thr') == threads$'\t'* ]]
	[ "$(fish_offers 'teletap page web/thr')" = $'web/threads\tEvery thread now: its stack, its wait' ]
	[ "$(fish_offers 'teletap replay on')" = one.zst ]
	[[ $(fish_offers 'teletap replay one.zst thr') == threads* ]]
	[ "$(fish_offers 'teletap watch gc -e on')" = one.zst ]
	host
	[ "$(fish_offers 'teletap watch gc --unit w' | cut -f 1)" = web.service ]
	[ "$(fish_offers 'teletap watch gc --cgroup /' | cut -f 1 | sort | xargs)" = "$CGROUPS" ]
	[ "$(fish_offers 'teletap watch gc --container 4' | cut -f 1)" = "$ID" ]
	printf '#!/bin/sh\nexit 1\n' | tee bin/systemctl >bin/findmnt
	[ "$(fish_offers 'teletap watch gc --cgroup ')" = '' ]
}

# zsh_makes KEYS: the line that zsh makes of them.
zsh_makes() {
	local tmux=(tmux -f /dev/null -S "$BATS_TEST_TMPDIR/tmux")

	"${tmux[@]}" kill-server 2>/dev/null || true
	cp "$TOP/docs/completion.zsh" _teletap
	printf "PS1='> ' fpath=('%s' \$fpath)\nautoload -Uz compinit\ncompinit -u -d '%s/dump'\nsetopt list_ambiguous\n" \
		"$PWD" "$PWD" >.zshrc
	"${tmux[@]}" new-session -d -x 120 -y 40 "cd '$PWD'; env ZDOTDIR='$PWD' PATH='$PATH' zsh -i" 3>&-
	for _ in {1..300}; do
		[[ $("${tmux[@]}" capture-pane -p) != '>'* ]] || break
		sleep 0.05
	done
	"${tmux[@]}" send-keys "$1" Tab
	for _ in {1..300}; do
		run "${tmux[@]}" capture-pane -p
		[[ $output != *"$2"* ]] || return 0
		sleep 0.05
	done
	echo "$output"
	return 1
}

@test "zsh: the same, with what they mean" {
	zsh_makes 'teletap wat' '> teletap watch'
	zsh_makes 'teletap watch gc,thr' '> teletap watch gc,threads'
	zsh_makes 'teletap watch gc --colo' '> teletap watch gc --color'
	zsh_makes 'teletap watch gc --color ' 'always  auto    never'
	zsh_makes 'teletap page web/thr' '> teletap page web/threads'
	zsh_makes 'teletap page thr' '> teletap page threads'
	zsh_makes 'teletap replay on' '> teletap replay one.zst'
	zsh_makes 'teletap replay one.zst thr' '> teletap replay one.zst threads'
	zsh_makes 'teletap watch sta' 'status  -- Is it working, and if not, what to read'
	zsh_makes 'teletap record gc -w on' '> teletap record gc -w one.zst'
	host
	zsh_makes 'teletap watch gc --unit w' '> teletap watch gc --unit web.service'
	zsh_makes 'teletap watch gc --cgroup /system.slice/' '> teletap watch gc --cgroup /system.slice/web.service'
	zsh_makes 'teletap watch gc --container 4' "$ID"
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tree as others get it: its version, the archive, what is installed and removed again.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # bats sets variables, and tests are subshells
bats_require_minimum_version 1.5.0
load helper

# tree FILE...: the Makefile and FILEs, in a folder of their own.
tree() {
	mkdir -p "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree" || return
	(cd "$TOP" && tar c Makefile VERSION "$@") | tar x
}

version() { make -s --eval 'tell: ; @echo $(VERSION)' tell; }

@test "version: of a tarball, of a commit, of a release, of another's repository around it" {
	tree
	release=$(cat VERSION)
	[ "$(version)" = "$release" ]
	git -c init.defaultBranch=main init -q ..
	git -C .. -c user.name=x -c user.email=x commit -q --allow-empty -m x
	[ "$(version)" = "$release" ]
	git -c init.defaultBranch=main init -q
	git add .
	git -c user.name=x -c user.email=x commit -q -m x
	[ "$(version)" = "$release+$(git rev-parse --short HEAD)" ]
	git tag "v$release"
	[ "$(version)" = "$release" ]
	echo "# more" >>Makefile
	[ "$(version)" = "$release+dirty" ]
	git tag -d "v$release" >/dev/null
	[ "$(version)" = "$release+$(git rev-parse --short HEAD)-dirty" ]
}

@test "the changelog has this release" {
	grep -qx "## \[$(cat "$TOP/VERSION")\] - 20[0-9][0-9]-[01][0-9]-[0-3][0-9]" "$TOP/CHANGELOG.md"
}

@test "an archive's BPF programs are taken where there is no clang" {
	tree bpf
	mkdir bpf/compiled
	for c in bpf/*.bpf.c; do
		basename "$c" >"bpf/compiled/$(basename "$c" .c).o"
	done
	make -s CLANG= bpf
	for c in bpf/*.bpf.c; do
		[ "$(cat "build/share/teletap/bpf/$(basename "$c" .c).o")" = "$(basename "$c")" ]
	done
	rm -r bpf/compiled build
	run -0 make -s CLANG= bpf
	[[ $output == *'no clang'* ]]
}

@test "what is installed is there, and removed again" {
	cd "$TOP"
	make -s VERSION=x B="$BUILD" -o all DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr install
	for file in bin/teletap share/man/man1/teletap.1 share/man/man7/teletap-pages.7 include/teletap.h \
		share/teletap/tapsets/teletap_line.stpm share/teletap/tapsets/teletap_name.h \
		share/doc/teletap/README.md; do
		[ -s "$BATS_TEST_TMPDIR/root/usr/$file" ]
	done
	touch "$BATS_TEST_TMPDIR/root/usr/bin/another"
	make -s DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr uninstall
	[ "$(find "$BATS_TEST_TMPDIR/root" -type f)" = "$BATS_TEST_TMPDIR/root/usr/bin/another" ]
}

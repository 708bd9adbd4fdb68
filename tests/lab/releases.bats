#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is committed, in fresh trees of other releases of Debian, see tests/release. Minutes each.

@test "Debian 12" {
	"$BATS_TEST_DIRNAME/../release" bookworm
}

@test "Debian 13" {
	"$BATS_TEST_DIRNAME/../release" trixie
}

@test "Debian forky" {
	"$BATS_TEST_DIRNAME/../release" forky
}

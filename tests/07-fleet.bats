#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What packaging/ has for fleets: Prometheus's own tool reads its files; the DaemonSet has the rights of
# the unit.

# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$TOP/packaging/prometheus" || return
}

@test "Prometheus takes the job and the rules, and alerts when it should" {
	promtool check config --syntax-only prometheus.yml
	promtool check rules teletap.rules.yml
	promtool test rules teletap.test.yml
}

@test "each alert has a test that it fires in, and stands in fleet.md" {
	n=0
	while read -r alert; do
		echo "$alert"
		grep -q "^| $alert |" "$TOP/docs/fleet.md"
		grep -A 3 "alertname: $alert\$" teletap.test.yml | grep -q exp_labels
		n=$((n + 1))
	done < <(sed -n 's/^ *- alert: //p' teletap.rules.yml)
	[ "$n" -ge 6 ]
}

# The names that pages have, from recorded lines.
@test "the metrics of the rules are those that pages have" {
	{
		draw -o openmetrics -g gc <"$TOP/tests/data/gc/session.lines"
		draw -o openmetrics -g status <"$TOP/tests/data/app/crash.lines"
	} | sed -n 's/^\(teletap_[a-z_]*\){.*/\1/p' | sort -u >"$BATS_TEST_TMPDIR/pages"
	sed -n 's/^ *expr: //p' teletap.rules.yml | grep -o 'teletap_[a-z_]*' | sort -u >"$BATS_TEST_TMPDIR/rules"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/rules")" -ge 5 ]
	run -0 comm -13 "$BATS_TEST_TMPDIR/pages" "$BATS_TEST_TMPDIR/rules"
	[ -z "$output" ]
}

@test "the DaemonSet is YAML without a key twice, with the unit's capabilities but that of modules" {
	/usr/bin/python3 - "$TOP/packaging/container/daemonset.yaml" >"$BATS_TEST_TMPDIR/pod" <<-'EOF2'
		import json, sys, yaml
		class Strict(yaml.SafeLoader):
		    def construct_mapping(self, node, deep=False):
		        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
		        assert len(keys) == len(set(keys)), keys
		        return super().construct_mapping(node, deep)
		*_, last = yaml.load_all(open(sys.argv[1]), Strict)
		json.dump(last["spec"]["template"]["spec"], sys.stdout)
	EOF2
	pod() { jq -er "$1" "$BATS_TEST_TMPDIR/pod"; }
	pod .hostPID
	pod '.containers[0] | .securityContext.privileged != true and .securityContext.readOnlyRootFilesystem'
	pod '[.volumes[].name] - [.containers[0].volumeMounts[].name] == []'
	diff <(pod '.containers[0].securityContext.capabilities.add[]' | sort) \
		<(sed -n 's/^CapabilityBoundingSet=//p' "$TOP/packaging/teletap@.service.in" | tr ' ' '\n' | sed 's/^CAP_//' | grep -vx SYS_MODULE | sort)
	# its arguments are options of serve
	for option in $(pod '.containers[0].args[]' | sed -n 's/^\(--[a-z-]*\).*/\1/p'); do
		teletap serve --help | grep -q -- " $option "
	done
}

# The thresholds, in tenths, are the exposure of today, so that nothing is opened unnoticed.
@test "the units are understood by systemd, and expose no more than they need" {
	cd "$BATS_TEST_TMPDIR"
	sed "s|@PREFIX@|$PWD|" "$TOP/packaging/teletap@.service.in" >teletap@x.service
	sed "s|/usr/bin|$PWD/bin|" "$TOP/packaging/debian/hook/teletap-build@.service" >teletap-build@x.service
	mkdir bin
	ln -s "$BUILD/bin/teletap" bin/teletap
	run -0 systemd-analyze verify --man=no "$PWD/teletap@x.service" "$PWD/teletap-build@x.service"
	[ -z "$output" ]
	systemd-analyze security --offline=yes --threshold=65 teletap@x.service
	systemd-analyze security --offline=yes --threshold=55 teletap-build@x.service
}

# The hook, with a kernel and a systemd that are made up.
@test "a new kernel's modules are built in the background, only when that is wanted, and it never fails" {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p bin etc lib/modules/9.9/build run/systemd/system
	sed "s| /etc/| $PWD/etc/|g; s|\"/lib/|\"$PWD/lib/|; s| /run/| $PWD/run/|; s|>/var/log/|>$PWD/|" \
		"$TOP/packaging/debian/hook/teletap" >hook
	chmod +x hook
	for name in systemctl teletap; do
		printf '#!/bin/sh\necho %s "$@" >>%s/ran\nexit 1\n' "$name" "$PWD" >bin/$name
		chmod +x bin/$name
	done
	PATH=$PWD/bin:$PATH
	./hook 9.9 /boot/vmlinuz-9.9
	[ ! -e ran ]
	mkdir etc/teletap
	echo 'OPTIONS=gc calls -e /usr/bin/python3.11' >etc/teletap/build.conf
	./hook
	./hook 9.8
	[ ! -e ran ]
	./hook 9.9
	[ "$(cat ran)" = 'systemctl --no-block start teletap-build@9.9.service' ]
	rm -r ran run/systemd
	./hook 9.9
	for _ in {1..300}; do
		[ ! -s ran ] || break
		sleep 0.02
	done
	[ "$(cat ran)" = 'teletap build -k 9.9 gc calls -e /usr/bin/python3.11' ]
}

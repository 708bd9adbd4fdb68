#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The extension by pip, without a network: its wheel and its source archive, each into a fresh
# venv, and a page of a program that runs there. pip is the one that comes with each Python, and
# setuptools, too, before 3.12; then, and for wheels, it is Debian's.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

DEBIAN=/usr/lib/python3/dist-packages
PYTHONS=()
if [ -d "$DEBIAN/setuptools" ] && [ -d "$DEBIAN/wheel" ]; then
	shopt -s nullglob
	PYTHONS=("$HOME"/.pyenv/versions/3.{9,12}.*/bin/python3)
	[ -z "$(echo /usr/lib/python3.11/ensurepip /usr/share/python-wheels/pip-*.whl)" ] ||
		PYTHONS+=(/usr/bin/python3.11)
	STABLE=("$HOME"/.pyenv/versions/3.13.*/bin/python3) # loads the wheel of 3.12
	shopt -u nullglob
	# Half a minute each: the others with FULL=1.
	[ "${FULL-}" = 1 ] || PYTHONS=("${PYTHONS[@]:0:1}")
fi

# Debian's setuptools asks what only Debian's distutils knows.
setup_file() {
	need_bpf
	need_uprobes
	export TOOLS=$BATS_FILE_TMPDIR/tools PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 PIP_NO_CACHE_DIR=1
	mkdir -p "$TOOLS"/{old,new}
	cp -r "$DEBIAN"/wheel* "$TOOLS/old"
	cp -r "$DEBIAN"/{wheel,setuptools}* "$DEBIAN"/{pkg_resources,_distutils_hack} "$TOOLS/new"
	sed -i "s/self.set_undefined_options('install',('\(install_layout\|prefix_option\)'.*/pass/" \
		"$TOOLS"/new/setuptools/command/*.py
}

# fresh PYTHON: sets $venv, a new one, and $tools, what is to be found by what builds there
fresh() {
	venv=$(mktemp -d "$dir/venv-XXXXXX")
	"$1" -m venv "$venv"
	tools=$TOOLS/old
	[ -d "$(echo "$venv"/lib/python3.*/site-packages/setuptools)" ] || tools=$TOOLS/new
}

# by_pip ARGUMENT...: pip of the fresh venv, which builds with what is there
by_pip() {
	env -u PIP_FIND_LINKS PYTHONPATH="$tools" "$venv/bin/python" -m pip "$@" >"$err" 2>&1 || { cat "$err"; false; }
}

# works FILE...: installed into the fresh venv, it is imported, has a page, and can be removed
works() {
	by_pip install --no-build-isolation --no-deps "$@"
	run -0 "$venv/bin/python" -c 'import teletap; print(teletap.__version__, teletap.__file__)'
	[[ $output == "$(<"$TOP/VERSION") $venv/lib/"* ]]
	rm -f "$dir/go"
	mkfifo "$dir/go"
	TELETAP_PYTHON=1 "$venv/bin/python" "$dir/told.py" <"$dir/go" 3>&- 7>&- &
	pid=$!
	exec 7>"$dir/go"
	await reads
	watch calls -p "$pid" -i 0.3 --file '*/told.py'
	attached
	sleep 0.3 # the extension looks every 0.1 s whether somebody listens
	echo >&7
	exec 7>&-
	wait "$pid"
	wait "$tap" || true
	last
	echo "$* $(q '.rows, .notes')"
	[ "$(q '[.rows[] | [.function, .calls_total, .exclusive_ns_total > 0]]')" = '[["told",23,true]]' ]
	[[ $(q .notes) == *"counted in the program by its extension"* ]]
	by_pip uninstall -y teletap
	[ -z "$(find "$venv" -iname '*teletap*')" ]
}

# A tree like the project's, as pip builds in it, and a program.
make_source() {
	mkdir "$dir/source"
	cp -r "$TOP"/{python,include,VERSION} "$dir/source"
	rm -rf "$dir"/source/python/{build,dist,*.egg-info}
	cat >"$dir/told.py" <<-'PY'
		import sys
		def told(): return sum(range(100))
		sys.stdin.read(1)
		for n in range(23): told()
	PY
	cd "$dir/source" || return
}

if [ ${#PYTHONS[@]} -gt 0 ]; then
	@test "pip wheel, pip install of it: import, page 220" {
		make_source
		for python in "${PYTHONS[@]}"; do
			echo "$python"
			fresh "$python"
			rm -rf "$dir/wheels" python/build
			by_pip wheel --no-build-isolation --no-deps -w "$dir/wheels" ./python
			fresh "$python"
			works "$dir"/wheels/teletap-*.whl
			[[ $python != */3.12.* || ${#STABLE[@]} -eq 0 ]] || {
				fresh "${STABLE[0]}"
				works "$dir"/wheels/teletap-*.whl
			}
		done
	}

	@test "pip install of the source archive: import, page 220" {
		make_source
		for python in "${PYTHONS[@]}"; do
			echo "$python"
			fresh "$python"
			rm -rf "$dir/archive" python/build
			(cd python && PYTHONPATH=$tools "$venv/bin/python" -c \
				'import setuptools.build_meta as b, sys; b.build_sdist(sys.argv[1])' "$dir/archive") >"$err" 2>&1
			fresh "$python"
			works "$dir"/archive/teletap-*.tar.gz
		done
	}
fi

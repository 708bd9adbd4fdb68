#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How programs with the extension end; sub-interpreters; how it is installed.
bats_require_minimum_version 1.5.0

load helper

@test "ends: normal, sys.exit, os._exit, a signal, daemon threads, atexit functions" {
	cat > ends.py <<-'PY'
		import atexit, os, signal, sys, threading, time
		import catch, teletap
		c = catch.Catch()
		c.raise_("sums")
		c.raise_("function__entry")
		while not teletap.status()["sums"]:
		    time.sleep(0.01)
		def spin():
		    while True:
		        sum(map(abs, (1, 2)))
		def last():
		    return 1
		atexit.register(last)
		class Late:
		    def __del__(self):
		        last()
		sys.late = Late()
		for i in range(3):
		    threading.Thread(target=spin, daemon=True).start()
		how = sys.argv[1]
		if how == "exit":
		    sys.exit(3)
		if how == "_exit":
		    os._exit(3)
		if how == "signal":
		    os.kill(os.getpid(), signal.SIGKILL)
	PY
	local python
	for python in $ALL; do
		run -0 timeout 20 "$python" ends.py normal
		[ -z "$output" ]
		run -3 timeout 20 "$python" ends.py exit
		run -3 timeout 20 "$python" ends.py _exit
		run -137 timeout 20 "$python" ends.py signal
	done
}

@test "sub-interpreters are refused, and not disturbed" {
	cat > sub.py <<-'PY'
		import sys
		import teletap
		try:
		    import _interpreters
		except ImportError:
		    import _xxsubinterpreters as _interpreters
		run = getattr(_interpreters, "exec", None) or _interpreters.run_string
		code = """
		try:
		    import teletap
		except ImportError:
		    pass
		else:
		    raise SystemError("no refusal")
		def f():
		    return 1
		for i in range(1000):
		    f()
		"""
		i = _interpreters.create()
		bad = run(i, code)
		assert not bad, bad
		_interpreters.destroy(i)
		assert teletap.status()["helper"]
	PY
	every sub.py
}

@test "installed as a wheel: TELETAP_PYTHON=1 imports it, and nothing else does" {
	cp -rL "$OLDPWD/python" source
	for python in python3.11 python3.13; do
		(cd source && PYTHONPATH=/usr/lib/python3/dist-packages "$python" setup.py -q bdist_wheel)
	done
	ls source/dist
	for python in $ALL; do
		wheel=(source/dist/*-cp312-abi3-*.whl)
		[ "$python" != python3.11 ] || wheel=(source/dist/*-cp311-cp311-*.whl)
		"$python" -m zipfile -e "${wheel[0]}" "site-$python"
		load="import site, sys; site.addsitedir('site-$python'); print('teletap' in sys.modules)"
		run -0 env -u PYTHONPATH TELETAP_PYTHON=1 "$python" -c "$load"
		[ "$output" = True ]
		run -0 env -u PYTHONPATH "$python" -c "$load"
		[ "$output" = False ]
	done
}

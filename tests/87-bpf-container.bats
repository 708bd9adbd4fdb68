#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A Django application in a root of its own, as in a container, whose CPython has no markers and
# which imports the extension: all pages that doctor promises come, with what the client has
# asked for. The Python is pyenv's 3.12, where there is one: Debian's Django runs with it.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper
load bpf

shopt -s nullglob
BARE=("$HOME"/.pyenv/versions/3.12.*/bin/python3)
shopt -u nullglob
PYTHON=(21{0..2} 22{0..4} 23{0..6} 24{1,2,6})

setup_file() {
	need_bpf
	need_uprobes
	with_extension "${BARE[0]}"
	cat >"$BATS_FILE_TMPDIR/enter" <<-'SH'
		#!/bin/bash
		# enter ROOT PYTHON TELETAP WORK COMMAND...: in a mount namespace that ends with COMMAND
		set -eu
		mount -t tmpfs tmpfs "$1"
		cd "$1"
		mkdir -p opt/{python,site,teletap} proc run sys dev tmp usr/{lib64,lib/x86_64-linux-gnu,share/zoneinfo}
		ln -s usr/lib usr/lib64 .
		mount --bind "$2" opt/python
		mount --bind "$3" opt/teletap
		mount --bind "$4" tmp
		for shared in dev usr/lib64 usr/lib/x86_64-linux-gnu usr/share/zoneinfo; do
			mount --bind "/$shared" "$shared"
		done
		mount --bind /usr/lib/python3/dist-packages opt/site
		mount --rbind /sys sys
		mount -t proc proc proc
		exec chroot . "${@:5}"
	SH
	chmod +x "$BATS_FILE_TMPDIR/enter"
}

application() {
	cat >"$dir/shop/shop.py" <<-'PY'
		import gc, os, socket, socketserver, sys, threading, time
		import teletap
		gc.disable()
		teletap.spans()
		from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
		from django.conf import settings
		settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", DATABASES={
		    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
		import django
		django.setup()
		from django.core.wsgi import get_wsgi_application
		from django.db import connection
		from django.http import HttpResponse
		from django.urls import path
		def work(n):
		    return n if n < 2 else work(n - 1) + work(n - 2)
		def item(request, n):
		    work(5)
		    gc.collect(0)
		    sys.audit("shop.item", n)
		    sys.modules.pop("colorsys", None)
		    import colorsys
		    with connection.cursor() as cursor:
		        cursor.execute("select %s", [n])
		    time.sleep(0.005)
		    return HttpResponse("5")
		def end(request):
		    threading.Timer(0.4, os._exit, (0,)).start()
		    return HttpResponse("5")
		urlpatterns = [path("item/<int:n>", item), path("end", end)]
		class Server(WSGIServer):
		    address_family = socket.AF_UNIX
		    def server_bind(self):
		        socketserver.TCPServer.server_bind(self)
		        self.server_name, self.server_port = "shop", 0
		        self.setup_environ()
		class Handler(WSGIRequestHandler):
		    def setup(self):
		        super().setup()
		        self.client_address = ("client", 0)
		    def log_message(self, *arguments): pass
		server = Server("/tmp/socket", Handler)
		server.set_app(get_wsgi_application())
		server.serve_forever()
	PY
}

# within UNSHARE-OPTION... -- COMMAND...: in the root
within() {
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	env -i HOME=/tmp PATH=/usr/bin:/usr/sbin PYTHONPATH=/opt/teletap/share/teletap/python:/opt/site \
		LD_LIBRARY_PATH=/opt/python/lib PYTHONDONTWRITEBYTECODE=1 \
		unshare --mount --fork --kill-child "${options[@]}" timeout 100 "$BATS_FILE_TMPDIR/enter" \
		"$dir/root" "${BARE[0]%/bin/*}" "$BATS_FILE_TMPDIR" "$dir/shop" "${@:2}"
}

ask() { curl -sf --max-time 10 --unix-socket "$dir/shop/socket" "$@" 2>/dev/null; }
answers() { [ "$(curl -s --unix-socket "$dir/shop/socket" -o /dev/null -w '%{http_code}' http://x/none)" = 404 ]; }

# ten requests, and its end
asked() {
	[ "$(ask 'http://x/item/[1-10]')" = 5555555555 ]
	[ "$(ask http://x/end)" = 5 ]
}

# of PAGE FILTER: of the last object that came of a page
of() { jq -sc "map(select(.page == $1)) | last | $2" "$dir"/pages/*; }

# all FILTER PAGE: of the rows of all that came of a page
all() { jq -sc "[.[] | select(.page == $1) | .rows[]] | $2" "$dir"/pages/*; }

# What the ten requests were to the application.
as_asked() {
	runs=$(of 210 '.rows[0].runs_total')
	[ "$runs" = "$(of 212 '[.rows[] | select(.generation == 0).count_total] | add')" ]
	[ "$(all 211 '[.[] | select(.stack[0].function == "item" and .automatic == false)] | length')" = 10 ]
	[ "$(of 220 '[.rows[] | select(.function == "item") | [.calls_total, .inclusive_ns_total >= 50e6]]')" = '[[10,true]]' ]
	[ "$(of 230 '[.rows[] | select(.module == "colorsys") | [.imports_total, .failed_total]]')" = '[[10,0]]' ]
	[ "$(of 231 '[.rows[] | select(.event == "shop.item").events_total]')" = '[10]' ]
	[ "$(of 233 '[.rows[] | select(.function == "item" and .call == "clock_nanosleep") | [.calls_total, .time_ns_total >= 50e6]]')" = '[[10,true]]' ]
	[ "$(of 242 '[.rows[] | select(.operation | test("item|SELECT")) | [.operation, .ended_total, .failed_total]] | sort')" = \
		'[["GET /item/<int:n>",10,0],["default SELECT",10,0]]' ]
}

options() { case $1 in 221 | 222) echo --function item ;; esac; }

promised() { teletap doctor -p "$1" -o json | jq -r '.pages[] | select(.works).page'; }

if [ ${#BARE[@]} -gt 0 ]; then
	@test "-p: all pages that doctor promises come, of a root and PID namespace of its own" {
		mkdir "$dir"/{root,shop,pages}
		application
		within --pid -- /opt/python/bin/python3 -W ignore /tmp/shop.py >"$err" 2>&1 3>&- &
		await answers
		pid=$(pgrep -f '^/opt/python/bin/python3 -W ignore /tmp/shop.py')
		mapfile -t pages < <(promised "$pid")
		echo "${pages[*]}"
		for page in "${PYTHON[@]}"; do
			[[ " ${pages[*]} " == *" $page "* ]]
		done
		for page in "${pages[@]}"; do
			# shellcheck disable=SC2046
			timeout 100 teletap watch "$page" -p "$pid" -i 0.5 -o json $(options "$page") \
				>"$dir/pages/$page" 2>>"$err" 3>&- &
			watchers[page]=$!
		done
		for page in "${pages[@]}"; do
			await [ -s "$dir/pages/$page" ]
		done
		asked
		for page in "${pages[@]}"; do
			wait "${watchers[page]}"
			[ "$(jq -sc 'map([.page, (.loss | add)]) | unique' "$dir/pages/$page")" = "[[$page,0]]" ]
			[ "$(jq -sc 'last.last' "$dir/pages/$page")" = true ]
		done
		as_asked
		[ "$runs" = 10 ]
		[ "$(of 221 '[.rows[] | [.function, .calls_total, (.histogram | add), .duration_ns_total >= 50e6]]')" = '[["item",10,10,true]]' ]
		[ "$(all 222 '[.[] | [.function, .event]] | group_by(.) | map([.[0][], length])')" = '[["item","entry",10],["item","return",10]]' ]
	}

	# Its libpython is where LD_LIBRARY_PATH says. Not 221 and 222, whose traps are too many for
	# all that Django does to begin.
	@test "-c, by a teletap in the root: the pages of Python come" {
		all=210,211,212,220,223,224,230,231,232,233,234,235,236,242
		mkdir "$dir"/{root,shop,pages}
		application
		within -- /opt/teletap/bin/teletap watch "$all" -i 100 --function item -o json \
			-c '/opt/python/bin/python3 -W ignore /tmp/shop.py' >"$dir/pages/all" 2>"$err" 3>&- &
		tap=$!
		await answers
		asked
		wait "$tap"
		[ "$(jq -r 'select(.last).page' "$dir/pages/all" | sort -n | paste -sd,)" = "$all" ]
		[ "$(jq -sc 'map(.loss | add) | unique' "$dir/pages/all")" = '[0]' ]
		as_asked
	}
fi

# SPDX-License-Identifier: GPL-2.0-or-later
"""django.py [ROUNDS]: three servers of one worker each, asked in turn. Printed are answers
per second of the worker's own processor time, which other load on the machine does not
change much, and per second of the clock; each in relation to the first server's."""
import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request

SECONDS = 3
right = sum(i * i for i in range(3000))
ways = ["without", "imported", "sums"]


def start(way, port):
    conf = "/tmp/%s.py" % way
    with open(conf, "w") as f:
        f.write("" if way == "without" else
                "import teletap\nteletap.page(399, 'status')(lambda: str(teletap.status()['sums']))\n")
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", conf, "--chdir", "tests/demo", "--workers", "1",
         "--bind", "127.0.0.1:%d" % port, "--log-level", "warning", "squares:application"],
        env={**os.environ, "PYTHONPATH": "build/python"})
    for _ in range(100):
        try:
            urllib.request.urlopen("http://127.0.0.1:%d/rows/1" % port, timeout=5).read()
            break
        except OSError:
            time.sleep(0.1)
    with open("/proc/%d/task/%d/children" % (server.pid, server.pid)) as f:
        return server, int(f.read().split()[0])


def raise_sums(pid):
    """Adds 1 to the semaphore of the marker "sums", as a tracer would."""
    with open("/proc/%d/maps" % pid) as f:
        maps = [line.split() for line in f if "teletap/_native." in line]
    notes = subprocess.run(["readelf", "-n", maps[0][5]], stdout=subprocess.PIPE, check=True).stdout
    place = re.search(rb"Name: sums\s.*?Semaphore: 0x([0-9a-f]+)", notes, re.S).group(1)
    with open("/proc/%d/mem" % pid, "r+b", 0) as mem:
        mem.seek(int(maps[0][0].split("-")[0], 16) + int(place, 16))
        mem.write(b"\1\0")


def counts(pid):
    """Whether the extension counts now, as its process says itself."""
    out = subprocess.run(["teletap", "watch", "399", "-p", str(pid), "-n", "1", "-o", "json"],
                         stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)["rows"][0]["text"] == "True"


def spent(pid):
    with open("/proc/%d/schedstat" % pid) as f:
        return int(f.read().split()[0]) / 1e9


def ask(port, pid):
    """Answers per second of the processor, and of the clock."""
    begun, cpu, n = time.monotonic(), spent(pid), 0
    while time.monotonic() < begun + SECONDS:
        with urllib.request.urlopen("http://127.0.0.1:%d/rows/3000" % port, timeout=60) as answer:
            assert json.load(answer)["sum"] == right
        n += 1
    return n / (spent(pid) - cpu), n / (time.monotonic() - begun)


servers = [start(way, 8101 + i) for i, way in enumerate(ways)]
try:
    raise_sums(servers[2][1])
    time.sleep(0.5)
    assert not counts(servers[1][1]) and counts(servers[2][1])
    got = [[] for way in ways]
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        for i, (_, pid) in enumerate(servers):
            got[i].append(ask(8101 + i, pid))
    assert not counts(servers[1][1]) and counts(servers[2][1])
finally:
    for server, _ in servers:
        server.terminate()
for unit, name in enumerate(["processor", "clock"]):
    rates = [statistics.median(x[unit] for x in g) for g in got]
    print("answers per second of the %s: %s" % (name, ", ".join(
        "%s %.1f (%.0f %%)" % (way, rate, 100 * rate / rates[0]) for way, rate in zip(ways, rates))))

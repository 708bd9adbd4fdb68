# SPDX-License-Identifier: GPL-2.0-or-later
"""A bounded load: load.py URL SECONDS CLIENTS. Every answer is checked."""
import json
import sys
import threading
import time
import urllib.request

url, seconds, clients = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
end = time.monotonic() + seconds
right = sum(i * i for i in range(3000))
good, bad = [], []


def client():
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url + "/rows/3000", timeout=60) as answer:
                (good if json.load(answer)["sum"] == right else bad).append(1)
        except OSError as error:
            bad.append(error)


threads = [threading.Thread(target=client) for _ in range(clients)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("the load: %d answers right, %d wrong or missing" % (len(good), len(bad)))
sys.exit(bool(bad) or not good)

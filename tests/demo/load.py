# SPDX-License-Identifier: GPL-2.0-or-later
"""A bounded load: load.py URL REQUESTS CLIENTS. Every answer is checked."""
import json
import sys
import threading
import urllib.request

url, requests, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
wrong = []


def client():
    for _ in range(requests // clients):
        with urllib.request.urlopen(url + "/rows/200", timeout=60) as answer:
            got = json.load(answer)
        if got["sum"] != sum(i * i for i in range(200)):
            wrong.append(got)


threads = [threading.Thread(target=client) for _ in range(clients)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("%d requests answered, %d of them wrong" % (requests, len(wrong)))
sys.exit(bool(wrong))

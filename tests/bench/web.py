# SPDX-License-Identifier: GPL-2.0-or-later
"""web.py URL FOLDER WORK: drives headless Chromium by its pipe; see tests/bench/web.

What the pages promise (docs/teletap-serve.7, HTTP) is asserted; a wait is for an event, 60 s at
most.
"""
import base64
import json
import os
import subprocess
import sys
import time

URL, FOLDER, WORK = sys.argv[1:]


class Browser:
    def __init__(self):
        theirs, self.to = os.pipe()
        self.of, out = os.pipe()

        def pipes():  # it reads from descriptor 3, and writes to 4
            os.dup2(theirs, 13)
            os.dup2(out, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--user-data-dir=" + WORK + "/profile", "about:blank"],
            preexec_fn=pipes, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stdout=open(WORK + "/log", "w"), stderr=subprocess.STDOUT)
        self.last, self.rest, self.session, self.seen = 0, b"", None, []
        tab = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        for domain in "Page", "Network", "Log":
            self.call(domain + ".enable")

    def message(self):
        while b"\0" not in self.rest:
            part = os.read(self.of, 1 << 20)
            assert part, "chromium has ended: see its log"
            self.rest += part
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.last += 1
        ask = {"id": self.last, "method": method, "params": params}
        if self.session:
            ask["sessionId"] = self.session
        os.write(self.to, json.dumps(ask).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.last:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self.seen.append(answer)

    def value(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script, wanted):
        end = time.monotonic() + 60
        while (got := self.value(script)) != wanted:
            assert time.monotonic() < end, (script, got, wanted)
            time.sleep(0.05)

    def open(self, path):
        self.call("Page.navigate", url=URL + path)
        self.until("location.pathname + document.readyState", path + "complete")

    def screen(self, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, name):
        data = self.call("Page.captureScreenshot")["data"]
        with open(f"{FOLDER}/{name}.png", "wb") as f:
            f.write(base64.b64decode(data))
        print(f"{FOLDER}/{name}.png")

    def key(self, key):
        text = {"text": key} if len(key) == 1 else {}
        code = ord(key) if len(key) == 1 else {"ArrowLeft": 37, "ArrowRight": 39, "Escape": 27}[key]
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)


PATH, SAID = "location.pathname", "document.getElementById('said').textContent"
# The least contrast of texts against what is behind them, as WCAG 2 counts it.
CONTRAST = """(function () {
  function rgb(colour) {
    var c = document.createElement('canvas').getContext('2d');
    c.fillStyle = colour;
    c.fillRect(0, 0, 1, 1);
    return Array.from(c.getImageData(0, 0, 1, 1).data);
  }
  function luminance(colour) {
    var l = rgb(colour).slice(0, 3).map(function (v) {
      return v / 255 <= 0.04045 ? v / 255 / 12.92 : Math.pow((v / 255 + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
  }
  var probe = document.createElement('i');
  document.body.appendChild(probe);
  probe.style.color = 'Canvas';
  var canvas = getComputedStyle(probe).color;
  probe.remove();
  return Math.min.apply(null, Array.from(document.querySelectorAll('h1, a, pre, p, label, input, button'))
    .map(function (e) {
      var s = getComputedStyle(e);
      var a = luminance(s.color);
      var b = luminance(rgb(s.backgroundColor)[3] ? s.backgroundColor : canvas);
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));
}())"""


def pictures(b):
    for width in 390, 1280:
        for scheme in "light", "dark":
            b.screen(width, scheme)
            for page in 255, 210:
                b.open(f"/{page}.html")
                contrast = b.value(CONTRAST)
                assert contrast >= 4.5, (page, scheme, contrast)
                # a wide page scrolls in its own frame
                assert b.value("document.documentElement.scrollWidth <= innerWidth"), (page, width)
                b.picture(f"{page}-{width}-{scheme}")
                print(f"    contrast {contrast:.1f}")


def keys(b):
    b.open("/")
    for digit in "21":
        b.key(digit)
    assert b.value(SAID) == "Page 21-"
    b.key("Escape")
    assert b.value(SAID) == ""
    for digit in "210":
        b.key(digit)
    b.until(PATH, "/210.html")
    b.until("document.readyState", "complete")
    b.key("ArrowRight")
    b.until(PATH, "/211.html")
    b.until("document.readyState", "complete")
    b.key("ArrowLeft")
    b.until(PATH, "/210.html")
    b.until("document.readyState", "complete")
    # what is typed into the field belongs to it
    b.value("document.querySelector('input').focus()")
    for digit in "205":
        b.key(digit)
    assert b.value("document.querySelector('input').value") == "205"
    assert b.value(SAID) == "" and b.value(PATH) == "/210.html"
    # to a reader of the screen the page is a region with a name
    tree = b.call("Accessibility.getFullAXTree")["nodes"]
    roles = [(n["role"]["value"], n["name"]["value"]) for n in tree if n.get("name") and n.get("role")]
    assert ("region", "The page") in roles and ("navigation", "Pages") in roles, roles
    assert any(n.get("role", {}).get("value") == "status" for n in tree)


def refresh(b):
    first = "document.getElementById('page').textContent"
    b.open("/255.html")
    was = b.value(first)
    b.until(f"{first} !== {json.dumps(was)}", True)
    # a selection stays
    b.value("getSelection().selectAllChildren(document.getElementById('page'))")
    was = b.value(first)
    asked = len(b.seen)
    while sum(m["method"] == "Network.loadingFinished" for m in b.seen[asked:]) < 2:
        assert b.value(first) == was
        time.sleep(0.05)
    b.value("getSelection().removeAllRanges()")
    b.until(f"{first} !== {json.dumps(was)}", True)
    b.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1,
           uploadThroughput=-1)
    b.until(f"/^No answer since [0-9:]{{8}} UTC$/.test({SAID})", True)
    b.call("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
           uploadThroughput=-1)
    b.until(SAID, "")


def without_script(b):
    b.open("/255.html")
    assert b.value("typeof document.querySelector('#page a')") == "object"
    at = b.value("(function () { var r = document.querySelector('a[href=\"/210.html\"]').getBoundingClientRect();"
                 "return [r.x + r.width / 2, r.y + r.height / 2]; }())")
    b.call("Emulation.setScriptExecutionDisabled", value=True)
    b.open("/255.html")
    for kind in "mousePressed", "mouseReleased":
        b.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)
    b.until(PATH, "/210.html")


browser = Browser()
try:
    pictures(browser)
    keys(browser)
    refresh(browser)
    without_script(browser)
    asked = {m["params"]["request"]["url"] for m in browser.seen if m.get("method") == "Network.requestWillBeSent"}
    assert asked and all(u.startswith(URL + "/") or u == "about:blank" for u in asked), asked
    said = [m["params"]["entry"]["text"] for m in browser.seen if m.get("method") == "Log.entryAdded"]
    assert not [s for s in said if "Content Security" in s], said
finally:
    browser.process.kill()
print("keys, refresh, selection, no answer, no script: as promised")

#!/usr/bin/env python3
"""Loads a page in headless Chromium and says what it sees there, as JSON.

  browser.py PAGE.html [--screenshots FOLDER]

Speaks Chromium's DevTools protocol over a pipe: https://chromedevtools.github.io/devtools-protocol/. Exit code 77 where there is
no Chromium.
"""
import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SIZES = [(1280, 900, False), (390, 844, True)]  # width, height, a phone?
SCHEMES = ["light", "dark"]
QUESTIONS = """({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  pictures: document.images.length,
  empty: [...document.images].filter(p => !p.complete || !p.naturalWidth || !p.naturalHeight).length,
  withoutAlt: [...document.images].filter(p => !p.alt).length,
  charts: document.querySelectorAll('svg[role=img]').length,
  paper: getComputedStyle(document.body).backgroundColor,
  contrast: Math.min(...[...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) && e.getClientRects().length)
    .map(e => {
      const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const numbers = text => text.match(/[0-9.]+/g).map(Number);
      const layers = [];
      for (let up = e; up; up = up.parentElement) layers.unshift(numbers(getComputedStyle(up).backgroundColor));
      const behind = layers.reduce((below, [r, g, b, a = 1]) => [r, g, b].map((v, i) => v * a + below[i] * (1 - a)),
                                   [255, 255, 255]);
      const ink = numbers(getComputedStyle(e)[e instanceof SVGElement ? 'fill' : 'color']);
      const [low, high] = [luminance(ink), luminance(behind)].sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05);
    })),
})"""


class Browser:
    def __init__(self, program, profile):
        to_browser, self.send_end = os.pipe()
        self.receive_end, from_browser = os.pipe()
        def connect():  # the protocol wants descriptors 3 and 4
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3), os.dup2(b, 4)
        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}"],
            preexec_fn=connect, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_browser), os.close(from_browser)
        self.number, self.buffer, self.events = 0, b"", []

    def receive(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.receive_end, 1 << 20)
            if not piece:
                raise RuntimeError("Chromium has ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.send_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def close(self):
        self.call("Browser.close")
        self.process.wait()


def seen(browser, page, width, height, phone, scheme, screenshot):
    """What the page looks like at one size."""
    browser.events = []
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    call = lambda method, **parameters: browser.call(method, session, **parameters)
    for domain in ["Page", "Runtime", "Log", "Network"]:
        call(domain + ".enable")
    call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
    call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events = []
    call("Page.navigate", url=page.resolve().as_uri())
    browser.wait_for("Page.loadEventFired")
    answer = call("Runtime.evaluate", expression=QUESTIONS, returnByValue=True)
    result = {"width": width, "scheme": scheme, **answer["result"].get("value", {"failed": str(answer)})}
    if screenshot:
        size = call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 8000), "scale": 1}
        data = call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        screenshot.write_bytes(base64.b64decode(data))
    requests = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    result["requests"] = [url[:200] for url in requests if not url.startswith("data:") and url != page.resolve().as_uri()]
    result["errors"] = [
        e["params"] for e in browser.events
        if e.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        or e.get("method") == "Log.entryAdded" and e["params"]["entry"]["level"] in ("warning", "error")]
    browser.call("Target.closeTarget", targetId=target)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        print("there is no Chromium here; the Debian package is `chromium`")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="mixmim-browser-", ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            results = []
            for width, height, phone in SIZES:
                for scheme in SCHEMES:
                    shot = options.screenshots and options.screenshots / f"{options.page.stem}-{width}-{scheme}.png"
                    results.append(seen(browser, options.page, width, height, phone, scheme, shot))
            print(json.dumps(results))
        finally:
            browser.close()


if __name__ == "__main__":
    main()

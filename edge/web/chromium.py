"""The page in a headless Chromium, driven through its protocol, for tests and measurements without a hand.

The protocol runs over a pair of pipes, messages of JSON with a zero byte between them. No library is needed.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from edge.web.server import Server
from edge.web.site import Site

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VARIABLE = "EDGE_BROWSER"
PHONE = (390, 844)  # CSS pixels
PATIENCE = 60.0  # seconds for an answer
SANDBOXED = not (hasattr(os, "geteuid") and os.geteuid() == 0)  # Chromium has no sandbox for root
# Puts the two pipes where a Chromium looks for them, and becomes it.
LAUNCHER = """
import fcntl, os, sys
given = [int(each) for each in sys.argv[1:3]]
pipes = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in given]
for each in given:
    os.close(each)
for place, pipe in enumerate(pipes, 3):
    os.dup2(pipe, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_browser() -> str:
    """The program of a Chromium: `$EDGE_BROWSER`, or one by a usual name.

    Raises:
        OSError: there is none.
    """
    named = os.environ.get(VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        what = (
            f"${VARIABLE} names {named}, which is no program" if named else "No Chromium or Chrome was found"
        )
        raise OSError(f"{what}; install one (Debian: apt-get install chromium) or name it in ${VARIABLE}.")
    return found


@contextmanager
def serving(site: Site, **options: Any) -> Iterator[Server]:
    """A server for the site, as long as the block lasts, on any free port of the loopback."""
    server = Server(site, **options)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Browser:
    """A headless Chromium with one tab of the size of a phone. Use it as a context manager.

    Attributes:
        problems: what the pages have put on the console as a warning or an error, with failed requests and
            uncaught exceptions.

    Raises:
        OSError: there is no Chromium, or it does not start.
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self.problems: list[str] = []
        self._number, self._rest = 0, b""
        self._folder = tempfile.mkdtemp(prefix="edge-browser-")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        options = [
            "--headless=new",
            "--remote-debugging-pipe",  # messages in on descriptor 3, out on 4
            f"--user-data-dir={self._folder}",
            f"--window-size={PHONE[0]},{PHONE[1]}",
            *(
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-dev-shm-usage",
            ),
            *(() if SANDBOXED else ("--no-sandbox",)),
            *arguments,
            "about:blank",
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(to_browser), str(from_browser), find_browser(), *options],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        try:
            self._session = self._attach()
        except BaseException:
            self.close()
            raise

    def open(self, address: str, dark: bool = False) -> None:
        """Load a page and wait until its scripts say that it is ready (`document.body.dataset.ready`)."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.run("delete document.body.dataset.ready")  # the old page stays for a moment
        self.send("Page.navigate", url=address)
        self.wait_for("document.body?.dataset.ready !== undefined")

    def run(self, script: str, patience: float = PATIENCE) -> Any:
        """What an expression (or the promise that it is) gives, as JSON.

        Raises:
            OSError: it throws; the message is what it threw.
        """
        answer = self.send(
            "Runtime.evaluate",
            patience,
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise OSError(str(details.get("exception", {}).get("description") or details.get("text")))
        return answer["result"].get("value")

    def wait_for(self, script: str, patience: float = PATIENCE) -> Any:
        """What an expression gives as soon as it is true.

        Raises:
            OSError: it is not within `patience` seconds.
        """
        end = time.monotonic() + patience
        while time.monotonic() < end:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.05)
        raise OSError(f"The page did not get there within {patience:g} seconds: {script}")

    def send(self, method: str, patience: float = PATIENCE, /, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and its result.

        Raises:
            OSError: it fails, or the browser is gone or does not answer.
        """
        return self._send(method, parameters, self._session, patience)

    def close(self) -> None:
        """End the browser and remove what it wrote."""
        for descriptor in (self._write, self._read):
            os.close(descriptor)
        try:
            self._process.wait(timeout=5)  # it ends when its pipe does
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _attach(self) -> str:
        targets = self._send("Target.getTargets", {}, None, PATIENCE)["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        attached = self._send("Target.attachToTarget", {"targetId": page, "flatten": True}, None, PATIENCE)
        session = str(attached["sessionId"])
        for domain in ("Page", "Runtime", "Log"):
            self._send(f"{domain}.enable", {}, session, PATIENCE)
        size = {"width": PHONE[0], "height": PHONE[1], "deviceScaleFactor": 2, "mobile": True}
        self._send("Emulation.setDeviceMetricsOverride", size, session, PATIENCE)
        return session

    def _send(
        self, method: str, parameters: dict[str, Any], session: str | None, patience: float
    ) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        rest = json.dumps(message).encode() + b"\0"
        try:
            while rest:
                rest = rest[os.write(self._write, rest) :]
        except BrokenPipeError:
            raise OSError("The browser has ended.") from None
        end = time.monotonic() + patience
        while True:
            answer = self._next(end, method)
            if answer.get("id") == number:
                if "error" in answer:
                    raise OSError(f"The browser refuses {method}: {answer['error']['message']}")
                return dict(answer["result"])
            self._note(answer)

    def _next(self, end: float, method: str) -> dict[str, Any]:
        """The next message from the browser."""
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            if not ready:
                raise OSError(f"The browser has not answered {method} in time.")
            more = os.read(self._read, 1 << 20)
            if not more:
                raise OSError("The browser has ended.")
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(text))

    def _note(self, event: dict[str, Any]) -> None:
        method, content = event.get("method"), event.get("params", {})
        if method == "Runtime.consoleAPICalled" and content["type"] in ("error", "warning", "assert"):
            words = [str(each.get("value", each.get("description", ""))) for each in content["args"]]
            self.problems.append(f"{content['type']}: {' '.join(words)}")
        elif method == "Runtime.exceptionThrown":
            details = content["exceptionDetails"]
            self.problems.append(str(details.get("exception", {}).get("description") or details["text"]))
        elif method == "Log.entryAdded" and content["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"{content['entry']['text']} {content['entry'].get('url', '')}")

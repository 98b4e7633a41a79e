"""What the page's server serves: a table from paths to answers, made when it starts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.version import __version__
from edge.web.models import ServedModel
from edge.web.runtimes import RUNTIMES, fetch

PAGE = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}


class Answer(NamedTuple):
    """The body of an answer, its type, and whether a browser may keep it."""

    body: bytes
    type: str
    keep: bool = False


Route = Callable[[], Answer]


class Site:
    """All there is to be served, by path.

    Args:
        models: the files, in the order in which the page offers them.
        samples: a recording `[windows, time, features]` float32, or None.
        samples_name: how the page calls it.
        rate: samples in a second that the models expect.
        cache: where the runtimes are kept.
        report: is told when a runtime is fetched.
    """

    def __init__(
        self,
        models: Sequence[ServedModel],
        samples: np.ndarray | None,
        samples_name: str,
        rate: float,
        cache: Path,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self._cache, self._report, self._lock = cache, report, threading.Lock()
        self._fetched: dict[str, dict[str, Path]] = {}
        self.routes: dict[str, Route] = {}
        for path in PAGE.iterdir():
            if path.suffix in TYPES and path.is_file() and not path.is_symlink():
                self._add(f"/{path.name}", Answer(path.read_bytes(), TYPES[path.suffix]))
        self.routes["/"] = self.routes["/index.html"]
        for number, model in enumerate(models):
            self._add(f"/models/{number}.tflite", Answer(model.content, "application/octet-stream"))
        if samples is not None:
            self._add("/samples.f32", Answer(samples.astype("<f4").tobytes(), "application/octet-stream"))
        bases = {}
        for target, packages in RUNTIMES.items():
            bases[target] = f"runtimes/{target}-{packages[0].version}"
            for package in packages:
                for name in package.files:
                    key = "wasm-utils.js" if package.name.endswith("/wasm-utils") else Path(name).name
                    self.routes[f"/{bases[target]}/{key}"] = self._runtime_route(target, key)
        session = {
            "version": __version__,
            "models": [model.description for model in models],
            "samples": samples is not None and {"name": samples_name, "shape": list(samples.shape)},
            "rate": rate,
            "runtimes": {
                target: {"base": bases[target], "package": packages[0].name, "version": packages[0].version}
                for target, packages in RUNTIMES.items()
            },
        }
        self._add("/session.json", Answer(json.dumps(session, allow_nan=False).encode(), "application/json"))

    def prepare(self, target: str) -> None:
        """Fetch a runtime if it is not there yet.

        Raises:
            OSError: it cannot be had.
        """
        with self._lock:
            if target not in self._fetched:
                self._fetched[target] = fetch(target, self._cache, self._report)

    def _add(self, path: str, answer: Answer) -> None:
        self.routes[path] = lambda: answer

    def _runtime_route(self, target: str, key: str) -> Route:
        def answer() -> Answer:
            self.prepare(target)
            path = self._fetched[target][key]
            if path.is_symlink():
                raise OSError(f"{path.name} in the cache is a link.")
            body = path.read_bytes()
            if key == "index.js":  # browsers know modules by their address, not by a package's name
                body = body.replace(b'"@litertjs/wasm-utils"', b'"./wasm-utils.js"')
            return Answer(body, TYPES[path.suffix], keep=True)

        return answer

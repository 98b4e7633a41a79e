"""The page in a browser as a person sees and taps it."""

from __future__ import annotations

import json
import time
from typing import Any

from edge.web.chromium import Browser


class Page:
    """The page as a person sees and taps it."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def text(self, place: str) -> str:
        return str(self.browser.run(f"document.querySelector({json.dumps(place)}).innerText"))

    def tap(self, place: str) -> None:
        self.browser.run(f"document.querySelector({json.dumps(place)}).click()")

    def set(self, place: str, value: Any) -> None:
        self.browser.run(
            f"(() => {{ const e = document.querySelector({json.dumps(place)}); e.value = {json.dumps(value)};"
            "e.dispatchEvent(new Event('change')); })()"
        )
        time.sleep(0.2)

    def wait(self, place: str, words: str) -> None:
        condition = f"document.querySelector({json.dumps(place)}).textContent.includes({json.dumps(words)})"
        self.browser.wait_for(condition, 15)

    def bars(self) -> dict[str, str]:
        cells = "(bar) => Array.from(bar.children, (cell) => cell.innerText)"
        return dict(self.browser.run(f"Array.from(document.querySelectorAll('#bars li'), {cells})"))

    @property
    def alert(self) -> str | None:
        shown = self.browser.run("document.querySelector('#alert').hidden")
        return None if shown else self.text("#alert")

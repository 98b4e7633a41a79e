"""Every page in a real browser, on a phone and a desktop, light and dark: it fits, and can be searched."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from edge.web.chromium import Browser, find_browser
from tests.helpers.site import built, pages

pytestmark = pytest.mark.site
pytest.importorskip("mkdocs", reason='pip install ".[docs]"')
# What sticks out of the window to the right and cannot be scrolled to within a box of its own.
BEYOND = """(() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = (e) => { for (; e && e !== document.body; e = e.parentElement) {
    const style = getComputedStyle(e);
    if (/auto|scroll|hidden|clip/.test(style.overflowX) || style.position === 'fixed') return true;
  } return false; };
  return Array.from(document.querySelectorAll('.md-content *, .md-header *'))
    .filter((e) => e.getBoundingClientRect().right > wide + 1 && !scrolls(e) && e.checkVisibility())
    .map((e) => e.tagName + '.' + e.className).concat(
      document.documentElement.scrollWidth > wide ? ['the page scrolls sideways'] : []);
})()"""


def resize(browser: Browser, width: int) -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.send("Emulation.setDeviceMetricsOverride", **size)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        find_browser()
    except OSError as error:
        pytest.skip(str(error))
    with Browser(["--allow-file-access-from-files"]) as running:
        forget = "try { localStorage.clear() } catch (_) {}"  # the reader's choice on the page before
        still = "* { transition: none !important }"  # what moves is measured where it ends
        style = f"Object.assign(document.createElement('style'), {{textContent: '{still}'}})"
        ready = f"document.addEventListener('DOMContentLoaded', () => document.head.append({style}))"
        running.send("Page.addScriptToEvaluateOnNewDocument", source=f"{forget}; {ready}")
        yield running


def show(browser: Browser, name: str, width: int, dark: bool = False) -> None:
    resize(browser, width)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.send("Emulation.setEmulatedMedia", features=[scheme])
    browser.send("Page.navigate", url=(built() / name).as_uri())
    browser.wait_for(f"document.readyState === 'complete' && location.pathname.endsWith('/{name}')")


def test_it_fits(browser: Browser) -> None:
    beyond = {}
    for name in pages():
        show(browser, name, 360)
        phone = browser.run(BEYOND)
        resize(browser, 1400)
        if found := phone + browser.run(BEYOND):
            beyond[name] = found
    assert beyond == {}


def test_what_does_not_fit_is_seen(browser: Browser) -> None:
    show(browser, "index.html", 360)
    browser.run("document.querySelector('.md-content p').style.width = '900px'")
    assert "the page scrolls sideways" in browser.run(BEYOND)


def test_light_and_dark_follow_the_reader(browser: Browser) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    show(browser, "how-an-lstm-works.html", 1400)
    light = browser.run(paper)
    show(browser, "how-an-lstm-works.html", 1400, dark=True)
    browser.wait_for("document.body.dataset.mdColorScheme === 'slate'", 10)
    assert browser.run(paper) != light
    line = "getComputedStyle(document.querySelector('svg.drawing .memory')).stroke"
    assert browser.run(line) == "rgb(77, 182, 172)"


def test_a_message_is_found(browser: Browser) -> None:
    """By the search of the page itself, from the folder, without a server."""
    show(browser, "index.html", 1400)
    browser.problems.clear()
    browser.run("document.querySelector('input[data-md-component=search-query]').focus()")
    browser.send("Input.insertText", text="TensorListReserve")
    found = "Array.from(document.querySelectorAll('.md-search-result__link'), (a) => a.href).join(' ')"
    end = time.monotonic() + 20
    while "messages.html" not in (hits := str(browser.run(found))) and time.monotonic() < end:
        time.sleep(0.2)
    assert "messages.html" in hits
    assert browser.problems == []

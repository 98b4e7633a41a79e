"""The page of the cell in a real browser: its numbers are NumPy's, on a phone and on a desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.web.chromium import Browser, find_browser
from keras_lstm_plus import get_spec, plot_gates
from keras_lstm_plus.gate_page import write_gate_page
from keras_lstm_plus.gate_page.numbers import MOST_STEPS, MOST_UNITS
from keras_lstm_plus.gates import GateTrace
from tests.helpers import oracle

WORDS = ("The", "buses", "</script><script>alert(1)</script>", "&lt;b&gt; \u2028 'went' \"to\" Paris", "were")
SIZES = {"phone": (360, 740), "desk": (1400, 900)}


def traced(variant: str = "peephole", steps: int = len(WORDS), units: int = 6) -> GateTrace:
    """What an LSTM with random weights did, by the oracle."""
    rng, spec = np.random.default_rng(3), get_spec(variant)
    weights = {name: rng.normal(size=shape) for name, shape in spec.weight_shapes(4, units).items()}
    x, zeros = rng.normal(size=(1, steps, 4)), np.zeros((1, units))
    found = oracle.run(spec.to_dict(), weights, x, zeros, zeros)
    return GateTrace("memory", spec, **{name: found[name] for name in "ifgoch"}, mask=None)


def plain() -> Any:
    return np.random.default_rng(4).uniform(-1, 1, (1, len(WORDS), 9))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        find_browser()
    except OSError as error:
        pytest.skip(str(error))
    with Browser() as running:
        yield running


def opened(browser: Browser, path: Path, size: str = "desk", dark: bool = False) -> Browser:
    width, height = SIZES[size]
    mobile = size == "phone"
    browser.send(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
    )
    browser.problems.clear()
    browser.open(path.as_uri(), dark)
    return browser


def text(browser: Browser, place: str) -> str:
    return str(browser.run(f"document.querySelector({json.dumps(place)}).textContent"))


def said(value: float) -> str:
    return f"{value:.2f}".replace("-", "\u2212")


@pytest.mark.parametrize("variant", ["peephole", "cifg", "lstm_1997", "projection"])
def test_the_slider_shows_what_the_equations_give(variant: str, browser: Browser, tmp_path: Path) -> None:
    spec = "standard" if variant == "projection" else variant
    trace = traced(spec)
    if variant == "projection":  # a hidden state of another width than the cells
        trace = trace._replace(spec=trace.spec.with_options(projection_units=2), h=trace.h[..., :2])
    path = plot_gates(trace, WORDS, path=tmp_path / "cell.html", plain=plain(), units=range(6))
    opened(browser, path)
    i, f, g, o, c = (np.asarray(getattr(trace, name)[0]) for name in "ifgoc")
    before = np.vstack([np.zeros(6), c[:-1]])
    browser.run("(() => { const u = find('unit'); u.value = '4'; u.dispatchEvent(new Event('change')); })()")
    for step in (3, 0, 4):
        browser.run(f"find('slider').value = {step}; find('slider').dispatchEvent(new Event('input'))")
        now = (step, 4)
        kept, written = f[now] * before[now], i[now] * g[now]
        assert text(browser, ".step.forget .equation").endswith(f"= {said(kept)}")
        assert text(browser, ".step.write .equation").endswith(f"= {said(written)}")
        assert text(browser, ".step.hold .equation").endswith(f"= {said(kept + written)}")
        assert text(browser, ".step.show .equation").endswith(f"= {said(o[now] * np.tanh(c[now]))}")
        assert said(c[now]) in text(browser, "#picture")
        assert f"Word {step + 1} of 5" in text(browser, "#summary")
        row = browser.run("[...document.querySelectorAll('#table tr.chosen td')].map((e) => e.textContent)")
        assert row[4] == said(c[now])
    browser.run("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Home', bubbles: true }))")
    assert "Word 1 of 5" in text(browser, "#summary")
    state = plain()[0]
    cosine = state[0] @ state[4] / np.linalg.norm(state[0]) / np.linalg.norm(state[4])
    assert f"plain RNN {said(cosine)}" in text(browser, "#likeness")
    assert browser.problems == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_sticks_out_and_the_colours_are_the_systems(
    size: str, dark: bool, browser: Browser, tmp_path: Path
) -> None:
    path = write_gate_page(traced(), tmp_path / "cell.html", WORDS, title="<i>A</i> title", plain=plain())
    opened(browser, path, size, dark)
    width = SIZES[size][0]
    assert browser.run("document.documentElement.scrollWidth") <= width
    paper = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    assert (sum(browser.run(paper)) < 200) == dark
    browser.run("find('theme').click()")
    assert (sum(browser.run(paper)) < 200) != dark
    assert text(browser, "#title") == browser.run("document.title") == "<i>A</i> title"
    assert browser.run("data.words") == list(WORDS)
    assert browser.run("document.querySelectorAll('script').length") == 2
    assert browser.run("[...document.querySelectorAll('#words button')].every((e) => e.ariaLabel)")
    assert browser.run("document.querySelector('#picture svg').getAttribute('aria-label').length") > 20
    assert browser.problems == []


def test_long_and_wide_and_broken_numbers(browser: Browser, tmp_path: Path) -> None:
    trace = traced("standard", steps=MOST_STEPS + 30, units=MOST_UNITS + 6)
    trace.c[0, 5:9] = np.nan
    mask = np.ones((1, MOST_STEPS + 30), bool)
    mask[0, 2] = False
    path = write_gate_page(trace._replace(mask=mask), tmp_path / "cell.html")
    opened(browser, path, "phone")
    assert text(browser, "#bounds") == "Shown: the first 200 of 230 steps and 64 of 70 units."
    browser.run("goTo(6)")
    assert "holds NaN" in text(browser, "#summary")
    browser.run("goTo(2)")
    assert "skipped" in text(browser, "#summary")
    assert browser.run("document.documentElement.scrollWidth") <= SIZES["phone"][0]
    assert browser.problems == []


def test_mistakes_are_named_and_no_half_file_stays(tmp_path: Path) -> None:
    path, trace = tmp_path / "cell.html", traced()
    for options, words in (
        ({"labels": [*WORDS, "more"]}, "6 labels for 5 steps"),
        ({"labels": []}, "0 labels"),
        ({"sample": 1}, "sample 1 is not in the trace"),
        ({"units": [6]}, "unit 6 is not in the layer"),
        ({"plain": np.zeros((1, 3, 2))}, "plain RNN held at each of the 5 steps"),
    ):
        with pytest.raises(ValueError, match=words):
            write_gate_page(trace, path, **options)
    with pytest.raises(ValueError, match=r"path='....html'"):
        plot_gates(trace, plain=plain())
    assert list(tmp_path.iterdir()) == []


# Every text of the drawing of the cell, and every circle and box: which of them lie on top of another.
ON_TOP = """(() => {
  const parts = [...document.querySelectorAll('#picture text, #picture circle, #picture rect.box')];
  const boxes = parts.map((e) => e.getBBox());
  const apart = (a, b) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  const inside = (a, b) => a.x >= b.x - 1 && a.x + a.width <= b.x + b.width + 1 && a.y >= b.y - 1 && a.y + a.height <= b.y + b.height + 1;
  const found = [];
  for (let i = 0; i < parts.length; i++) for (let j = i + 1; j < parts.length; j++)
    if (!apart(boxes[i], boxes[j]) && !inside(boxes[i], boxes[j]) && !inside(boxes[j], boxes[i]))
      found.push([parts[i].textContent || parts[i].className.baseVal, parts[j].textContent || parts[j].className.baseVal]);
  return found;
})()"""  # noqa: E501


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("variant", ["peephole", "cifg"])
def test_no_number_lies_on_a_circle(size: str, variant: str, browser: Browser, tmp_path: Path) -> None:
    opened(browser, write_gate_page(traced(variant), tmp_path / "cell.html", WORDS), size)
    for value in ("-0.76", "-98.76", "-0.0000001", "8888", "-1e12", "null"):
        browser.run(
            f"for (const rows of Object.values(values)) rows[choice.step][choice.row] = {value}; drawCell()"
        )
        assert browser.run(ON_TOP) == [], value
    browser.run("data.squash = 'hard_tanh'; drawCell()")
    assert browser.run(ON_TOP) == []

"""What a report calls its reference, what it shows of thousands, and that nothing becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from edge.report import drawing
from edge.report import pictures as report_pictures
from edge.report.pages import as_html, as_markdown, write_report
from edge.report.pictures import pictures
from edge.report.style import size
from edge.report.tables import rows_of, speeds, tables
from edge.web.chromium import Browser
from tests.edge.report.test_report import Page
from tests.helpers.benchmark_results import entry, result, value


@pytest.fixture(autouse=True)
def _coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "DPI", 50)


# -- what errors are measured against ------------------------------------------------------------------------


def test_the_reference_is_called_what_it_is() -> None:
    """It was called exact, and an 8-bit file that comes first is not."""
    files = [entry("int8.tflite", 0.4, 100, 0.0), entry("float.tflite", 0.8, 400, 0.02)]
    first, other = value(files=files), value(files=files, settings={"error_against": "Keras"})
    assert [row.reference for row in rows_of([first])] == ["the first file, int8.tflite"] * 2
    assert {row.reference for row in rows_of([other])} == {"Keras"}
    for write in (lambda each: as_markdown([each], {}), lambda each: as_html([each], {})):
        page = write(first).replace("\\", "")
        assert "Speed and error: against the first file, int8.tflite" in page
        assert "reference" in page
        assert "exact" not in page
        page = write(other)
        assert "Speed: against the first file. Error: against Keras" in page
        assert "reference" not in page


def texts(figure: Any) -> list[str]:
    """All that is written in a picture."""
    from matplotlib.text import Text

    return [each.get_text() for each in figure.findobj(Text) if each.get_text()]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The figures that are drawn, by name, without the drawing."""
    found: dict[str, Any] = {}

    def keep(figure: Any) -> bytes:
        found[str(len(found))] = figure
        return b""

    monkeypatch.setattr(report_pictures, "png", keep)
    return found


def test_the_picture_names_the_reference(shown: dict[str, Any]) -> None:
    files = [entry("int8.tflite", 0.4, 100, 0.0), entry("float.tflite", 0.8, 400, 0.02)]
    pictures(rows_of([value(files=files)]))
    words = texts(shown["0"])
    assert "difference/σ from\nthe first file, int8.tflite" in words
    assert not [each for each in words if "exact" in each]
    formatter = shown["0"].axes[0].yaxis.get_major_formatter()
    assert (formatter(1e-7), formatter(0.01)) == ("none", "1 %")


def test_a_dollar_in_a_name_begins_no_formula() -> None:
    files = [entry(f"$\\frac$ {n}.tflite", 1.0 + n, 100 + n, 0.1, group="$\\frac$") for n in range(2)]
    files += [entry(f"_{n}$x$", 1.0 + n, 100 + n, 0.1, group="$\\frac$", length=50) for n in range(2)]
    drawn = pictures(rows_of([value(files=files)]))
    assert set(drawn) >= {"latency", "percentiles", "sizes"}


# -- many ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["files", "lengths", "groups"])
def test_of_thousands_a_picture_shows_the_best_and_says_so(kind: str, shown: dict[str, Any]) -> None:
    """What takes time is what is drawn, so that is counted."""
    files = [
        entry(
            f"f{n if kind == 'files' else n // 4}.tflite",
            0.1 + n % 97 / 10,
            1000 + n,
            1e-4 * (1 + n % 31),
            length=(10, 20, 50, 100)[n % 4] if kind != "files" else 100,
            group=f"g{n // 8}" if kind == "groups" else None,
        )
        for n in range(4000)
    ]
    rows = rows_of([value(files=files)])
    pictures(rows)
    assert len(shown) == (3 if kind == "files" else 4)
    for figure in shown.values():
        assert len(figure.axes) <= 9
        assert sum(len(axis.lines) + len(axis.patches) for axis in figure.axes) < 250
        assert len(texts(figure)) < 400
        assert figure.get_size_inches()[1] < 25
        assert any(re.search(r"\bof [\d,]{3,}, and the first", each) for each in texts(figure))
    spread = shown["1"].axes[0]
    labels_shown = [each.get_text() for each in spread.get_yticklabels()]
    assert 50 <= len(labels_shown) <= 51
    assert labels_shown[0] == rows[0].label  # the one that others are compared with
    fastest = sorted(rows, key=lambda row: row.median)[:50]
    assert {row.label for row in fastest} <= set(labels_shown)


def test_the_tables_have_all_of_them() -> None:
    files = [entry(f"f{n}.tflite", 1.0 + n, 1000 + n, 0.1) for n in range(1000)]
    text = as_html([value(files=files)], {})
    assert all(f"f{n}.tflite" in text for n in (0, 500, 999))


# -- a page that does nothing --------------------------------------------------------------------------------


def test_the_page_allows_nothing_but_its_style_and_its_pictures() -> None:
    text = as_html([value()], {"sizes": b"x"})
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "style=" not in text
    assert "<script" not in text


HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def test_nothing_in_a_result_becomes_markup() -> None:
    """Whatever field a text is in."""
    files = [
        entry(
            HOSTILE,
            0.5,
            100,
            0.1,
            group=HOSTILE + group,
            runtime={"name": HOSTILE, "version": HOSTILE},
            operators=[{"name": HOSTILE, "count": 1, "us": 3.0}],
        )
        for group in "ab"
    ]
    hostile = value(
        files=files,
        machine={**value().machine, "cpu": HOSTILE, "board": HOSTILE, "os": HOSTILE, "governor": HOSTILE},
        versions={HOSTILE: HOSTILE},
        warnings=[HOSTILE],
        created=HOSTILE,
        settings={"error_against": HOSTILE},
    )
    text = as_html([hostile], {})
    assert "<img" not in text
    assert text.count("&lt;img src=x onerror") > 8
    assert Page(text).open == []
    markdown = as_markdown([hostile], {})
    assert not re.search(r"(?<!\\)<img", markdown)


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no chromium here")
def test_a_browser_shows_the_style_and_complains_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result()))
    page = write_report([path], tmp_path / "report")[0]
    with Browser() as browser:
        browser.send("Page.navigate", url=page.as_uri())
        browser.wait_for("location.protocol === 'file:' && document.readyState === 'complete'")
        style = "getComputedStyle(document.body).maxWidth"
        assert browser.run(style) == "960px"  # 60rem
        assert browser.run("[...document.images].every((each) => each.naturalWidth > 0)") is True
        assert browser.problems == []


# -- numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),  # was 1000.0 kB
        (1_500_000, "1.5 MB"),
        (2**40, "1099.5 GB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


def test_a_speed_that_is_not_known_or_small_is_not_rounded_to_a_wrong_one() -> None:
    files = [entry("a", 1.0, 1), entry("b", 0.0, 1), entry("c", 1000.0, 1)]
    assert speeds(value(files=files).files) == [1.0, None, 0.001]
    glance = tables(value(files=files))[0]
    assert [row[glance.headers.index("speed")] for row in glance.rows] == ["1.00×", "–", "0.001×"]
    assert speeds(value(files=files[1:]).files) == [None, None]  # against what took no time to see

"""`python -m edge report`: tables, pictures and a page from results of any platform."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.report import drawing, pages
from edge.report.pages import as_html, as_markdown, write_report
from edge.report.pictures import pictures
from edge.report.tables import labels, rows_of, speeds
from tests.helpers.benchmark_results import entry, result, times, value
from tests.helpers.command_line import invoke
from tests.house.test_device_half import BLOCK, ROOT


@pytest.fixture(autouse=True)
def _coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "DPI", 50)  # a third, which takes a tenth of the time


def written(folder: Path, *results: dict[str, Any]) -> list[Path]:
    paths = [folder / f"{n}.json" for n in range(len(results))]
    for path, content in zip(paths, results, strict=True):
        path.write_text(json.dumps(content))
    return paths


class Page(HTMLParser):
    """Tags that were opened and not closed, what is shown, and what comes from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.shown: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: Sequence[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown.append(data)


def test_the_command_writes_a_page_that_stands_alone(tmp_path: Path) -> None:
    paths = written(tmp_path, result(), result("pi"), result())
    folder = tmp_path / "made" / "report"
    done = invoke(["report", *map(str, paths), "-o", str(folder)])
    assert (done.exit_code, done.stderr) == (0, "")
    names = {"report.html", "report.md", "latency.png", "percentiles.png", "sizes.png"}
    assert {path.name for path in folder.iterdir()} == names
    *files, computer, pi, second = done.stdout.splitlines()
    assert {Path(line).name for line in files} == names
    assert computer.startswith("Computer 1: take int8.tflite, the fastest of 2 that are near enough: 0.4 ms")
    assert (pi[:14], second[:12]) == ("Raspberry Pi: ", "Computer 2: ")
    page = Page((folder / "report.html").read_text())
    assert page.open == []
    assert len(page.sources) == 3
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in page.sources)
    text = " ".join(page.shown)
    for words in (
        "Raspberry Pi, 2026-01-02",
        "Computer 2",
        "int8.tflite",
        "2.00×",
        "1.10%",
        "It is hot & loud.",
    ):
        assert words in text
    for name in names - {"report.html", "report.md"}:
        with Image.open(folder / name) as picture:
            assert picture.width == 400
            assert len(picture.convert("RGB").getcolors(2**24) or ()) > 20  # something is drawn


def test_markdown_has_tables_of_one_width_and_escapes_names() -> None:
    files = [entry("a|b_*.tflite", 0.5, 100), entry("c.tflite", 1.5, 200)]
    text = as_markdown([value(files=files)], {"sizes": b""})
    assert "![Size](sizes.png)" in text
    assert r"a\|b\_\*.tflite" in text
    assert r"A\|B \<CPU\>" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 6  # at a glance, spread, start, streams, the operators of each
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_a_stream_of_blocks_says_so() -> None:
    one, other = entry("a.tflite", 0.5, 100), entry("b.tflite", 0.5, 100)
    assert "block" not in as_markdown([value(files=[one])], {})
    other["stream"]["steps"] = 64
    text = as_markdown([value(files=[one, other])], {})
    assert "50, blocks of 64" in text
    assert "the step is the one that fills a block" in text


def test_html_escapes_names() -> None:
    text = as_html([value(files=[entry("<script>x.tflite", 0.5, 100)])], {})
    assert "<script>" not in text
    assert "&lt;script&gt;x.tflite" in text


def test_speed_is_that_of_one_sequence_against_the_first_of_its_kind() -> None:
    files = [
        entry("a", 1.0, 1, length=100),
        entry("b", 0.5, 1, length=100),
        entry("a", 8.0, 1, length=800),
        entry("b", 2.0, 1, length=800, batch=4),
        entry("b", 3.0, 1, length=100, group="others"),
    ]
    assert speeds(value(files=files).files) == [1.0, 2.0, 1.0, 16.0, 1.0]
    assert labels(value(files=files).files) == [
        "a, 100 steps",
        "b, 100 steps",
        "a, 800 steps",
        "b, 800 steps",
        "b, others, 100 steps",
    ]


def test_labels_say_no_more_than_needed() -> None:
    files = [entry("a", 1.0, 1), entry("b", 1.0, 1, threads=2), entry("c", 1.0, 1, length=None)]
    assert labels(value(files=files).files) == ["a, 1 thr.", "b, 2 thr.", "c, 1 thr."]
    assert labels(value(files=files[:1]).files) == ["a"]
    rows = rows_of([value(files=files[:1]), value("android", files=files[:1])])
    assert [row.label for row in rows] == ["a (computer)", "a (Android)"]


def test_pictures_are_those_for_which_there_is_something_to_show() -> None:
    alone = [entry("a", 1.0, 1)]
    assert set(pictures(rows_of([value(files=alone)]))) == {"sizes", "percentiles"}
    several = [
        entry(name, n * 0.01, 10, 0.1, length=n, threads=t) for name in "ab" for n in (10, 90) for t in (1, 2)
    ]
    assert set(pictures(rows_of([value(files=several)]))) == {"sizes", "percentiles", "latency", "lengths"}
    bare = {
        **entry("a", 1.0, 1),
        "inference_ms": {**dict.fromkeys(times(1)), "median": 0.0},
        "size_bytes": None,
    }
    assert set(pictures(rows_of([value(files=[bare])]))) == {"percentiles"}


def test_accuracy_is_drawn_rather_than_the_error_where_it_is_known() -> None:
    files = [entry("a", 1.0, 1, 0.0, accuracy=0.9), entry("b", 0.5, 1, 0.2, accuracy=0.7)]
    swapped = [{**file, "accuracy": 1.6 - file["accuracy"]} for file in files]
    plain = [{**file, "accuracy": None} for file in files]
    drawn = [pictures(rows_of([value(files=each)]))["latency"] for each in (files, swapped, plain)]
    assert len(set(drawn)) == 3
    assert "90.0%" in as_markdown([value(files=files)], {})


def test_many_files_and_platforms_are_drawn() -> None:
    files = [entry(f"file number {n}.tflite", 10.0 ** (n % 5 - 2), 10 + n, 10.0**-n) for n in range(12)]
    drawn = pictures(rows_of([value(platform, files) for platform in ("host", "pi", "android", "browser")]))
    with Image.open(io.BytesIO(drawn["percentiles"])) as picture:
        assert picture.height > 48 * 15  # a line for each


# -- what goes wrong ---------------------------------------------------------------------------------------


def test_a_bad_result_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    good, bad = written(tmp_path, result(), {**result(), "files": [{"name": "x"}]})
    folder = tmp_path / "report"
    done = invoke(["report", str(good), str(bad), "-o", str(folder)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {bad}: files[0] has no 'path'")
    assert done.stderr.count("\n") == 1
    assert not folder.exists()
    (tmp_path / "file").touch()
    done = invoke(["report", str(good), "-o", str(tmp_path / "file")])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")


def test_an_interruption_leaves_the_old_report_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, folder = written(tmp_path, result()), tmp_path / "report"
    write_report(paths, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    whole, replaced = os.replace, list[Path]()

    def interrupted(draft: Path, path: Path) -> None:
        if replaced:
            raise KeyboardInterrupt
        replaced.append(path)
        whole(draft, path)

    monkeypatch.setattr(os, "replace", interrupted)
    monkeypatch.setattr(pages, "as_html", lambda *_: "another")
    with pytest.raises(KeyboardInterrupt):
        write_report(paths, folder)
    assert replaced
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_without_matplotlib_the_command_says_what_to_install(tmp_path: Path) -> None:
    (path,) = written(tmp_path, result())
    code = (
        BLOCK.format(banned=("matplotlib", "tensorflow", "keras", "ai_edge_litert"))
        + "import runpy; sys.argv[0] = 'edge'; runpy.run_module('edge', run_name='__main__')"
    )
    command = [sys.executable, "-c", code, "report", str(path), "-o", str(tmp_path / "report")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr == "Error: The pictures of a report need one more package: pip install matplotlib\n"
    assert not (tmp_path / "report").exists()

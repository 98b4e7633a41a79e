"""What README.md, docs/ and the other Markdown say is what the code says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.report.targets import targets_markdown
from keras_lstm_plus import catalogue
from keras_lstm_plus.variants import VARIANTS
from tests.helpers.markdown import MARKDOWN, name
from tests.helpers.places import ROOT

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").rglob("*.md"))
OURS = {"benchmarks", "docs", "edge", "examples", "keras_lstm_plus", "tests"}
FENCE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)


def prose(path: Path) -> str:
    """The text without its blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """What a link may name after `#`: the headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("table", "written_by", "command"),
    [
        ("variants", catalogue.markdown, "python -m keras_lstm_plus.catalogue"),
        ("targets", targets_markdown, "python -m edge targets --markdown"),
    ],
)
def test_a_printed_table_is_up_to_date(table: str, written_by: Callable[[], str], command: str) -> None:
    text = (ROOT / "docs" / f"{table}.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {table} -->\n(.*?)\n<!-- /{table} -->", text, re.DOTALL)
    assert found, f"docs/{table}.md has no table between <!-- {table} --> and <!-- /{table} -->"
    assert found.group(1) == written_by(), f"stale: {command}"


def test_every_variant_has_a_source() -> None:
    assert all(re.search(r"\d{4}", spec.citation) for spec in VARIANTS.values())


def test_the_first_table_says_what_the_table_of_the_demo_says() -> None:
    demo = (ROOT / "examples/exercise_recognition/README.md").read_text(encoding="utf-8")
    printed = [[cell.strip() for cell in line.split("│")[1:-1]] for line in demo.splitlines() if "│" in line]
    kept = {(network, form): (size, ms, speed, right) for network, form, right, _, size, ms, speed in printed}
    rows = re.findall(
        r"^\| ([\w ]+), ([\w ]+?)(?: \(.*\)|; .*)? \| ([\d.]+) \| ([\d.]+) \| ([\d.]+x) \| ([\d.]+%) \|$",
        README.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert len(rows) == 5
    assert {(network, form): tuple(figures) for network, form, *figures in rows}.items() <= kept.items()


RUN = [README, *(pytest.param(page, marks=pytest.mark.site) for page in DOCS)]


@pytest.mark.parametrize("path", RUN, ids=lambda path: name(path))
def test_its_python_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a file after one another, as a reader would run them; what is `sh` too."""
    blocks = re.findall(
        r"^```(python|sh)\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    scope: dict[str, object] = {}
    for language, block in blocks:
        if language == "python":
            exec(compile(block, name(path), "exec"), scope)
            continue
        for line in block.splitlines():
            program, *arguments = shlex.split(line, comments=True)
            assert program == "python", line
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def test_there_is_python_to_run() -> None:
    for path in (README, ROOT / "docs" / "verify.md"):
        assert "\n```python\n" in path.read_text(encoding="utf-8"), name(path)


@pytest.mark.parametrize("path", MARKDOWN, ids=name)
def test_its_links_and_pictures_are_there(path: Path) -> None:
    text = re.sub(r"`[^`\n]+`", "", prose(path))
    for link in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
        target, _, anchor = "".join(link).partition("#")
        if re.match(r"\w+:", target):
            continue
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), f"{name(path)}: {target} is not there"
        assert not anchor or anchor in anchors(there), f"{name(path)}: {target} has no heading #{anchor}"


@pytest.mark.parametrize("path", MARKDOWN, ids=name)
def test_the_modules_and_files_that_it_names_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for module in re.findall(r"python -m ([\w.]+)", text):
        there = ROOT / module.replace(".", "/")
        if there.relative_to(ROOT).parts[0] in OURS:
            assert there.with_suffix(".py").exists() or (there / "__main__.py").exists(), module
    for file in re.findall(r"`([\w.]+/[\w./]*)`", prose(path)):
        if file.split("/")[0] in OURS:
            assert (ROOT / file).exists() or (path.parent / file).exists(), file


def test_the_drawing_of_the_house_shows_every_room() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawing = text.split("## The house")[1].split("```")[1]
    for package in ("edge", "keras_lstm_plus"):
        for room in (ROOT / package).rglob("__init__.py"):
            assert f"{room.parent.name}/" in drawing, room.parent.relative_to(ROOT)


def test_the_gallery_begins_with_the_buses() -> None:
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    lead, _, rest = text.partition("<img ")
    assert lead.split("\n\n")[1].startswith('"The **buses**, which went to Paris, **were** full."')
    assert rest.startswith('src="language_model/keyboard.png"')
    folders = {path.parent.name for path in (ROOT / "examples").glob("*/__main__.py")}
    linked = re.findall(r"^## \[.+\]\((\w+)/README.md\)$", text, re.MULTILINE)
    assert linked[:2] == ["language_model", "agreement"]
    assert sorted(linked) == sorted(folders)


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 130

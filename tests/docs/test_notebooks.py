"""The notebooks run, and what is committed is what they give: the same kinds of output, cell by cell."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.doc_tools import tool
from tests.helpers.places import ROOT

pytestmark = pytest.mark.site
pytest.importorskip("nbclient", reason='pip install ".[docs]"')
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def kinds(cells: Any) -> list[list[str]]:
    """For each cell the kinds of its outputs, those that a reader sees."""
    return [
        [next(iter(output.get("data", {"text": 0}))) for output in cell.get("outputs", ())] for cell in cells
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_gives_what_is_committed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ":".join([str(ROOT), *filter(None, sys.path)]))
    committed = json.loads(path.read_text(encoding="utf-8"))["cells"]
    run = tool("execute").executed(path, tmp_path)
    assert kinds(run.cells) == kinds(committed)
    assert any(kinds(committed))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_page_has_its_pictures_with_words(path: Path) -> None:
    page, pictures = tool("notebooks").as_markdown(path)
    assert pictures
    assert all(f"]({name})" in page for name in pictures)
    assert all(content.startswith(b"\x89PNG") and len(content) < 200_000 for content in pictures.values())


def test_a_picture_without_words_is_refused(tmp_path: Path) -> None:
    notebook = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            output.pop("metadata", None)
            output["metadata"] = {}
    (tmp_path / "x.ipynb").write_text(json.dumps(notebook))
    with pytest.raises(ValueError, match="a picture without alt"):
        tool("notebooks").as_markdown(tmp_path / "x.ipynb")

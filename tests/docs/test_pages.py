"""What the pages promise: their tables are printed, their commands run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_notebooks import tool
from tests.helpers.places import ROOT

pytestmark = pytest.mark.site
PAGES = sorted((ROOT / "docs").rglob("*.md"))
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
WITH_COMMANDS = [path for path in PAGES if SHELL.search(path.read_text(encoding="utf-8"))]


def test_the_table_of_the_decision_is_up_to_date() -> None:
    text = (ROOT / "docs" / "which.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- figures -->\n(.*?)\n<!-- /figures -->", text, re.DOTALL)
    assert found
    assert found.group(1) == tool("figures").table(), "stale: python docs/tools/figures.py"


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.stem)
def test_its_commands_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the page's Python, as a reader would have run it."""
    text = path.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for block in PYTHON.findall(text):
        exec(compile(block, path.name, "exec"), scope)
    for line in "".join(SHELL.findall(text)).splitlines():
        command = shlex.split(line, comments=True)
        assert command[:2] == ["python", "-m"], line
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [sys.executable, *command[1:]], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert done.stdout

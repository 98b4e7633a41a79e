"""The library knows nothing of Python: the C program of docs/native.md, compiled and run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import edge
from edge.native import find_library
from tests.helpers.native_library import built
from tests.helpers.places import ROOT


def test_the_program_of_the_docs(tmp_path: Path) -> None:
    path = built()
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    text = (ROOT / "docs/native.md").read_text(encoding="utf-8")
    (code,) = (block for block in re.findall(r"```c\n(.*?)```", text, re.DOTALL) if "int main" in block)
    program = tmp_path / "program"
    flags = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "native")
    command: list[str | Path] = [compiler, *flags, "-xc", "-", "-o", program, "-ldl"]
    subprocess.run(command, input=code, text=True, check=True)
    done = subprocess.run([program, path], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [edge.__version__, find_library().isa]
    wrong = subprocess.run([program, path], capture_output=True, text=True, env={"EDGE_NATIVE_ISA": "sparc"})
    assert (wrong.returncode, wrong.stderr.startswith("EDGE_NATIVE_ISA is sparc")) == (1, True)

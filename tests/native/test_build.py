"""The build: what it needs, what it says where that is missing, and that no set's code is another's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from native import build
from tests.helpers.places import ROOT


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(build.BuildError, match=r"^No C\+\+ compiler was found\. Install one .*\.$"):
        build.build(tmp_path / "out")
    with pytest.raises(build.BuildError, match=r"^There is no compiler none-such\. .*\.$"):
        build.build(tmp_path / "out", "none-such")
    assert not (tmp_path / "out").exists()


def test_a_compiler_that_fails_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "g++"
    broken.write_text(
        "#!/bin/sh\n[ $1 = -dumpmachine ] && echo x86_64-linux-gnu && exit\necho 'error: no' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "native/build.py", "--out", str(tmp_path / "out"), "--compiler", str(broken)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, f"{broken} failed: error: no\n")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm, of binutils, is not here")
@pytest.mark.parametrize("library", [build.DEVICES, build.TRAINING], ids=lambda library: library.name)
def test_a_set_brings_no_code_that_others_could_run(library: build.Library, tmp_path: Path) -> None:
    """The linker keeps one copy of a function that two objects have: it must not be the one with AVX-512."""
    compiler = build.find_compiler()
    family = build._family(build._target(compiler))
    name = next(iter(library.sets[family]))
    flags = [*build.FLAGS, *build.QUIET, *library.sets[family][name], f"-DEDGE_ISA={name}", "-O0"]
    made = tmp_path / "kernels.o"
    subprocess.run([compiler, *flags, "-c", str(library.sources / "kernels.cc"), "-o", str(made)], check=True)
    listed = subprocess.run(["nm", "-C", str(made)], capture_output=True, text=True, check=True).stdout
    shared = [line for line in listed.splitlines() if line[17:18] in "WVu" and line[17:18]]
    mine = [line for line in shared if f"edge::{name}::" in line]
    assert mine
    assert [line for line in shared if line not in mine and "personality" not in line] == []

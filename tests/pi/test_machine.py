"""Where the machines cannot be had: one reason, and nothing half made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pi.machine import MACHINES, UnavailableError


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the only one on the path; and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    (tmp_path / "tools").mkdir()
    return tmp_path / "tools"


def test_no_debian(tools: Path) -> None:
    with pytest.raises(UnavailableError, match="no apt-get here; a Debian is needed"):
        MACHINES["arm64"].set_up()


def test_no_network(tools: Path, tmp_path: Path) -> None:
    for name, text in (
        ("dpkg", "echo amd64"),
        ("dpkg-deb", ""),
        ("apt-get", "echo E: no route >&2; exit 100"),
    ):
        (tools / name).write_text(f"#!{shutil.which('sh', path='/bin:/usr/bin')}\n{text}\n")
        (tools / name).chmod(0o755)
    with pytest.raises(UnavailableError, match="apt-get cannot get what is needed: E: no route"):
        MACHINES["arm64"].set_up()
    assert list((tmp_path / "cache/keras-lstm-plus/pi").iterdir()) == []

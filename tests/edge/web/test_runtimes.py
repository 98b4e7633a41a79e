"""What the page is given: runtimes that npm fetches, checked, and recordings."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from edge.web import runtimes
from edge.web.models import recording
from edge.web.runtimes import RUNTIMES, Package, fetch
from tests.helpers.device_files import sequences

# -- the runtimes ----------------------------------------------------------------------------------------


def archive(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return content.getvalue()


def fake_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called npm, and no other."""
    folder.mkdir(exist_ok=True)
    npm = folder / "npm"
    npm.write_text(f"#!{sys.executable}\nimport sys, shutil\n{script}")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """A package of one file, which an npm delivers that has more in it."""
    content = archive(
        {
            "package/a.js": b"wanted",
            "package/b.js": b"not wanted",
            "../../escape.js": b"x",
            "/tmp/abs.js": b"x",
        }
    )
    (tmp_path / "made-up.tgz").write_bytes(content)
    sha512 = base64.b64encode(hashlib.sha512(content).digest()).decode()
    package = Package("@made/up", "1.0.0", sha512, ("a.js",))
    monkeypatch.setitem(RUNTIMES, "made-up", (package,))
    asked = "assert sys.argv[1:3] == ['pack', '@made/up@1.0.0']"
    fake_npm(tmp_path / "bin", f"{asked}\nshutil.copy({str(tmp_path / 'made-up.tgz')!r}, '.')", monkeypatch)
    return package


def test_a_package_is_fetched_once_and_only_what_is_used(
    made_up: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, said = tmp_path / "cache", list[str]()
    found = fetch("made-up", cache, said.append)
    assert found["a.js"].read_bytes() == b"wanted"
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["a.js"]
    assert not list(tmp_path.rglob("escape.js"))
    assert not Path("/tmp/abs.js").exists()
    assert len(said) == 1
    monkeypatch.setenv("PATH", "")
    assert fetch("made-up", cache, said.append) == found
    assert len(said) == 1


def test_another_file_under_the_same_name_is_not_run(made_up: Package, tmp_path: Path) -> None:
    (tmp_path / "made-up.tgz").write_bytes(archive({"package/a.js": b"evil"}))
    with pytest.raises(OSError, match="another file under that name and version, which is not run"):
        fetch("made-up", tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_what_npm_says_is_passed_on(
    made_up: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm(
        tmp_path / "bin",
        'print(\'{"error": {"code": "E404", "summary": "Not found"}}\'); sys.exit(1)',
        monkeypatch,
    )
    with pytest.raises(OSError, match=r"^npm could not fetch @made/up 1.0.0: Not found$"):
        fetch("made-up", tmp_path / "cache")
    fake_npm(tmp_path / "bin", "sys.exit('no network')", monkeypatch)
    with pytest.raises(OSError, match="@made/up 1.0.0: no network$"):
        fetch("made-up", tmp_path / "cache")


def test_the_cache_is_where_the_user_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(runtimes.CACHE_VARIABLE, str(tmp_path / "mine"))
    assert runtimes.cache_folder() == tmp_path / "mine"
    monkeypatch.delenv(runtimes.CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert runtimes.cache_folder() == tmp_path / "xdg" / "keras-lstm-plus" / "web"


# -- recordings ------------------------------------------------------------------------------------------


def test_recordings(tmp_path: Path) -> None:
    x = sequences(2)
    np.save(tmp_path / "windows.npy", x)
    np.save(tmp_path / "one.npy", x[0].astype("f8"))
    np.savez(tmp_path / "only.npz", x)
    np.savetxt(tmp_path / "table.csv", x[0], delimiter=",")
    named = ",".join("abcdef") + "\n" + (tmp_path / "table.csv").read_text()
    (tmp_path / "named.csv").write_text(named)
    np.testing.assert_array_equal(recording(tmp_path / "windows.npy"), x)
    for name in ("one.npy", "table.csv", "named.csv"):
        np.testing.assert_array_equal(recording(tmp_path / name), x[:1])
    np.testing.assert_array_equal(recording(tmp_path / "only.npz"), x)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros(3), "shape [3]"),
        (np.zeros((0, 6)), "shape [0, 6]"),
        (np.array([["a"]]), "<U1 of shape"),
        (np.array([[1.0, np.nan]]), "NaN or infinity"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, value: np.ndarray, words: str) -> None:
    path = tmp_path / "x.npy"
    np.save(path, value)
    with pytest.raises(ValueError, match=re.escape(words)):
        recording(path)


def test_a_table_with_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("1,2\n3\n")
    with pytest.raises(ValueError, match="is no table of numbers"):
        recording(path)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        recording(tmp_path / "none.csv")

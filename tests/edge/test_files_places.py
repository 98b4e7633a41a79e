"""What may lie where a file is written: long names, links, modes, pipes, devices, what is read-only."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.devices.microcontroller.c_array import write_c_array
from edge.files import write_all, write_whole, written
from edge.report.pages import write_report
from tests.helpers.benchmark_results import result
from tests.helpers.device_files import model_file
from tests.helpers.places import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, modes and pipes of POSIX")
CONTENT = b"the new one"


def write_both(path: Path) -> None:
    """By the writer of several files."""
    write_all({path: CONTENT})


def write_one(path: Path) -> None:
    write_whole(path, CONTENT)


WRITERS = [write_one, write_both]
each_writer = pytest.mark.parametrize("write", WRITERS)


@each_writer
@pytest.mark.parametrize(
    "name", ["n" * 242, "n" * 255, "é" * 127 + "e", "字" * 85], ids=["242", "255", "é", "字"]
)
def test_long_names(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    assert (tmp_path / name).read_bytes() == CONTENT
    assert os.listdir(tmp_path) == [name]


def test_a_name_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be written: File name too long") as caught:
        write_one(tmp_path / ("n" * 256))
    assert caught.value.errno == errno.ENAMETOOLONG


@each_writer
@pytest.mark.parametrize("is_there", [True, False], ids=["a file", "nothing yet"])
def test_a_link_stays_a_link(tmp_path: Path, is_there: bool, write: Callable[[Path], None]) -> None:
    (tmp_path / "far").mkdir()
    real, link, second = tmp_path / "far/real", tmp_path / "link", tmp_path / "second"
    if is_there:
        real.write_bytes(b"old")
    link.symlink_to("far/real")
    second.symlink_to(link)
    write(second)
    assert os.readlink(second) == str(link)
    assert os.readlink(link) == "far/real"
    assert real.read_bytes() == CONTENT
    assert sorted(os.listdir(tmp_path)) == ["far", "link", "second"]
    assert os.listdir(tmp_path / "far") == ["real"]


def test_a_link_to_itself_is_one_sentence(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(OSError, match="cannot be written: Too many levels of symbolic links"):
        write_one(link)


@each_writer
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o666])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int, write: Callable[[Path], None]) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (CONTENT, mode)


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_one(tmp_path / "ours")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_draft_of_a_private_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with written(path, CONTENT) as draft:
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
@each_writer
def test_a_file_keeps_its_owner(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    os.chown(path, 12345, 54321)
    path.chmod(0o4755)
    write(path)
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 54321, 0o4755)


@each_writer
def test_a_pipe_is_written_into(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(path)
        assert os.read(reader, 100) == CONTENT
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_pipe_takes_more_than_it_holds(tmp_path: Path) -> None:
    path, found = tmp_path / "pipe", bytearray()
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)

    def read() -> None:
        while part := os.read(reader, 1 << 16):
            found.extend(part)

    content = os.urandom(1_000_000)
    thread = threading.Thread(target=lambda: write_whole(path, content))
    thread.start()
    while not found:
        found.extend(os.read(reader, 1))
    read()
    thread.join()
    os.close(reader)
    assert bytes(found) == content


@each_writer
def test_a_pipe_that_nobody_reads_is_one_sentence(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="cannot be written: it is a pipe that nobody reads"):
        write(path)
    assert stat.S_ISFIFO(path.stat().st_mode)


@each_writer
def test_a_device_is_written_into_and_stays(write: Callable[[Path], None]) -> None:
    before = os.stat("/dev/null")
    write(Path("/dev/null"))
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert before.st_ino == after.st_ino


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_device_that_is_full_is_one_sentence() -> None:
    with pytest.raises(OSError, match="/dev/full cannot be written: No space left on device"):
        write_one(Path("/dev/full"))


@each_writer
def test_a_socket_and_a_folder_are_refused(tmp_path: Path, write: Callable[[Path], None]) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="is a socket, not a file; choose another name"):
            write(tmp_path / "s")
    assert stat.S_ISSOCK((tmp_path / "s").stat().st_mode)
    (tmp_path / "folder").mkdir()
    for path, words in (
        (tmp_path / "folder", "is a folder"),
        (tmp_path / "none/file", "none does not exist; create it first"),
        (Path(__file__) / "file", "is a file, so .* cannot lie in it"),
    ):
        with pytest.raises(OSError, match=words):
            write(path)


AS_NOBODY = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from edge.files import write_all, write_whole
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for write in (lambda p: write_whole(p, b"new"), lambda p: write_all({{p: b"new"}})):
    for name in sys.argv[1:]:
        try:
            write(Path(name))
            print("written")
        except OSError as error:
            print(type(error).__name__, error)
"""


def test_what_is_read_only_is_refused_and_stays() -> None:
    """By a user who is not root: root may write everywhere."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        file, closed = folder / "file", folder / "closed"
        file.write_bytes(b"old")
        file.chmod(0o444)
        closed.mkdir()
        (closed / "file").write_bytes(b"old")
        (closed / "file").chmod(0o666)
        closed.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, file, closed / "file", closed / "new", folder / "new"],
            capture_output=True,
            text=True,
            check=False,
        )
        lines = done.stdout.splitlines()
        assert lines[:4] == lines[4:], done.stderr
        assert lines[0] == f"PermissionError {file} is read-only; choose another name, or make it writable."
        for line in lines[1:3]:
            assert line == f"PermissionError The folder {closed} cannot be written to; choose another."
        assert lines[3] == "written"
        assert (file.read_bytes(), (closed / "file").read_bytes()) == (b"old", b"old")
        assert sorted(os.listdir(folder)) == ["closed", "file", "new"]
        closed.chmod(0o755)


def test_several_files_are_all_written_or_none(tmp_path: Path) -> None:
    """Links and modes of those that were already replaced come back, too."""
    real, link, new = tmp_path / "real", tmp_path / "link", tmp_path / "new"
    real.write_bytes(b"old")
    real.chmod(0o600)
    link.symlink_to(real)
    os.mkfifo(tmp_path / "pipe")  # nobody reads: known only when it is written into, which comes first
    with pytest.raises(OSError, match="nobody reads"):
        write_all({tmp_path / "pipe": CONTENT, link: CONTENT, new: CONTENT})
    assert (real.read_bytes(), stat.S_IMODE(real.stat().st_mode)) == (b"old", 0o600)
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe", "real"]


def test_reports_and_c_arrays_follow_links(tmp_path: Path) -> None:
    """They are written by the same function: one case each."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "report").mkdir()
    (tmp_path / "report/report.md").symlink_to(elsewhere / "page.md")
    (tmp_path / "result.json").write_text(json.dumps(result()))
    write_report([tmp_path / "result.json"], tmp_path / "report")
    assert (tmp_path / "report/report.md").is_symlink()
    assert (elsewhere / "page.md").read_text(encoding="utf-8").startswith("# Report")
    (tmp_path / "reset.h").symlink_to(elsewhere / "model.h")
    write_c_array(model_file("dense"), tmp_path, "reset")
    assert (tmp_path / "reset.h").is_symlink()
    assert "reset" in (elsewhere / "model.h").read_text(encoding="utf-8")

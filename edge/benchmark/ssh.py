"""Measure files on another machine, over the system's ssh client: one connection, nothing left behind there.

`edge.benchmark.ssh_remote` is the other end. It gets the device half of this package, the native engine for
every processor that it was built for, and the model files as one archive, measures in a temporary folder, and
removes the folder when it is done or this end goes away.
"""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from edge.aliases import Progress
from edge.benchmark import ssh_remote
from edge.benchmark.real_data import packed
from edge.errors import ModelFileError, check_progress
from edge.tflite import parser

OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15")
# `s` and what follows are the arguments of `ssh_remote.supervise`.
BOOTSTRAP = (
    "import sys; s = sys.stdin.buffer; code, size, rest = map(int, s.readline().split()); "
    "exec(s.read(code)); supervise(s, size, s.read(rest))"
)
PACKAGE = Path(__file__).parents[1]
# What the workstation alone runs, or a device in other languages, is not sent.
NOT_NEEDED = ("convert", "web", "report", "cli", "devices")
FAREWELL_SECONDS = 10  # for the other end to tidy up
KINDS = {kind.__name__: kind for kind in (ModelFileError, ValueError, TypeError, ImportError, OSError)}

# What the ssh client says, and what to do about it.
REFUSALS = (
    ("Could not resolve hostname", "there is no host of that name; check it, or give its address"),
    ("Host key verification failed", "its host key is not known here; connect once by hand: {connect}"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "its host key is another than before; see {connect}"),
    ("Permission denied", "it refuses our key, and passwords are not asked for; copy yours there: {copy}"),
    (
        "Connection refused",
        "nothing answers ssh there; enable it on the device: sudo raspi-config, Interface",
    ),
    ("timed out", "it does not answer; is it switched on and in this network?"),
    ("No route to host", "it does not answer; is it switched on and in this network?"),
)


def benchmark_over_ssh(
    destination: str,
    files: Sequence[str | Path],
    *,
    python: str = "python3",
    ssh_options: Sequence[str] = (),
    progress: Progress | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Run `edge.benchmark.host.benchmark` on another machine.

    Args:
        destination: as for ssh: `pi@host`, `ssh://pi@host:2222` or a name in its configuration. The key must
            work without a password.
        files: of the models, on this machine.
        python: the interpreter there, with NumPy and a runtime: `"~/edge/bin/python"` for an environment.
        ssh_options: more options of the ssh client, like `("-i", "key")`.
        progress: is called with inferences done, inferences in all, and what is going on.
        **settings: of `edge.benchmark.host.benchmark`; they must go into JSON, but for `data` and `answers`.

    Returns:
        What `edge.benchmark.benchmark` returns there, with `"platform": "pi"` and the paths on this machine.

    Raises:
        ModelFileError: a file is missing, damaged, or ends the process that runs it.
        ValueError: the destination is none, or an argument or a length that a file does not take.
        ImportError: no Python, NumPy or runtime there; the message says what to install.
        OSError: no ssh client, no connection, or the connection was lost.
    """
    if not destination or destination.startswith("-") or any(map(str.isspace, destination)):
        raise ValueError(f"The destination is written like pi@host, received {destination!r}.")
    check_progress(progress)
    client = shutil.which("ssh")
    if client is None:
        raise FileNotFoundError("There is no ssh client here; install it (on Debian: openssh-client).")
    names = [f"models/{number}/{Path(path).name}" for number, path in enumerate(files)]
    arrays = {
        name: packed(settings.pop(name)) for name in ssh_remote.ARRAYS if settings.get(name) is not None
    }
    settings |= {name: _place(name) for name in arrays}
    message = _message(dict(zip(names, files, strict=True)), arrays, {**settings, "paths": names})
    command = [client, *OPTIONS, *ssh_options, "--", destination, _command(python)]
    with tempfile.TemporaryFile() as complaints:
        # A session of its own: Ctrl-C is for us alone, the connection lives on to have the other end tidy up.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        )
        try:
            answer = _converse(process, message, progress)
        finally:
            _hang_up(process)
        complaints.seek(0)
        words = complaints.read().decode("utf-8", "replace")
    if "result" in answer:
        return _ours(answer["result"], dict(zip(names, map(str, files), strict=True)))
    if "error" in answer:
        text = f"{answer['error']}".rstrip(".")
        raise KINDS[answer["kind"]](f"{destination}: {text}.")
    raise _failure(process.returncode, words, destination, python)


def _place(name: str) -> str:
    return f"data/{name}.npz"


def _message(files: dict[str, str | Path], arrays: dict[str, bytes], settings: dict[str, Any]) -> bytes:
    """Three sizes, the code that runs first, the settings, the archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(PACKAGE.rglob("*.py")):
            place = source.relative_to(PACKAGE)
            if place.parts[0] not in NOT_NEEDED:
                archive.write(source, f"edge/{place.as_posix()}")
        for library in sorted((PACKAGE / "native").glob("linux-*/libedge_lstm.so*")):
            archive.write(library, f"edge/{library.relative_to(PACKAGE).as_posix()}")
        for name, path in files.items():
            archive.writestr(name, parser.read(path))
        for name, content in arrays.items():
            archive.writestr(_place(name), content)
    code = Path(ssh_remote.__file__).read_bytes()
    rest, packed = json.dumps(settings).encode(), buffer.getvalue()
    return f"{len(code)} {len(packed)} {len(rest)}\n".encode() + code + rest + packed


def _command(python: str) -> str:
    """For the login shell there, which is to expand a ~."""
    home, rest = ("~/", python[2:]) if python.startswith("~/") else ("", python)
    return f"exec {home}{shlex.quote(rest)} -c {shlex.quote(BOOTSTRAP)}"


def _converse(process: subprocess.Popen[bytes], message: bytes, progress: Progress | None) -> dict[str, Any]:
    """Send, and listen until there is a result or an error; empty if the other end said neither."""
    stdin, stdout = _pipes(process)
    with suppress(BrokenPipeError):  # no connection; ssh says why
        stdin.write(message)
        stdin.flush()
    mark = ssh_remote.MARK.encode()
    for line in stdout:
        if not line.startswith(mark):
            continue
        said: dict[str, Any] = json.loads(line[len(mark) :])
        if "progress" not in said:
            return said
        if progress is not None:
            progress(*said["progress"])
    return {}


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close our end of the stream, by which the other end knows; wait until it has tidied up."""
    stdin, stdout = _pipes(process)
    try:
        with suppress(BrokenPipeError):
            stdin.close()
        process.wait(FAREWELL_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()
        process.wait()
        stdout.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _ours(result: dict[str, Any], paths: dict[str, str]) -> dict[str, Any]:
    """The result with the paths of this machine."""
    for entry in result["files"]:
        entry["path"] = paths.get(entry["path"], entry["path"])
    return {**result, "platform": "pi"}


def _failure(code: int, words: str, destination: str, python: str) -> Exception:
    """Why there is no answer, in one sentence."""
    if code in (126, 127):
        return ImportError(
            f"{destination}: there is no {python} there; install it (sudo apt install python3), or name "
            "another (--ssh-python)."
        )
    address = re.sub(r"^ssh://", "", destination)
    ways = {"connect": f"ssh {destination}", "copy": f"ssh-copy-id {address}"}
    for said, way in REFUSALS:
        if said in words:
            return ConnectionError(f"{destination}: {way.format(**ways)}.")
    last = (words.strip().splitlines() or [f"exit code {code}"])[-1].strip().rstrip(".")
    return ConnectionError(f"{destination}: ssh ended without a result ({last}).")

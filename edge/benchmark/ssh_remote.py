"""The other end of `edge.benchmark.ssh`: what runs on the device.

The text of this file is sent over the connection and run before anything lies on the device's disk; so it
needs the standard library alone, and no syntax newer than Python 3.6: it is what says that Python is too old.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from contextlib import suppress
from typing import BinaryIO

MARK = "edge-over-ssh "  # what a login script or a runtime prints is not ours
OLDEST = (3, 10)
ARRAYS = ("data", "answers")  # settings that come as files
NO_NUMPY = "install it with 'sudo apt install python3-numpy', or with pip in the environment you name"


def tell(**what: object) -> None:
    """One message to the workstation: a line of JSON on stdout."""
    sys.stdout.write("\n" + MARK + json.dumps(what) + "\n")
    sys.stdout.flush()


def supervise(source: BinaryIO, size: int, settings: bytes) -> None:
    """Unpack, measure in a process of its own, and leave nothing behind, whatever happens to that process.

    Args:
        source: the stream from the workstation. It stays open as long as somebody waits there: its end means
            that the measurement is no longer wanted.
        size: bytes of the zip archive that comes first.
        settings: arguments of `edge.benchmark.host.benchmark`, as JSON.
    """
    if sys.version_info < OLDEST:
        found, wanted = (".".join(map(str, version[:2])) for version in (sys.version_info, OLDEST))
        tell(kind="ImportError", error="Python %s is too old, %s or newer is needed" % (found, wanted))  # noqa: UP031
        return
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    child = None
    folder = tempfile.mkdtemp(prefix="edge-benchmark-")
    try:
        archive = source.read(size)
        if len(archive) < size:
            return
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            files.extractall(folder)
        # A group of its own: the processes that the benchmark starts end with it. Its folder comes first on
        # its path; in the home folder, where we are, there may be another `edge`. (Not imported: importing
        # anything of `edge` needs NumPy.)
        child = subprocess.Popen(
            [sys.executable, "-c", "exec(open('edge/benchmark/ssh_remote.py').read()); measure()"],
            cwd=folder,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        watcher = threading.Thread(target=end_with, args=(source, child), daemon=True)
        watcher.start()
        child.communicate(settings)
        if child.returncode < 0:
            name = signal.Signals(-child.returncode).name
            tell(kind="OSError", error="the benchmark was ended there by " + name)
    except OSError as error:  # a full disk, no room in memory
        tell(kind="OSError", error=str(error))
    finally:
        if child is not None:
            end(child)
        shutil.rmtree(folder, ignore_errors=True)


def end_with(source: BinaryIO, child: subprocess.Popen) -> None:
    """End the measurement when the stream from the workstation ends."""
    os.read(source.fileno(), 1)  # not source.read, whose lock would outlive this thread's interpreter
    end(child)


def end(child: subprocess.Popen) -> None:
    """End a process and all that it started."""
    with suppress(ProcessLookupError, PermissionError):  # it was done
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def measure() -> None:
    """The benchmark, in the folder just unpacked: progress, then the result or an error, to stdout."""
    settings = json.load(sys.stdin)
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[0]
        tell(kind="ImportError", error="NumPy cannot be imported there (%s); %s" % (reason, NO_NUMPY))  # noqa: UP031
        return
    from edge.benchmark.host import benchmark
    from edge.benchmark.real_data import unpacked
    from edge.errors import ModelFileError

    kinds = (ModelFileError, ValueError, TypeError, ImportError, OSError)
    try:
        settings.update({name: unpacked(settings[name]) for name in ARRAYS if settings.get(name)})
        result = benchmark(progress=lambda *what: tell(progress=what), **settings)
    except kinds as error:
        kind = next(kind for kind in kinds if isinstance(error, kind))
        tell(kind=kind.__name__, error=str(error))
    else:
        tell(result=result)

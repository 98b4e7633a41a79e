"""What libraries written in C++ mutter on stderr is kept to themselves."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, ParamSpec, TextIO, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def quiet(*explained: type[BaseException]) -> Iterator[TextIO]:
    """Send what is written to file descriptor 2 nowhere, but for the stream that this gives.

    After an error of another kind than `explained`, all of it comes out: it may say why.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as log, os.fdopen(os.dup(saved), "w") as stderr:
        os.dup2(log.fileno(), 2)
        try:
            yield stderr
        except explained:
            raise
        except BaseException:
            log.seek(0)
            os.write(saved, log.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


# Of C++ in TensorFlow, XLA and LiteRT, and of nobody else: heads of absl and glog, places of MLIR.
MUTTERED = re.compile(
    rb"[IWEF]\d{4} \d\d:\d\d:|\d{4}-\d\d-\d\d \S+: [IWEF] |WARNING: All log messages before absl"
    rb"|To enable the following instructions|(INFO|WARNING): (Created|Attempting|Initialized|Replacing) "
    rb"|(INFO|WARNING):tensorflow|<unknown>:|loc\(|fully_quantize: |\S+: (note|remark|warning): "
)
LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_lock, _deep = threading.Lock(), 0
_ours: list[Any] = []
# `sys.stderr` inside of all such blocks: one for the process, never closed, for a handler of `logging` that
# was made in a block keeps it.
_instead: TextIO | None = None


@contextmanager
def muted() -> Iterator[None]:
    """What C++ libraries mutter on file descriptor 2 is left out; what others write there comes at the end.

    Python's own `sys.stderr` goes on as it is. Blocks may be inside of each other and in several threads.
    """
    os.environ.setdefault(LEVEL, "3")
    with _lock:
        _begin()
    try:
        yield
    finally:
        with _lock:
            _end()


def muting(function: Callable[P, T]) -> Callable[P, T]:
    """The function, `muted`."""

    @wraps(function)
    def silent(*arguments: P.args, **named: P.kwargs) -> T:
        with muted():
            return function(*arguments, **named)

    return silent


def _begin() -> None:
    global _deep, _instead
    _deep += 1
    if _deep > 1:
        return
    try:
        saved = os.dup(2)
    except OSError:  # there is none
        return
    log, before = tempfile.TemporaryFile(), sys.stderr  # noqa: SIM115, closed by `_end`
    with suppress(OSError, ValueError, AttributeError):
        before.flush()
        if before.fileno() == 2:
            if _instead is None or _instead.closed:
                _instead = os.fdopen(os.dup(saved), "w", buffering=1, encoding=before.encoding)
            else:
                os.dup2(saved, _instead.fileno())
            sys.stderr = _instead
    os.dup2(log.fileno(), 2)
    _ours.extend((saved, log, before, sys.stderr))


def _end() -> None:
    global _deep
    _deep -= 1
    if _deep or not _ours:
        return
    saved, log, before, instead = _ours
    _ours.clear()
    with suppress(OSError, ValueError):
        before.flush()  # a handler of `logging` may have kept it
    os.dup2(saved, 2)
    if sys.stderr is instead and instead is not before:
        sys.stderr = before
        with suppress(OSError, ValueError):
            instead.flush()
    log.seek(0)
    with suppress(OSError):
        for line in log:
            if line.strip() and not MUTTERED.match(line):
                os.write(saved, line)
    log.close()
    os.close(saved)

"""What the commands share: errors as one sentence, progress, JSON, files written whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from edge.aliases import Progress
from edge.cli import ending
from edge.cli.language import spoken
from edge.files import check_target, write_whole

STDOUT = "-"
# What is raised for people: all else is a fault of ours.
EXPECTED = (ValueError, TypeError, ImportError, OSError)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def one_sentence(words: Mapping[str, str] | None = None) -> Iterator[None]:
    """What goes wrong ends the command with one sentence on stderr, and with the exit code for it.

    Args:
        words: how arguments of functions are called on this command line, beside the usual (`language`).
    """
    try:
        yield
    except BrokenPipeError:
        raise SystemExit(ending.UNREAD) from None
    except Exception as error:
        if ending.was_interrupted():
            raise SystemExit(ending.INTERRUPTED) from None
        if isinstance(error, MemoryError):
            ending.say("Error: there is not enough memory for it.")
        elif isinstance(error, EXPECTED):
            ending.say(f"Error: {spoken(_words(error), words)}")
        elif ending.wants_traceback():
            raise
        else:
            ending.say(ending.sentence(error))
            raise SystemExit(ending.FAULT) from None
        raise SystemExit(1) from None


def _words(error: Exception) -> str:
    """On one line; Keras writes several, some in bold, and the system puts a number first."""
    if isinstance(error, OSError) and error.strerror and str(error).startswith("[Errno"):
        name = "" if error.filename is None else f": {error.filename}"
        return f"{error.strerror}{name}."
    return " ".join(ANSI.sub("", str(error)).split()) or type(error).__name__


class Shown(Console):
    """A console on stdout whose reader may go away: that is not for rich to end the process about."""

    def on_broken_pipe(self) -> None:
        """Leave it to `one_sentence`."""
        raise BrokenPipeError


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """A bar on stderr (or `stream`) while somebody watches: what is done, of how much, and what it is."""
    console = Console(stderr=True) if stream is None else Console(file=stream)
    if not console.is_terminal:  # nobody watches, and the bar takes as long to import as all else together
        yield lambda done, total, text: None
        return
    from rich import progress as bars

    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.TimeElapsedColumn())
    with bars.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(done: int, total: int, text: str) -> None:
            is_new = bar.tasks[task].description != text  # shown at once, however soon the next one comes
            bar.update(task, completed=done, total=total or None, description=text, refresh=is_new)

        yield show


class Json:
    """Where `--json` writes.

    Args:
        given: a path, `-` for standard output, or None.

    Raises:
        OSError: nothing can be written there; better to know before the work.
    """

    def __init__(self, given: str | None) -> None:
        self.is_alone = given == STDOUT
        self._path = None if given in (None, STDOUT) else Path(str(given))
        if self._path is not None:
            check_target(self._path)

    def write(self, result: Any) -> None:
        """Plain data, to the file or to standard output, if either was asked for."""
        if self.is_alone:
            say(as_json(result))
        elif self._path is not None:
            write(self._path, as_json(result) + "\n")


def say(words: str) -> None:
    """A line on stdout."""
    print(words, flush=True)


def as_json(result: Any) -> str:
    """Indented; NaN and infinity, which JSON does not have, are an error."""
    return json.dumps(result, indent=2, allow_nan=False)


def write(path: Path, text: str) -> None:
    """All of the text or nothing, whatever interrupts."""
    write_whole(path, text.encode())

"""What the commands share: errors as one sentence, progress, JSON, files written whole, checks of options."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import typer
from rich import progress as bars
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from edge.aliases import Progress
from edge.cli import ending
from edge.files import check_target, write_whole

EXIT_CODES = (
    "Exit codes: 0 done; 1 an error, in one sentence on stderr; 2 a command that is not understood; "
    "70 a fault of this program; 130 Ctrl-C; 141 nobody reads the output."
)

# What is raised for people: all else is a fault of ours.
EXPECTED = (ValueError, TypeError, ImportError, OSError)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def one_sentence() -> Iterator[None]:
    """What goes wrong ends the command with one sentence on stderr, and with the exit code for it."""
    try:
        yield
    except BrokenPipeError:
        raise typer.Exit(ending.UNREAD) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        if ending.was_interrupted():
            raise typer.Exit(ending.INTERRUPTED) from None
        if isinstance(error, MemoryError):
            ending.say("Error: there is not enough memory for it.")
        elif isinstance(error, EXPECTED):
            ending.say(f"Error: {_words(error)}")
        elif ending.wants_traceback():
            raise
        else:
            ending.say(ending.sentence(error))
            raise typer.Exit(ending.FAULT) from None
        raise typer.Exit(1) from None


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
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with bars.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda done, total, text: bar.update(
            task, completed=done, total=total or None, description=text
        )


def json_target(json_path: str | None) -> Path | None:
    """Where `--json` writes: a file, or None for stdout and for no JSON at all.

    Raises:
        OSError: nothing can be written there; better to know before the work.
    """
    target = Path(json_path) if json_path and json_path != "-" else None
    if target is not None:
        check_target(target)
    return target


def as_json(result: Any) -> str:
    """Indented; NaN and infinity, which JSON does not have, are an error."""
    return json.dumps(result, indent=2, allow_nan=False)


def write(path: Path, text: str) -> None:
    """All of the text or nothing, whatever interrupts."""
    write_whole(path, text.encode())


def one_of(choices: Sequence[str | None]) -> Callable[[str | None], str | None]:
    """Checks that an option is one of `choices`; else the command ends with exit code 2 and names them."""

    def check(value: str | None) -> str | None:
        if value is not None and value not in choices:
            raise typer.BadParameter(
                f"{value!r} is not one of {', '.join(each for each in choices if each)}."
            )
        return value

    return check


def lengths_of(written: str | None) -> Any:
    """`14` as a number, `source=14,target=11` as numbers by name; else the command ends with exit code 2."""
    if written is None:
        return None
    pairs = [part.rpartition("=") for part in written.split(",")]
    counts = {name.strip(): int(steps) for name, _, steps in pairs if steps.strip().isdecimal()}
    one_for_all = len(pairs) == 1 and "" in counts
    if len(counts) < len(pairs) or 0 in counts.values() or ("" in counts and not one_for_all):
        raise typer.BadParameter(f"{written!r} is neither a number of steps nor NAME=N,NAME=N.")
    return counts[""] if one_for_all else counts

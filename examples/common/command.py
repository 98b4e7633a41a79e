"""How every example starts: the same options, and one sentence for what is missing."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from edge.quiet import quiet

NOTHING = "Nothing was run."  # how a run in small begins its sentence on data that is not here

ALWAYS = ("tensorflow", "keras", "tensorflow_datasets", "matplotlib")

Quick = Annotated[bool, typer.Option("--quick", help="All of it, but small: under a minute.")]
Out = Annotated[Path, typer.Option(help="Folder for files, pictures and results.json.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")]
DataDir = Annotated[
    Path | None, typer.Option(help="Where TFDS keeps the prepared data; its own choice if not given.")
]


def begin(out: Path, needed: Sequence[str] = ()) -> Console:
    """Say what is missing before anything starts; make the folder.

    Args:
        out: where everything is written.
        needed: packages beside `ALWAYS`.

    Raises:
        SystemExit: a package is not installed, or nothing can be written there.
    """
    missing = [name for name in (*ALWAYS, *needed) if find_spec(name) is None]
    if missing:
        raise SystemExit(f'This example needs {", ".join(missing)}: pip install ".[examples]"')
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"Nothing can be written to --out {out}: {error.strerror}.") from error
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return Console()


def without_data(error: Exception, quick: bool) -> NoReturn:
    """End where data is missing, with the sentence that says how it is fetched.

    In small that is no failure, as the other examples go on without it.

    Raises:
        SystemExit: always; its code is 1, in small 0.
    """
    if quick:
        print(f"{NOTHING} {error}")
        raise SystemExit(0) from None
    raise SystemExit(str(error)) from error


@contextmanager
def waking(console: Console) -> Iterator[None]:
    """For the import of TensorFlow: it takes seconds, and its C++ talks before it reads its log level."""
    with console.status("Waking TensorFlow"), quiet(BaseException):
        yield
    # Its warnings of retracing come with every model that is trained after another.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)

"""TensorFlow, as `convert` and `verify` need it: imported when one of them runs, by name, and silent.

`edge.convert` is not there in a folder that was copied to a device.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from edge.arrays import CSV, End, read_arrays
from edge.cli import ending
from edge.cli.tools import progress
from edge.quiet import quiet

# Ends in a sentence of ours, or by the user's own hand: what TensorFlow muttered says no more.
EXPLAINED = (ValueError, TypeError, ImportError, OSError, KeyboardInterrupt)


class Workstation(NamedTuple):
    """`edge.convert`, and the stderr on which to show progress."""

    edge_convert: Any
    stderr: TextIO


@contextmanager
def workstation(model: Path) -> Iterator[Workstation]:
    """Import TensorFlow and Keras and keep what their C++ code says to themselves, unless something breaks.

    Raises:
        ValueError: the model, for what TensorFlow or the converter has against it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    explained = EXPLAINED if ending.wants_traceback() else (BaseException,)
    refused: tuple[type[Exception], ...] = ()
    with quiet(*explained) as stderr, progress(stderr) as bar:
        bar(0, 0, "starting TensorFlow")
        edge_convert = import_module("edge.convert")
        refused = (edge_convert.ConversionError, import_module("tensorflow").errors.OpError)
    with quiet(*explained) as stderr:
        try:
            yield Workstation(edge_convert, stderr)
        except refused as error:
            words = str(getattr(error, "message", error)).strip().splitlines()[0]
            origin = "" if isinstance(error, edge_convert.ConversionError) else "TensorFlow cannot run it: "
            raise ValueError(f"{model}: {origin}{words}") from None


def has_table(paths: Sequence[Path] | None) -> bool:
    """Whether a file among them is a table, which has to be made into what the model takes."""
    return any(path.suffix.lower() == CSV for path in paths or ())


def samples(paths: Sequence[Path] | None, model: Any = None) -> Any:
    """What `--data` names, as `edge.convert` takes it; None for none.

    Args:
        model: the Keras model, where there is a table among the files.
    """
    return read_arrays(paths, () if model is None else ends_of(model)) if paths else None


def ends_of(model: Any) -> list[End]:
    """The inputs of a Keras model, as far as it tells them."""
    inputs = getattr(model, "inputs", None) or ()
    return [End(each.name, tuple(each.shape), "int" in str(each.dtype)) for each in inputs]

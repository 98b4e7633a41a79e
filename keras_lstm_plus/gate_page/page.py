"""One HTML file out of the parts that lie in this folder and the numbers of a trace."""

from __future__ import annotations

import html
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.gate_page.numbers import numbers
from keras_lstm_plus.gates import GateTrace

HERE = Path(__file__).parent
STYLES = ("style.css", "picture.css", "sections.css")
SCRIPTS = (
    "tools.js",
    "picture.js",
    "steps.js",
    "words.js",
    "overview.js",
    "likeness.js",
    "table.js",
    "main.js",
)


def write_gate_page(
    trace: GateTrace,
    path: str | os.PathLike[str],
    labels: Sequence[str] | None = None,
    sample: int = 0,
    units: Sequence[int] | None = None,
    title: str | None = None,
    plain: Any = None,
) -> Path:
    """Write a page on which a cell works word by word, with the numbers of this trace.

    It is one file that needs no network: the line of the memory, what the forget gate throws away, what the
    input gate writes, what the output gate shows, for any unit, with the equations and the numbers in them.
    Of long sequences it shows the first 200 steps, of wide layers the 64 units with the strongest memory, and
    says so.

    Args:
        trace: of one layer, from `keras_lstm_plus.trace`.
        path: of the file.
        labels: a word a step; their number cuts the sequence. None: 1, 2, 3, ...
        sample: which sequence of the batch.
        units: which cells; None: the strongest.
        title: over the page.
        plain: what a plain RNN held over the same words, to be seen beside it: the outputs `[batch, time,
            units]` of a SimpleRNN with `return_sequences=True`, or another `GateTrace`, of which h is taken.

    Returns:
        The path.

    Raises:
        ValueError: more labels than steps, a sample or unit that is not there, a plain RNN over other steps.

    Example:
        >>> from keras_lstm_plus import LSTMPlus, trace
        >>> seen = trace(LSTMPlus(4, name="memory"), np.ones((1, 2, 3), "float32"))
        >>> write_gate_page(seen["memory"], "cell.html", ["the", "buses"]).name  # doctest: +SKIP
        'cell.html'
    """
    batch, time, cells = trace.c.shape
    if not 0 <= sample < batch:
        raise ValueError(f"sample {sample} is not in the trace, which has {batch} sequences.")
    words = [str(step + 1) for step in range(time)] if labels is None else list(labels)
    if not 0 < len(words) <= time:
        raise ValueError(f"{len(words)} labels for {time} steps: give at least one, and at most one a step.")
    wrong = [unit for unit in units or () if not 0 <= unit < cells]
    if wrong or (units is not None and not len(units)):
        which = f"unit {wrong[0]} is not in the layer" if wrong else "no unit is named of the layer"
        raise ValueError(f"{which}, which has {cells} cells: name some, or leave units out.")
    beside = None if plain is None else _states(plain, sample, len(words))
    said = title or f"{trace.layer}: what the cell does, word by word"
    content = page(numbers(trace, words, sample, units, said, beside))
    place = Path(path)
    _write_whole(place, content.encode())
    return place


def page(found: dict[str, Any]) -> str:
    """The page with these numbers. No word of theirs can become a tag or a script of it."""
    data = json.dumps(found, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    parts = {
        "STYLE": "\n".join(_part(name) for name in STYLES),
        "SCRIPT": "\n".join(_part(name) for name in SCRIPTS),
        "TITLE": html.escape(found["title"]),
        "DATA": data,
    }
    text = _part("page.html")
    for name in ("STYLE", "SCRIPT", "TITLE", "DATA"):  # what people give comes last: it is no template
        before, after = text.split(f"<!--{name}-->", 1)
        text = f"{before}{parts[name]}{after}"
    return text


def _states(plain: Any, sample: int, steps: int) -> Array:
    states = plain.h if isinstance(plain, GateTrace) else plain
    states = np.asarray(keras.ops.convert_to_numpy(states), float)
    if states.ndim != 3 or not sample < len(states) or states.shape[1] < steps:
        raise ValueError(
            f"plain is what a plain RNN held at each of the {steps} steps, [batch, time, units]; received "
            f"{list(states.shape)}. Give the outputs of a SimpleRNN(..., return_sequences=True)."
        )
    return states[sample]


def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _write_whole(path: Path, content: bytes) -> None:
    """The whole file, or the one that was there before."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise

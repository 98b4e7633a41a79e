"""Converts a ticket and compares the file with Keras on data that the conversion has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

import edge
from edge.convert import ConversionError, ConversionResult, convert
from edge.convert.verification.judgement import SINGLE
from tests.lottery.data import ALIKE, LONGEST, OTHERS, calibration, sequences
from tests.lottery.draw import Ticket, draw

FLOAT = 1e-5  # largest error, in units of the largest value of the output (of 1 where that is smaller)
ROUNDING = 2.0**-22  # two roundings of a weight, which move some networks further than FLOAT
QUANTIZED = 0.1  # rms error, in standard deviations of the output, that needs no word
TOLD = 3.0  # times the largest error that the result tells of
MUTTERS = ("loc(", "MLIR", "Traceback", "Node number", "0x", "{{", "fault of the converter")


class Verdict(NamedTuple):
    """What became of a ticket.

    Attributes:
        kind: `"right"`, `"said"` (off, and the result says so), `"refused"`, `"wrong"` (off in silence) or
            `"fault"` (an error that is none for people).
        words: the refusal, or where it is off.
        worst: the largest error on any data, as a share of what is allowed.
    """

    kind: str
    words: str = ""
    worst: float = 0.0


def play(seed: int, quantize: str | None, folder: Path) -> tuple[Ticket, Verdict]:
    """Draw the ticket of that seed and see what becomes of it."""
    ticket = draw(seed, quantize)
    kind, given = calibration(ticket)
    path = folder / "ticket.tflite"
    try:
        result = convert(ticket.model, path, representative_data=given, **ticket.options)
    except (ValueError, TypeError, ConversionError) as error:
        return ticket, Verdict("refused" if is_for_people(str(error)) else "fault", str(error))
    except Exception as error:
        lines = str(error).splitlines()[:2]
        return ticket, Verdict("fault", f"{type(error).__name__}: {' ... '.join(lines)}")
    try:
        return ticket, compare(ticket, result, kind, given)
    finally:
        path.unlink()


def is_for_people(sentence: str) -> bool:
    """Whether it is one paragraph, and none of a compiler's."""
    return 0 < len(sentence) < 900 and "\n" not in sentence and not any(word in sentence for word in MUTTERS)


def compare(ticket: Ticket, result: ConversionResult, kind: str, given: np.ndarray) -> Verdict:
    """The file and Keras on data of every kind and length."""
    model = edge.load(result.path, runtime="ai-edge-litert")
    spread = [_spread(out) for out in of_keras(ticket.model, given)]
    worst, off = 0.0, []
    for name, wanted, found, x in _trials(ticket, model, kind, len(given)):
        for position, (want, find) in enumerate(zip(wanted, found, strict=True)):
            if want.shape != find.shape:
                return Verdict("wrong", f"{name}: shape {find.shape} for {want.shape}", np.inf)
            if ticket.options["quantize"] is None:
                error = _relative(find, want) / FLOAT
                error = error / _leeway(ticket.model, x, position) if error > 1 else error
            else:
                scale = max(spread[position], float(want.std()))
                error = float(np.sqrt(np.mean((find - want) ** 2))) / scale / QUANTIZED
            worst = max(worst, error)
            if not error <= 1:
                is_said = result.quantize is not None and _warns(result, error * QUANTIZED, x)
                off.append((is_said, f"{name}, output {position}: {error:.2g}"))
    if not off:
        return Verdict("right", worst=worst)
    is_said = all(each for each, _ in off)
    return Verdict("said" if is_said else "wrong", "; ".join(words for _, words in off), worst)


def of_keras(model: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """All outputs of the model, called eagerly."""
    return [np.asarray(output) for output in keras.tree.flatten(model(x, training=False))]


def _trials(
    ticket: Ticket, model: edge.EdgeModel, kind: str, samples: int
) -> Iterator[tuple[str, list[np.ndarray], list[np.ndarray], np.ndarray]]:
    """Name, outputs of Keras, those of the file, input."""
    kinds = ("tokens",) if ticket.tokens else (*ALIKE, *OTHERS)
    data = [(each, sequences(ticket, each, 16, ticket.length or 12, seed=3)) for each in kinds]
    if ticket.length is None:
        data.append(("longer", sequences(ticket, kind, 4, LONGEST, seed=4)))
        data.append(("one step", sequences(ticket, kind, 4, 1, seed=5)))
    for name, x in data:
        wanted = of_keras(ticket.model, x)
        if all(np.isfinite(each).all() for each in wanted):  # a mean over padding alone is none
            yield name, wanted, _listed(model.predict(x)), x
    if ticket.options["state"] is not None:
        x = sequences(ticket, kind, ticket.options.get("batch", 1), LONGEST, seed=6)
        yield "stream", *_streamed(ticket, model, x), x


def _streamed(
    ticket: Ticket, model: edge.EdgeModel, x: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Keras on whole sequences, the file step by step: every step, or the last where Keras gives that."""
    wanted = of_keras(ticket.model, x)
    stream = model.stream()
    single = len(x) == 1
    steps = [_listed(stream.step(x[0, step] if single else x[:, step])) for step in range(x.shape[1])]
    found = []
    for position, want in enumerate(wanted):
        each = [step[position][None] if single else step[position] for step in steps]
        found.append(np.stack(each, axis=1) if want.ndim == 3 else each[-1])
    return wanted, found


def _listed(outputs: object) -> list[np.ndarray]:
    return [np.asarray(each) for each in (outputs if isinstance(outputs, list) else [outputs])]


def _spread(wanted: np.ndarray) -> float:
    """The standard deviation of an output; of one that hardly varies (a layer norm of one unit) its size."""
    largest = float(np.abs(wanted).max())
    spread = float(np.std(wanted))
    return spread if spread > 1e-2 * largest else largest or 1.0


def _relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))


def _leeway(model: keras.Model, x: np.ndarray, position: int) -> float:
    """How far Keras is from itself when its weights move by a rounding, in the unit of FLOAT; at least 1.

    The largest of three draws: of one that happened to cancel, a file nearer to float64 than Keras was wrong.
    """
    before, wanted, moved = model.get_weights(), of_keras(model, x)[position], [1.0]
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model.set_weights([w * rng.choice([1 - ROUNDING, 1 + ROUNDING], w.shape) for w in before])
        moved.append(_relative(of_keras(model, x)[position], wanted) / FLOAT)
    model.set_weights(before)
    return max(moved)


def _warns(result: ConversionResult, error: float, x: np.ndarray) -> bool:
    """Whether the result tells of such data: that it is beyond the range, or how far the file may be off.

    Args:
        result: of the conversion.
        error: of the file, in standard deviations.
        x: the data.
    """
    measured = [*result.errors, *(each for check in result.checks for each in check.errors)]
    told = [each.relative for each in measured]
    told += [each.single for each in measured if each.single > SINGLE]
    if result.calibration:
        ranges = [(each.low, each.high) for each in result.calibration.inputs]
        if any(x.min() < low or x.max() > high for low, high in ranges):
            return True  # the file notes it, and predict counts what it clips
    return bool(result.notes) and error <= TOLD * max(told)

"""From a job to a file that has been judged: its float form, its numbers, and what lies beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from edge.convert import stages, tf_private
from edge.convert.beyond import calibration_of, checks_of, run_file
from edge.convert.graph import flatbuffer, operators
from edge.convert.job import Job, prepare
from edge.convert.passes import FINISH, IN_FLOAT, NUMBERS, TO_FLOAT, lowered_layers, note_checks, run
from edge.convert.quantization.integers import BITS
from edge.convert.quantization.softmax import softmax_notes
from edge.convert.request import Request
from edge.convert.target_operators import check_operators
from edge.convert.tracing.draft import Draft
from edge.convert.verification.judgement import FLOAT, INTEGER, CoarseError, judge, judge_checks
from edge.convert.verification.parity import ConversionError, compare
from edge.convert.verification.streaming import stream_note
from edge.files import write_whole, written
from edge.results.conversion import Check, ConversionResult, OutputError
from edge.results.spread import spread_of

SLOW_INT8 = (
    "the runtime's own kernel of a fused LSTM in 8-bit integers is slow on a processor: there take the "
    'native engine, quantize="dynamic", or lowering="unrolled" with a length; int8 is for chips that compute '
    "in integers"
)
TRIED: dict[str, tuple[str | None, ...]] = {
    "int8": ("int16x8", "dynamic", "float16", None),
    "int16x8": ("dynamic", "float16", None),
    "dynamic": ("float16", None),
    "float16": (None,),
}


def made(job: Job, place: Path) -> ConversionResult:
    """Write the file and judge it.

    Raises:
        ConversionError: the file did not compute what Keras computes; of what is right in real numbers and no
            longer when it is quantized, a `CoarseError`.
    """
    quantize = job.request.quantize
    job.stage.begin(stages.GRAPH)
    draft = run(TO_FLOAT, Draft(), job)
    notes: list[str | None] = [*job.notes]
    float_size = None
    if quantize:
        float_size = flatbuffer.packed_size(_in_float(draft, job).model)
        if quantize in BITS:
            job.stage.begin(stages.RANGES)
        run(IN_FLOAT[quantize], draft, job)
        job.stage.begin(stages.FLOAT)
        notes += _judge_float(draft, job)
        job.stage.begin(stages.NUMBERS)
    run(NUMBERS[quantize], draft, job)
    grain = flatbuffer.output_steps(draft.model)[: len(draft.outputs)]
    run(FINISH, draft, job)
    content = flatbuffer.packed(draft.model)
    check_operators(content, job.request.target)
    notes += draft.notes
    softmax = softmax_notes(draft.model)
    job.stage.begin(stages.FILE)

    with written(place, content) as beside:
        found = run_file(beside, job, job.material.checked)
        errors, judged = _judged(draft, job, found, grain, quantize, softmax)
        notes += judged
        if job.plan.state != "reset" and job.whole.is_free and not job.material.by_call:
            notes.append(stream_note(beside, job.whole, job.material.checked, job.rows))
        calibration = calibration_of(job) if quantize in BITS else None
        checks: list[Check] = []
        if quantize:
            job.stage.begin(stages.BEYOND)
            checks, refused = checks_of(beside, job, draft.outputs, found, len(content))
            notes += [*judge_checks(quantize, checks, calibration), *refused]
            note_checks(draft, checks, calibration)
            content = flatbuffer.packed(draft.model)
            write_whole(beside, content)
    return ConversionResult(
        path=place,
        size=len(content),
        float_size=float_size or len(content),
        quantize=quantize,
        lowering=job.plan.lowering,
        state=job.plan.state,
        target=job.request.target.name,
        layers=lowered_layers(draft, job),
        ops=operators.count(draft.model),
        errors=errors,
        checked_on=job.checked_on,
        notes=tuple(note for note in [*notes, *softmax, _speed_note(job)] if note),
        calibration=calibration,
        checks=tuple(checks),
    )


def _speed_note(job: Job) -> str | None:
    """On a fused LSTM in integers, where the target is a processor: what it takes is not for chips alone."""
    is_processor = "dynamic" in job.request.target.quantize.get("fused", ())
    is_slow = is_processor and job.plan.quantize == "int8" and "fused" in job.plan.lowerings
    return SLOW_INT8 if is_slow else None


def other_numbers(model: keras.Model, request: Request, data: Any, lowering: str) -> str | None:
    """Which other numbers do for a model that is refused in those of the request: they are tried.

    The first whose error is a usual one, or else the best. Real numbers come into question where no integers
    do, and a form that is not that of the request, `lowering`, where it is fused.
    """
    found: dict[str, float] = {}
    for quantize in TRIED[request.quantize or ""]:
        if quantize in ("float16", None) and min(found.values(), default=inf) <= INTEGER.broken:
            break
        asked = replace(request, quantize=quantize, input_type=None, output_type=None)
        with tf_private.scratch() as folder:
            try:
                job = prepare(model, asked, data)
                if job.plan.lowering not in (lowering, "fused") or lowering == "step" != job.plan.lowering:
                    continue
                result = made(job, Path(folder) / "tried.tflite")
            except (ValueError, RuntimeError, tf.errors.OpError):
                continue  # not for this target, no better, or an operator that is not there in these numbers
        found[f"quantize={quantize!r}"] = error = max(error.relative for error in result.errors)
        if error <= INTEGER.usual:
            break
    best = min(found, key=lambda way: found[way], default="")
    leads_out = found.get(best, inf) <= INTEGER.broken
    return f"{best}, whose error is {found[best]:.1%}" if leads_out else None


def _in_float(draft: Draft, job: Job) -> Draft:
    """The draft as a file in real numbers."""
    return run((*NUMBERS[None], *FINISH), draft.copied(), job)


def _judge_float(draft: Draft, job: Job) -> list[str | None]:
    """Whether the very graph that is quantized next is right in real numbers: what is left is rounding."""
    with tf_private.scratch() as folder:
        path = Path(folder) / "float.tflite"
        path.write_bytes(flatbuffer.packed(_in_float(draft, job).model))
        found = run_file(path, job, job.material.checked)
    try:
        _, notes = _judged(draft, job, found, [0.0] * len(found), "float16" if draft.softened else None)
    except ConversionError as refusal:
        raise ConversionError(str(refusal).replace(": ", ": before it was quantized, ", 1)) from None
    return [note and f"before it was quantized, {note}" for note in notes]


def _judged(
    draft: Draft,
    job: Job,
    found: Sequence[Array],
    grain: Sequence[float],
    quantize: str | None,
    softmax: Sequence[str] = (),
) -> tuple[tuple[OutputError, ...], list[str | None]]:
    """The errors of all outputs, and a note on each that is larger than usual."""
    errors, notes = [], []
    for name, value, step in zip(draft.outputs, found, grain, strict=True):
        wanted = job.expected[name]
        # In the units of the whole stream, of which the end alone may count.
        error = compare(name, job.counted(wanted), job.counted(value), spread_of(wanted))
        errors.append(error)
        way_out = f"Note that {softmax[0]}." if softmax and step else None
        try:
            notes.append(judge(quantize, error, wanted, step, value, way_out))
        except CoarseError:
            raise
        except ConversionError as refusal:
            raise ConversionError(_batch_refusal(job, name) or str(refusal)) from None
    return tuple(errors), notes


def _batch_refusal(job: Job, output: str) -> str | None:
    """Where Keras itself gives something else for as many sequences as the file takes: a sentence on that."""
    few = [array[: job.rows] for array in job.material.checked]
    wanted = job.expected[output][: job.rows]
    largest = float(np.abs(job.run_keras(few)[output] - wanted).max())
    if largest <= FLOAT.broken * max(1.0, float(np.abs(wanted).max())):
        return None
    return (
        f"The file was not kept: output {output!r} of the Keras model itself depends on how many sequences "
        f"go in together: for {job.rows} at a time it differs by up to {largest:.2g} from what it is for "
        f"{len(job.material.checked[0])}, so no file is right for both. Take out the layer that works across "
        "the batch; if that is TimeDistributed, fix the number of steps, keras.Input((steps, features))."
    )

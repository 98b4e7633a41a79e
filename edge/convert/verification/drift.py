"""A file and Keras over many steps, window by window: does the error grow with time?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from edge.aliases import Array, Progress
from edge.convert.samples import Samples
from edge.convert.verification.keras_stream import KerasStream
from edge.convert.verification.outputs import Scale, differences
from edge.convert.verification.pairing import Pair, run_file
from edge.convert.verification.parity import keras_outputs
from edge.convert.verification.source import Source, marks, summary
from edge.convert.verification.trend import trend, trend_of_stream
from edge.results.verification import Drift, Tolerance, Window
from edge.runtime import Stream

CHUNK = 1000  # steps between two reports of progress
LONGEST = 10_000  # steps of one sequence
LONGEST_TABLE = 1000  # the same where an operator makes a table of steps x steps, as attention does
SEQUENCES = 8  # side by side
ROUNDING = 2**-22  # of the largest value: less is noise of float32


def drift(
    pair: Pair,
    samples: Samples,
    is_random: bool,
    steps: int,
    tolerance: Tolerance,
    scales: Sequence[Scale],
    progress: Progress,
) -> Drift | str:
    """The drift of a file, or why there is none.

    Args:
        pair: the model and the file.
        samples: whole sequences, whose steps are used again and again.
        is_random: whether they are noise, which has no order to keep.
        steps: how many.
        tolerance: for the file.
        scales: of the outputs on the samples.
        progress: see `verify`.
    """
    file = pair.file
    streams = file.state in ("carry", "explicit")
    if not pair.signature.is_free and not (streams and _is_one_step(pair)):
        if streams:
            return (
                "does not apply: the model takes several steps at once, and Keras cannot go beside the file "
                "one by one; with a free time axis in the model, converted with length=..., it can"
            )
        return "does not apply: the model takes sequences of one length, and no error lasts longer than that"
    if not streams and not any(-1 in info.shape[1:2] for info in file.inputs):
        return "does not apply: the file starts anew at each call, of a fixed length"
    try:
        source = Source(pair.signature, samples, steps, is_random)
        if streams:
            return stream_drift(pair, source, steps, tolerance, progress)
        return sequence_drift(pair, source, steps, tolerance, scales, progress)
    except (ValueError, tf.errors.OpError) as error:
        return f"does not apply: {' '.join(str(error).split())[:300]}"


def stream_drift(pair: Pair, source: Source, steps: int, tolerance: Tolerance, progress: Progress) -> Drift:
    """Run a stream through the file and through Keras and compare every step.

    Raises:
        ValueError: the file cannot be used as a stream.
    """
    stream = pair.file.stream()
    rows, block = stream.form.rows, stream.steps
    steps = max(steps // block, 1) * block
    chunk = min(max(CHUNK // block, 1) * block, steps)
    single = pair.signature._replace(
        inputs=tuple(
            spec._replace(shape=(rows, 1, *spec.shape[2:]) if has else (rows, *spec.shape[1:]))
            for spec, has in zip(pair.signature.inputs, source.timed, strict=True)
        )
    )
    oracle = KerasStream(pair.model, single, rows, chunk)
    largest, squares = (np.zeros((len(pair.names), steps)) for _ in range(2))
    scales: list[list[Scale]] = [[] for _ in pair.names]
    for begin in range(0, steps, chunk):
        progress(begin, steps, "streaming through both")
        x = source.take(begin, chunk, rows)
        kept = min(chunk, steps - begin)
        found = _run_stream(stream, pair, x, kept)
        for position, wanted in enumerate(oracle.run(x)):
            flat = wanted[:kept].reshape(kept, -1)
            if not np.isfinite(flat).all():
                raise ValueError(f"Keras itself gives NaN or infinity within {begin + kept:,} steps")
            answer = found[pair.outputs[position]]
            every = kept // len(answer)  # of a block, a file may give one answer, after its last step
            flat = flat[every - 1 :: every]
            error = np.repeat(differences(flat, answer.reshape(flat.shape)), every, axis=0)
            largest[position, begin : begin + kept] = error.max(axis=1)
            squares[position, begin : begin + kept] = np.mean(error**2, axis=1)
            scales[position].append(Scale.of(flat))
    outputs = []
    for position, name in enumerate(pair.names):
        worst, square = largest[position], squares[position]
        scale = Scale(
            max(each.largest for each in scales[position]),
            float(np.sqrt(np.mean([each.spread**2 for each in scales[position]]))),
        )
        ends = list(marks(steps))
        windows = tuple(
            Window(a, b, float(worst[a:b].max()), float(np.sqrt(square[a:b].mean())))
            for a, b in zip([0, *ends], ends, strict=False)
        )
        rms = float(np.sqrt(square.mean()))
        found_trend = trend_of_stream(square, ends, ROUNDING * scale.largest)
        outputs.append(summary(name, windows, float(worst.max()), rms, scale, tolerance, found_trend))
    hint = None
    if tolerance.by_spread and not all(output.is_ok for output in outputs):
        hint = (
            "integers have the ranges of the data they were calibrated on; give convert sequences that are "
            "as long as a stream needs to settle"
        )
    return Drift("stream", steps, tuple(outputs), hint)


def sequence_drift(
    pair: Pair,
    source: Source,
    steps: int,
    tolerance: Tolerance,
    scales: Sequence[Scale],
    progress: Progress,
) -> Drift:
    """Run longer and longer sequences through the file and Keras; `scales` are those of the outputs."""
    operators = {operator.name for graph in pair.file.file.graphs for operator in graph.operators}
    longest = LONGEST_TABLE if "BATCH_MATMUL" in operators else LONGEST
    windows: list[list[Window]] = [[] for _ in pair.names]
    levels: list[list[Array]] = [[] for _ in pair.names]  # the mean squared error of each sequence
    note = None
    for length in marks(min(steps, longest)):
        progress(length, min(steps, longest), f"sequences of {length} steps")
        x = [
            np.swapaxes(array[:, :, 0], 0, 1) if has else array[0]
            for array, has in zip(source.take(0, length, SEQUENCES), source.timed, strict=True)
        ]
        try:
            found = run_file(pair, x)
            wanted = list(keras_outputs(pair.model, pair.signature._replace(batch=SEQUENCES), x).values())
        except (ValueError, tf.errors.OpError) as error:  # a table of positions that ends, for one
            note = f"sequences of {length:,} steps do not run: {str(error).splitlines()[0][:200]}"
            break
        for position, value in enumerate(wanted):
            error_of = differences(value, found[pair.outputs[position]])
            rms = float(np.sqrt(np.mean(error_of**2)))
            windows[position].append(Window(0, length, float(error_of.max()), rms))
            levels[position].append(np.mean(error_of.reshape(SEQUENCES, -1) ** 2, axis=1))
    outputs = []
    for name, each, rows_of, scale in zip(pair.names, windows, levels, scales, strict=True):
        if not each:
            raise ValueError(note)
        rms = float(np.sqrt(np.mean([window.rms**2 for window in each])))
        found_trend = trend(rows_of, [window.end for window in each], ROUNDING * scale.largest)
        largest = max(window.max_abs for window in each)
        outputs.append(summary(name, tuple(each), largest, rms, scale, tolerance, found_trend))
    return Drift("sequence", windows[0][-1].end, tuple(outputs), note)


def _is_one_step(pair: Pair) -> bool:
    return any(len(spec.shape) > 1 and spec.shape[1] == 1 for spec in pair.signature.inputs)


def _run_stream(stream: Stream, pair: Pair, x: list[Array], count: int) -> list[Array]:
    """The outputs of the file for `count` steps, an array an output: an entry a step, or one a block."""
    form = stream.form
    given = [
        x[position].reshape(len(x[position]), *single)
        for position, single in zip(pair.inputs, form.single, strict=True)
    ]
    results = []
    for step in range(count):
        now = [array[step] for array in given]
        result = stream.step(now if len(now) > 1 else now[0], normalized=True)
        if result is not None:
            results.append(result if isinstance(result, list) else [result])
    return [
        np.concatenate([np.moveaxis(each, int(form.rows > 1), 0) for each in values])
        if has and form.steps > 1
        else np.stack(values)
        for has, values in zip(pair.file.timed, zip(*results, strict=True), strict=True)
    ]

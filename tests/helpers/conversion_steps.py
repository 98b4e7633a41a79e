"""The steps of a conversion, one by one, for tests that go wrong in one of them on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

import edge
from edge.convert.edits.joined_states import join_states
from edge.convert.graph import flatbuffer, operators
from edge.convert.job import Job, prepare
from edge.convert.passes import IN_FLOAT, NUMBERS, TO_FLOAT, run
from edge.convert.quantization.calibration import gather_calls
from edge.convert.quantization.cell_ranges import largest_cells
from edge.convert.request import Request
from edge.convert.tracing.draft import Draft
from edge.targets import get_target

Model = flatbuffer.Model


def started(model: keras.Model, x: np.ndarray | None, quantize: str | None) -> tuple[Draft, Job]:
    """The float draft of a fused conversion, no state settled yet."""
    job = prepare(model, Request(get_target("litert"), "fused", "reset", quantize), x)
    return run(TO_FLOAT, Draft(), job), job


def float_draft(model: keras.Model) -> Draft:
    """In float, no state settled yet."""
    return started(model, None, None)[0]


def fused(model: keras.Model) -> Model:
    """The same, the graph alone."""
    return float_draft(model).model


def quantized_draft(model: keras.Model, x: np.ndarray) -> Draft:
    """In integers, calibrated on x."""
    draft, job = started(model, x, "int8")
    return run((*IN_FLOAT["int8"], *NUMBERS["int8"]), draft, job)


def quantized(model: keras.Model, x: np.ndarray) -> Model:
    """The same, the graph alone."""
    return quantized_draft(model, x).model


def largest_cell(model: keras.Model, x: np.ndarray) -> float:
    """That of its only LSTM."""
    draft, _ = started(model, x, "int8")
    gather_calls(draft, [x[:, None]], 1)
    join_states(draft)
    return largest_cells(draft)[0]


def copy_of(model: Model) -> Model:
    return flatbuffer.load(flatbuffer.pack(model))


def lstms(model: Model) -> list[Any]:
    return list(operators.named(model, operators.LSTM))


def answer(model: Model, path: Path, x: np.ndarray) -> np.ndarray:
    path.write_bytes(flatbuffer.pack(model))
    return np.asarray(edge.load(path).predict(x))

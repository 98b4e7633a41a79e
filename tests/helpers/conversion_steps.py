"""The steps of a conversion, one by one, for tests that go wrong in one of them on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

import edge
from edge.convert.edits.fusion import Fused, fuse
from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.signature import signature_of
from edge.convert.plan import decide
from edge.convert.quantization import cell_ranges, integers
from edge.convert.refusals import Request
from edge.convert.samples import in_batches
from edge.convert.tracing.export import probe, trace
from edge.targets import get_target

Model = flatbuffer.Model


def parts(model: keras.Model, quantized: str | None = None) -> tuple[Model, list[Fused]]:
    """The float model, no state settled yet, and what was fused in it."""
    signature = signature_of(model).with_batch(1)
    sites = probe(model, signature)
    plan = decide(Request(get_target("litert"), "fused", "reset", quantized), sites)
    traced = trace(model, signature, plan, sites)
    return traced.model, fuse(traced.model, traced.sites)


def fused(model: keras.Model) -> Model:
    """The float model alone."""
    return parts(model)[0]


def quantized(model: keras.Model, x: np.ndarray) -> Model:
    """The model in integers, calibrated on x."""
    return integers.quantize_all(*parts(model, "int8"), in_batches([x], 1))


def largest_cell(model: keras.Model, x: np.ndarray) -> float:
    """That of its only LSTM."""
    return cell_ranges.largest_cells(*parts(model), in_batches([x], 1))[0]


def copy_of(model: Model) -> Model:
    return flatbuffer.load(flatbuffer.pack(model))


def lstms(model: Model) -> list[Any]:
    return list(operators.named(model, operators.LSTM))


def answer(model: Model, path: Path, x: np.ndarray) -> np.ndarray:
    path.write_bytes(flatbuffer.pack(model))
    return np.asarray(edge.load(path).predict(x))

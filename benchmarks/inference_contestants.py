"""Who takes part in the inference benchmark: one LSTM with the same weights, run by each on one sequence."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from edge.benchmark.trial import engine_name
from edge.benchmark.worker import Worker
from edge.convert import convert
from edge.results.benchmark import EngineName, RuntimeName
from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.interop import to_keras, to_onnx, to_torch

STOCK, OURS = "stock Keras", ("fused float", "fused dynamic", "fused int8")
ENGINE = ("engine float", "engine dynamic", "engine int8")  # the same files, run by the native engine
FORCED = tuple(f"{name}, AVX2" for name in ENGINE)  # the same again, as a machine without AVX-512 runs them
ONNX, ONNX_INT8 = "ONNX Runtime", "ONNX Runtime int8"


class Contestant(NamedTuple):
    """Runs one sequence.

    Attributes:
        name: as tables call it.
        runtime: what executes it.
        size: of its file in bytes, or None.
        measure: so many inferences, on one thread: their durations in seconds.
        answer: the output, `[time, units]`.
        engine: the native engine, where that runs it.
    """

    name: str
    runtime: RuntimeName
    size: int | None
    measure: Callable[[int], list[float]]
    answer: Callable[[], Array]
    engine: EngineName | None = None


def trained_layer(inputs: int, units: int) -> LSTMPlus:
    """A layer with random weights that gives an output at each step."""
    layer = LSTMPlus(units, return_sequences=True, name="lstm")
    layer.build((None, None, inputs))
    return layer


def fused_files(layer: LSTMPlus, folder: Path) -> dict[str, Path]:
    """Our three files by name; they take sequences of any length."""
    features = keras.Input((None, layer.cell.kernel.shape[0]))
    model = keras.Model(features, layer(features))
    samples = np.random.default_rng(1).normal(size=(32, 50, features.shape[-1])).astype("float32")
    paths = {name: folder / f"{name.replace(' ', '_')}.tflite" for name in OURS}
    for path, quantize in zip(paths.values(), (None, "dynamic", "int8"), strict=True):
        convert(model, path, quantize, samples)
    return paths


def stock_file(layer: LSTMPlus, length: int, path: Path) -> Path:
    """What TensorFlow's converter makes of `keras.layers.LSTM` with the same weights: a WHILE loop.

    It takes that only with every length fixed.
    """
    fixed = keras.Input(batch_shape=(1, length, layer.cell.kernel.shape[0]))
    model = keras.Model(fixed, to_keras(layer)(fixed))
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():  # it lists every variable
        warnings.simplefilter("ignore")
        path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    return path


def in_a_worker(name: str, path: Path, x: Array, worker: Worker, accelerate: bool = False) -> Contestant:
    """A `.tflite` file in a process of its own."""
    load = worker.ask("load", str(path), 1, None, accelerate)
    worker.ask("allocate", x.shape[1])
    worker.ask("set_inputs", [x], x.shape[1])
    return Contestant(
        name,
        load.runtime,
        load.size,
        lambda runs: worker.ask("measure", runs),
        lambda: worker.ask("predict", [x])[0][0],
        engine_name(load.acceleration),
    )


def peers(layer: LSTMPlus, x: Array) -> Iterator[Contestant]:
    """ONNX Runtime, in float and with 8-bit weights, and torch, if they are installed, on one thread."""
    with contextlib.suppress(ImportError):
        content = to_onnx(layer).SerializeToString()
        yield _onnx_runtime(ONNX, content, layer.units, x)
        yield _onnx_runtime(ONNX_INT8, _in_8_bits(content), layer.units, x)
    with contextlib.suppress(ImportError):
        yield _torch(layer, x)


def _in_8_bits(content: bytes) -> bytes:
    """With 8-bit weights, as ONNX Runtime itself makes them; the activations as it likes them.

    A processor that adds pairs of products of bytes in 16 bits, as all without VNNI do, overflows with
    weights of more than 7 bits; `reduce_range` is ONNX Runtime's own way out.
    """
    import logging

    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # it advises a preparation that an LSTM has nothing from
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "int8.onnx"
            model = onnx.load_from_string(content)
            quantize_dynamic(
                model,
                path,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["LSTM"],
                reduce_range=not _has_vnni(),
            )
            return path.read_bytes()
    finally:
        logging.disable(logging.NOTSET)


def _has_vnni() -> bool:
    """Whether this processor multiplies bytes exactly, into 32 bits."""
    flags = Path("/proc/cpuinfo")
    return flags.is_file() and "vnni" in flags.read_text()


def _onnx_runtime(name: str, content: bytes, units: int, x: Array) -> Contestant:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (given,), outputs = session.get_inputs()[:1], [session.get_outputs()[0].name]
    # Output and input stay where they are, as with the other contestants: only the graph is timed.
    binding = session.io_binding()
    binding.bind_cpu_input(given.name, np.ascontiguousarray(x.swapaxes(0, 1)))
    binding.bind_output(outputs[0])

    def answer() -> Array:
        session.run_with_iobinding(binding)
        return binding.copy_outputs_to_cpu()[0].reshape(x.shape[1], units)

    runtime = RuntimeName("onnxruntime", onnxruntime.__version__)
    run = _timed(lambda: session.run_with_iobinding(binding))
    return Contestant(name, runtime, len(content), run, answer)


def _torch(layer: LSTMPlus, x: Array) -> Contestant:
    import torch

    torch.set_num_threads(1)
    lstm = torch.nn.LSTM(x.shape[2], layer.units, batch_first=True).eval()
    lstm.load_state_dict({name: torch.from_numpy(value) for name, value in to_torch(layer).items()})
    data = torch.from_numpy(x)

    def run() -> Any:
        with torch.inference_mode():
            return lstm(data)[0]

    runtime = RuntimeName("torch", metadata.version("torch"))
    return Contestant("torch", runtime, None, _timed(run), lambda: run()[0].numpy())


def _timed(run: Callable[[], Any]) -> Callable[[int], list[float]]:
    def measure(runs: int) -> list[float]:
        durations = []
        for _ in range(runs):
            start = perf_counter()
            run()
            durations.append(perf_counter() - start)
        return durations

    return measure

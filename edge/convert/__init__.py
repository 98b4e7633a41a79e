"""Make it: Keras model -> one `.tflite` file, its recurrent layers in the form that the target runs best.

This half needs TensorFlow and stays on the workstation. `pipeline` is all of it: `job` gathers what is asked
and decided, `passes` lists every edit in its order with the reason, each edit is a file. `verify` compares
Keras and a file at length, on data and over long streams.

May import: everything of edge but benchmark, web, report, cli, devices; keras_lstm_plus, TensorFlow, Keras,
flatbuffers. Nobody imports `pipeline` but this file.
"""

from edge.quiet import muted

try:
    with muted():
        import keras  # noqa: F401
except ImportError as error:
    raise ImportError(
        "edge.convert needs TensorFlow and Keras: pip install 'keras-lstm-plus[train]'. "
        "Running a converted file (edge.load) does not."
    ) from error

from edge.convert.pipeline import convert
from edge.convert.verification.parity import ConversionError
from edge.convert.verification.verifier import verify
from edge.results.conversion import ConversionResult, LoweredLayer, OutputError
from edge.results.verification import Verification

__all__ = [
    "ConversionError",
    "ConversionResult",
    "LoweredLayer",
    "OutputError",
    "Verification",
    "convert",
    "verify",
]

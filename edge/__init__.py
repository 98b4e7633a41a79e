"""The device half: run and measure converted models with numpy and a TensorFlow Lite runtime.

Import rules: nothing here, `edge.convert` apart, imports TensorFlow, Keras, flatbuffers, `keras_lstm_plus` or
`edge.convert`; typer and rich belong to the command line (`python -m edge`) alone; a runtime is imported when
a model is loaded.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes its time
if TYPE_CHECKING:
    from typing import Any

    from edge.errors import ModelFileError
    from edge.runtime import Clipping, Decider, EdgeModel, LogMel, Stream, load
    from edge.search import Hypothesis, beam_search, ctc_beam_search, ctc_greedy, greedy_search
    from edge.tflite import TensorInfo
    from edge.version import __version__

# Imported when asked for: `python -m edge` must be there to answer Ctrl-C before NumPy is.
_HOMES = {
    "Clipping": "edge.runtime",
    "Decider": "edge.runtime",
    "EdgeModel": "edge.runtime",
    "LogMel": "edge.runtime",
    "ModelFileError": "edge.errors",
    "Stream": "edge.runtime",
    "TensorInfo": "edge.tflite",
    "Hypothesis": "edge.search",
    "__version__": "edge.version",
    "beam_search": "edge.search",
    "ctc_beam_search": "edge.search",
    "ctc_greedy": "edge.search",
    "greedy_search": "edge.search",
    "load": "edge.runtime",
}

__all__ = [
    "Clipping",
    "Decider",
    "EdgeModel",
    "Hypothesis",
    "LogMel",
    "ModelFileError",
    "Stream",
    "TensorInfo",
    "__version__",
    "beam_search",
    "ctc_beam_search",
    "ctc_greedy",
    "greedy_search",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

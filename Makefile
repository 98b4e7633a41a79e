# Every target sets up what it needs: a machine with Python and make is enough.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# Debian's: for this machine, and for a Raspberry Pi of 64 and of 32 bits.
COMPILERS := g++-12 aarch64-linux-gnu-g++-12 arm-linux-gnueabihf-g++-12

.PHONY: native native-check wheels compilers demo docs examples examples-quick test test-wide test-all test-pi test-oldest system test-backends lottery format clean

demo: $(READY)
	$(PY) -m examples.exercise_recognition

# Every example in full: hours. One of them: python -m examples NAME
examples: $(READY)
	$(PY) -m examples

# Every example in small, each under a minute, and whether each wrote what it promises.
examples-quick: $(READY)
	$(PY) -m examples --quick --out results/quick
	KERAS_LSTM_PLUS_QUICK_RUNS=results/quick $(PY) -m pytest -n0 -m example

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(PY) -m pytest -n auto --dist loadfile -m "not wide and not slow and not pi and not example and not site"

# The further cases of the grids: twice as many minutes. CI runs them after `make test`.
test-wide: $(READY)
	$(PY) -m pytest -n auto --dist loadfile -m "wide and not slow and not site"

test-all: $(READY)
	$(PY) -m pytest -n auto --dist loadfile -m "not pi"

# The documentation, into build/docs, which opens without a server; its snippets, notebooks, links and looks.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet
	KERAS_LSTM_PLUS_SITE=built $(PY) -m pytest -n auto --dist load -m site tests/docs tests/house/test_readme.py

# A 64-bit and a 32-bit Raspberry Pi, emulated; sets itself up from Debian's packages.
test-pi: $(READY)
	for each in $(COMPILERS); do command -v $$each > /dev/null || $(MAKE) compilers || exit 1; done
	for each in $(COMPILERS); do $(PY) native/package.py --compiler $$each || exit 1; done
	$(PY) -m pytest -n0 -m pi tests/pi

# What the tests of the browser, ssh, adb, Kotlin and the engine on Arm need beside Python, and the guitar pedal;
# without it they are skipped. Node.js that was not Debian's has npm already, and conflicts with Debian's.
system: compilers
	apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium openssh-server $$(command -v npm > /dev/null || echo npm) adb kotlin default-jdk-headless sox guitarix-ladspa sonic-pi-samples

# The other end of the range of TensorFlow versions that setup.py allows.
OLDEST := tensorflow==2.20.0 keras==3.10.0 ai-edge-litert==2.1.0
test-oldest:
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/pip install --quiet --editable ".[train]" $(OLDEST) pytest
	.venv-oldest/bin/python -m pytest -m "not slow" tests/house/test_private.py tests/edge/convert/test_grid.py

# Conversions drawn at random, N of them, against Keras; the seed of whatever is wrong is printed.
N ?= 100
lottery: $(READY)
	$(PY) -m tests.lottery $(N)

# The native engines: the one that both TensorFlow Lite runtimes load, and the one that the layer trains with.
native:
	$(PYTHON) native/package.py

# A wheel for each processor, and its library in edge/native/: for a folder edge/ that is copied to a Pi.
# A wheel for every other machine, without the engine: EDGE_WITHOUT_NATIVE=1 pip wheel .
wheels: $(READY)
	for each in $(COMPILERS); do command -v $$each > /dev/null || $(MAKE) compilers || exit 1; done
	for each in $(COMPILERS); do CXX=$$each $(PY) -m pip wheel --quiet --no-deps --wheel-dir dist . || exit 1; done
	ls dist/*.whl

compilers:
	apt-get update -qq && apt-get install -y -qq --no-install-recommends g++-12 g++-12-aarch64-linux-gnu g++-12-arm-linux-gnueabihf

# Every kernel and the delegate under the address, undefined-behaviour and thread sanitizers.
native-check:
	$(PYTHON) native/build.py --out .cache/native-check --check

test-backends: $(READY)
	$(PY) -m pytest tests/keras_lstm_plus/test_backends.py

format: $(READY)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# pip builds the engine too, where there is a C++ compiler.
$(READY): setup.py $(wildcard native/*.cc native/*.h native/*.py native/training/*.cc native/training/*.h) edge/version.py
	$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13) and "Python 3.10 to 3.13 is needed, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet --editable ".[dev,docs,peers]"
	touch $@

clean:
	rm -rf $(VENV) .venv-oldest build dist *.egg-info edge/native/linux-* edge/native/darwin-* keras_lstm_plus/native/linux-* keras_lstm_plus/native/darwin-*

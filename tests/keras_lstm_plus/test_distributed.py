"""docs/distributed.md: its scripts as two processes, against one process on the same batches."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.places import ROOT

PAGE = ROOT / "docs" / "distributed.md"
# What the page says does not work, tried after the loop of its script.
FIT = """
try:
    with strategy.scope():
        model.compile("adam", "mse")
        model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH), verbose=0)
    print(json.dumps("fitted"))
except ValueError as error:
    print(json.dumps(str(error)))
"""


def scripts() -> dict[str, str]:
    """The blocks of the page that have a name."""
    blocks = re.findall(
        r"^```python file=(\S+)\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return dict(blocks)


def run(script: str, processes: int, folder: Path) -> list[list[str]]:
    """What each of the processes printed, line by line."""
    path = folder / "worker.py"
    path.write_text(script, "utf-8")
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(processes)]
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("KERAS_BACKEND", "TF_CONFIG")},
        "PYTHONPATH": str(ROOT),
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
    }
    started = [
        subprocess.Popen(
            [sys.executable, str(path), str(index), *addresses],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(processes)
    ]
    try:
        ended = [process.communicate(timeout=120) for process in started]
    finally:
        for process in started:
            process.kill()
    # The first one leads the others: when it ends, TensorFlow lets them end as they please.
    assert started[0].returncode == 0, ended[0][1][-3000:]
    return [out.splitlines() for out, _ in ended]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_two_processes_train_as_one(backend: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: make test-backends installs it")
    script = scripts()[f"{backend}_worker.py"]
    (one,) = run(script, 1, tmp_path)
    wanted = json.loads(one[0])
    (tmp_path / "model-0.keras").rename(tmp_path / "one.keras")
    two = run(script + FIT * (backend == "tensorflow"), 2, tmp_path)
    assert len(wanted) == 3
    assert wanted[2] < 0.8 * wanted[0]  # it has learned
    for printed in two:
        np.testing.assert_allclose(json.loads(printed[0]), wanted, rtol=1e-5)
    trained = weights(tmp_path / "one.keras")
    assert trained.shape == (8 * 4 * (5 + 8 + 1) + 3 * 8 + 8 + 1,)
    for index in range(2):
        np.testing.assert_allclose(weights(tmp_path / f"model-{index}.keras"), trained, rtol=1e-3, atol=1e-4)
    if backend == "tensorflow":
        refused = json.loads(two[0][1])
        assert "Attempt to convert a value (PerReplica:{" in refused, refused
        assert "with an unsupported type" in refused


def weights(path: Path) -> np.ndarray:
    import keras

    import keras_lstm_plus  # noqa: F401 (knows its layers by name)

    return np.concatenate([weight.ravel() for weight in keras.models.load_model(path).get_weights()])


def test_the_page_has_a_script_for_each() -> None:
    assert set(scripts()) == {"jax_worker.py", "tensorflow_worker.py"}
    for name, script in scripts().items():
        compile(script, name, "exec")

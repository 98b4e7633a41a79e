"""Keras's other backends, each in a process of its own: one process can have only one.

Every variant, the engine, and attention.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("check", ["backend_check", "engine_check", "attention_check"])
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_layer_runs_on(backend: str, check: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: make test-backends installs it")
    run = subprocess.run(
        [sys.executable, "-m", f"tests.helpers.{check}"],
        env={
            **{name: value for name, value in os.environ.items() if name != "KERAS_LSTM_PLUS_ENGINE"},
            "KERAS_BACKEND": backend,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout.strip().endswith(f"ok {backend}")

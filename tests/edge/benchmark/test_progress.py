"""What is to be told of the progress and cannot be called is named before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.benchmark import android, host, micro, ssh
from tests.helpers.device_files import model_file

WAYS: dict[str, Callable[..., Any]] = {
    "host": lambda progress: host.benchmark([model_file("stock")], runs=1, progress=progress),
    "micro": lambda progress: micro.benchmark_on_micro([model_file("stock")], progress=progress),
    "ssh": lambda progress: ssh.benchmark_over_ssh("pi@host", [model_file("stock")], progress=progress),
    "android": lambda progress: android.benchmark_on_android(
        [model_file("stock")], "benchmark_model", progress=progress
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_progress_that_is_no_function(way: str) -> None:
    with pytest.raises(TypeError, match="progress is a function of three arguments.*received True"):
        WAYS[way](True)

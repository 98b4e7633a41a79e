"""The programs of `edge/devices/raspberry_pi` on Arm: a stream with labels and normalization."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.helpers.device_files import sequences
from tests.helpers.explicit_files import LABELS, NORMALIZATION, expected, explicit_file
from tests.pi.machine import Machine


def test_a_stream_from_a_file(machine: Machine, device_half: Path, tmp_path: Path) -> None:
    x = 3 * sequences(2, seed=4)
    raw = x * NORMALIZATION["std"][0] + NORMALIZATION["mean"][0]
    text = "\n\n".join("\n".join(" ".join(map(str, row.tolist())) for row in each) for each in raw)
    (tmp_path / "samples.txt").write_text(text)
    program, files = "edge.devices.raspberry_pi.stream", (explicit_file("noted"), tmp_path / "samples.txt")
    done = machine.run(["-m", program, *files], PYTHONPATH=str(device_half))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    wanted = expected(x)[0].reshape(-1, len(LABELS))
    assert [line[1] for line in lines] == [LABELS[row.argmax()] for row in wanted]
    assert len({line[1] for line in lines}) > 1
    np.testing.assert_allclose([float(line[2]) for line in lines], wanted.max(axis=-1), atol=6e-4)

"""The error over time of a file that takes several steps a call, against Keras step by step."""

from __future__ import annotations

from pathlib import Path

from edge.convert.verification.verifier import verify
from tests.edge.convert.verification.test_verifier import altered
from tests.helpers.block_files import block_file
from tests.helpers.device_files import sequences
from tests.helpers.explicit_files import two_ends


def test_a_stream_of_blocks_drifts_no_more(tmp_path: Path) -> None:
    """An output of the file for each step, and one for the block, which is Keras's after its last step."""
    x = sequences(40, 5)
    for path, is_good in (
        (block_file("noted"), True),
        (altered(block_file("noted"), tmp_path / "bad.tflite"), False),
    ):
        drift = verify(two_ends(), path, x, drift_steps=1003).drift
        assert drift is not None
        assert (drift.kind, drift.steps, drift.is_ok) == ("stream", 1000, is_good)
        every, score = drift.outputs
        assert (0 < every.rms < 1e-5, 0 < score.rms < 1e-5) == (is_good, is_good)

"""The quickstart: what it says is what its file does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from examples.__main__ import HERE


@pytest.mark.example
def test_the_file_hears_when_the_bearing_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_module("examples.quickstart", run_name="__main__")
    printed = capsys.readouterr().out
    sure = [int(share) for share in re.findall(r"^\d s with +(\d+)%$", printed, re.MULTILINE)]
    np.testing.assert_allclose(sure, [0, 0, 0, 100, 100, 100], atol=20)
    assert "1 UNIDIRECTIONAL_SEQUENCE_LSTM" in printed
    assert (tmp_path / "results" / "quickstart.tflite").is_file()


def test_it_is_the_first_of_the_gallery_and_short() -> None:
    assert len((HERE / "quickstart.py").read_text(encoding="utf-8").splitlines()) < 45
    gallery = (HERE / "README.md").read_text(encoding="utf-8")
    assert 0 < gallery.index("python -m examples.quickstart") < gallery.index("\n## [")

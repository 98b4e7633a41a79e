"""A slice of the lottery with fixed seeds; `make lottery N=1000` draws new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.convert import ConversionResult, convert
from tests.lottery import judge
from tests.lottery.__main__ import BAD, described

SLICE = {None: 5, "dynamic": 2, "int8": 3, "int16x8": 2}


@pytest.mark.parametrize("quantize", SLICE)
def test_nothing_is_silently_wrong(quantize: str | None, tmp_path: Path) -> None:
    played = [judge.play(seed, quantize, tmp_path) for seed in range(SLICE[quantize])]
    assert not [described(*each) for each in played if each[1].kind in BAD]
    assert sum(verdict.kind in ("right", "said") for _, verdict in played) > len(played) / 2


@pytest.mark.parametrize("quantize", [None, "dynamic"])
def test_a_file_of_another_network_is_seen(
    quantize: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One weight of a hundred is off by a tenth when the file is made."""

    def convert_another(model: Any, *args: Any, **options: Any) -> ConversionResult:
        weights = model.get_weights()
        changed = [np.array(each) for each in weights]
        largest = max(changed, key=lambda each: each.size)
        largest.flat[:: max(1, largest.size // 100)] += 0.1 if quantize is None else 1.0
        model.set_weights(changed)
        result = convert(model, *args, **options)
        model.set_weights(weights)
        return result

    monkeypatch.setattr(judge, "convert", convert_another)
    _, verdict = judge.play(1, quantize, tmp_path)
    assert verdict.kind == "wrong", verdict

"""The table of wide tests names what there is: a name that is gone would leave out nothing, or all."""

from __future__ import annotations

import pytest

from tests.wide import COLLECTED, FAST_CASES


def test_every_name_and_fragment_is_that_of_a_test(request: pytest.FixtureRequest) -> None:
    ids = [node.removeprefix("tests/") for node in request.config.stash[COLLECTED]]
    if not any("keras_lstm_plus/test_shapes.py" in node for node in ids):
        pytest.skip("only when the whole suite is collected")
    for name, fragments in FAST_CASES.items():
        cases = [
            node.partition(name)[2]
            for node in ids
            if name in (node.partition("[")[0], node.partition("::")[0])
        ]
        assert cases, f"{name} is no test"
        if isinstance(fragments, int):
            assert 1 < fragments <= len(cases), f"{name} has {len(cases)} cases, one in {fragments} runs"
            continue
        for fragment in fragments:
            assert any(fragment in case for case in cases), f"{name} has no case with {fragment!r}"

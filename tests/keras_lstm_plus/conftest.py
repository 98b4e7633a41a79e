"""XLA takes a second a loop to compile; the tests that say so in their name have it, the others have not."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def uncompiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = sys.modules.get("keras_lstm_plus.whole_sequence.shards")
    if shards is not None and not {"xla", "compiled"} & set(request.node.originalname.split("_")):
        monkeypatch.setattr(shards, "_compile", lambda *_: False)

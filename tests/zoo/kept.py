"""Trials in a file, one a line: a whole run takes an hour and more, and one that was broken off goes on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.zoo.judge import Trial

Key = tuple[str, str, str]  # name of the architecture, class of its layers, form


class Kept:
    """The trials of earlier runs, by key; without a path there are none and none is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._trials: dict[Key, Trial] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                *key, values = json.loads(line)
                values |= {name: tuple(values[name]) for name in ("lowered", "notes")}
                self._trials[tuple(key)] = Trial(**values)  # the newest of several counts

    def get(self, key: Key) -> Trial | None:
        """What came of it, if it was tried."""
        return self._trials.get(key)

    def add(self, key: Key, trial: Trial) -> None:
        """Keep it: at once, as the next one may be the last."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([*key, asdict(trial)]) + "\n")

"""What to do, read out of the sentence of a refusal."""

from __future__ import annotations

import ast
import re
from typing import Any


def ways(sentence: str, steps: int) -> list[dict[str, Any]]:
    """The options that a sentence names: `Use lowering='a' or 'b', or state='c' with length=5.`

    `steps` is what people fill in for "the number of time steps".
    """
    told = re.search(r"\. Use (.+?)(?:, whose error is [\d.]+%)?\.$", sentence)
    if told is None:
        return []
    found = []
    for phrase in told[1].replace("... (the number of time steps)", str(steps)).split(", or "):
        pairs = [pair.split("=", 1) for pair in phrase.split(" with ")]
        values = [[value_of(value) for value in text.split(" or ")] for _, text in pairs]
        first = dict(zip((name for name, _ in pairs), (each[0] for each in values), strict=True))
        found.append(first)
        found += [{**first, pairs[0][0]: value} for value in values[0][1:]]
    return found


def value_of(text: str) -> Any:
    """An option as the sentence writes it: in Python."""
    return ast.literal_eval(text)

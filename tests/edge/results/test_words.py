"""How numbers are written for people."""

from __future__ import annotations

import pytest

from edge.results.words import share


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 2, "0.00%"),
        (1.0, 2, "100.00%"),
        (1e-9, 2, "<0.01%"),
        (0.00004, 2, "<0.01%"),
        (0.00006, 2, "0.01%"),
        (0.99999, 2, ">99.99%"),
        (1.00001, 2, "100.00%"),
        (0.999, 0, ">99%"),
        (0.001, 0, "<1%"),
        (0.5, 0, "50%"),
        (0.8995, 1, "90.0%"),
        (2.5, 2, "250.00%"),
        (float("inf"), 2, "inf%"),
    ],
)
def test_a_share_is_never_none_or_all_where_it_is_only_nearly_so(value: float, digits: int, text: str) -> None:
    assert share(value, digits) == text

"""What the pages promise: their figures are those that commands have printed."""

from __future__ import annotations

import re

import pytest

from tests.helpers.doc_tools import tool
from tests.helpers.places import ROOT

pytestmark = pytest.mark.site


def test_the_table_of_the_decision_is_up_to_date() -> None:
    text = (ROOT / "docs" / "which.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- figures -->\n(.*?)\n<!-- /figures -->", text, re.DOTALL)
    assert found
    assert found.group(1) == tool("figures").table(), "stale: python docs/tools/figures.py"

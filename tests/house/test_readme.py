"""What the README says is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from edge.report.targets import targets_markdown
from keras_lstm_plus import catalogue
from keras_lstm_plus.variants import VARIANTS
from tests.helpers.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_variants_is_up_to_date() -> None:
    found = re.search(r"<!-- variants -->\n(.*?)\n<!-- /variants -->", README, re.DOTALL)
    assert found, "the README has no table between <!-- variants --> and <!-- /variants -->"
    assert found.group(1) == catalogue.markdown(), "stale: python -m keras_lstm_plus.catalogue"


def test_the_table_of_targets_is_up_to_date() -> None:
    found = re.search(r"<!-- targets -->\n(.*?)\n<!-- /targets -->", README, re.DOTALL)
    assert found, "the README has no table between <!-- targets --> and <!-- /targets -->"
    assert found.group(1) == targets_markdown(), "stale: python -m edge targets --markdown"


def test_every_variant_has_a_source() -> None:
    assert all(re.search(r"\d{4}", spec.citation) for spec in VARIANTS.values())


def test_the_python_in_the_readme_runs(tmp_path: Path, monkeypatch: object) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    scope: dict[str, object] = {}
    import os

    old = os.getcwd()
    os.chdir(tmp_path)
    try:
        for block in blocks:
            exec(compile(block, "README.md", "exec"), scope)
    finally:
        os.chdir(old)

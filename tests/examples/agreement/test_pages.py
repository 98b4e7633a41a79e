"""The pages of the sentences: the plain RNN beside the LSTM is the network that was trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from examples.agreement import network, pages
from examples.agreement.ablation import Ablation
from examples.agreement.grammar import WORD_ID
from examples.agreement.inside import BUSES, STORIES, Insight, watch
from examples.agreement.train import untrained
from tests.helpers.places import ROOT


def test_a_page_a_sentence_with_the_plain_rnn_beside_it(tmp_path: Path) -> None:
    lstm, plain = untrained("peephole", 1), untrained("SimpleRNN", 1)
    found = pages.watch_plain(plain, BUSES)
    embedding, memory, _ = network.parts(plain)
    ids = np.array([[WORD_ID[word] for word in BUSES.prefix]])
    for step in range(1, len(BUSES.prefix) + 1):  # the layer as it was trained gives the last state alone
        last = np.asarray(memory(embedding(ids[:, :step])))
        np.testing.assert_allclose(found.states[:, step - 1], last, atol=1e-6)
    units = lstm.get_layer("memory").units
    carries = Ablation(1.0, np.ones(units), [3, 1], [0.6, 0.5])
    seen = {name: watch(lstm, story) for name, story in STORIES.items()}
    paths = pages.write_pages(seen, Insight(carries, carries, 1.0, 1.0, 0.0), plain, tmp_path)
    assert [path.name for path in paths] == [f"cell_{name}.html" for name in STORIES]
    text = paths[1].read_text(encoding="utf-8")
    data = json.loads(text.split('type="application/json">', 1)[1].split("</script>", 1)[0])
    assert data["words"] == list(BUSES.prefix)
    assert data["units"][:2] == [3, 1]
    assert sorted(data["units"]) == list(range(units))
    assert len(data["plain"]) == len(BUSES.prefix)


def test_the_pages_in_the_repository_are_made_of_the_parts_of_today() -> None:
    found = sorted((ROOT / "examples" / "agreement").glob("cell_*.html"))
    assert len(found) == 2
    room = ROOT / "keras_lstm_plus" / "gate_page"
    for page in found:
        text = page.read_text(encoding="utf-8")
        for part in (*room.glob("*.js"), *room.glob("*.css")):
            assert part.read_text(encoding="utf-8").strip() in text, f"{page.name} has an old {part.name}"

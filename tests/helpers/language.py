"""A small vocabulary, networks over it with random weights, and their scores the plain way."""

from __future__ import annotations

from typing import Any

import numpy as np

from examples.language_model.corpus import PARAGRAPH, RARE, RARE_S, SYMBOLS

VOCABULARY = (RARE, PARAGRAPH, "the", "bus", "buses", "but", "But", "was", "were", ",", "Paris", "to", RARE_S)


def random_network(kind: str, cells: int, width: int, seed: int, scale: float) -> Any:
    """A network of that kind with random weights everywhere."""
    from examples.language_model.network import Size, build

    model = build(kind, len(VOCABULARY), Size(cells, width))
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.normal(0, scale, weight.shape))
    return model


def words_of(count: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, len(VOCABULARY), count).astype(np.int32)


def plain_losses_and_ranks(model, ids: np.ndarray, one_rare: bool = True) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    scores = np.asarray(model(ids[None, :-1]), np.float64)[0]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    losses, ranks = [], []
    for row, word in zip(probabilities, ids[1:], strict=True):
        rare = [VOCABULARY.index(RARE), VOCABULARY.index(RARE_S)]
        losses.append(-np.log(row[rare].sum() if one_rare and word in rare else row[word]))
        guessable = [n for n in range(len(VOCABULARY)) if VOCABULARY[n] not in SYMBOLS]
        ranks.append(sum(row[n] > row[word] for n in guessable))
    return np.array(losses), np.array(ranks)

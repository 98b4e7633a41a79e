"""The model of a user: stock Keras alone, trained, then int8 with one call.

It tells English from Python, letter by letter: lines of the standard library, which are comments or code.
"""

from __future__ import annotations

import argparse
import inspect
import io
import json
import textwrap
import tokenize
from pathlib import Path

import keras
import numpy as np
import pytest

import edge
from edge.convert import ConversionResult, convert, verify
from tests.convertible import keras_answer, relative_error
from tests.runtimes import Runtime
from tests.test_edge_cli import run

layers, ops = keras.layers, keras.ops
Array = np.ndarray

LENGTH, LETTERS, CLASSES = 32, 96, ["code", "comment"]
SOURCES = (argparse, inspect, textwrap, tokenize)  # modules with both in them


def lines() -> tuple[Array, Array]:
    """Tokens `[lines, LENGTH]`, padded with 0 on the right, and for each line whether it is a comment."""
    found: list[tuple[str, int]] = []
    for module in SOURCES:
        source = inspect.getsource(module)
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            line = token.line.strip()
            if token.type == tokenize.COMMENT and line.startswith("#"):
                found.append((line.lstrip("# "), 1))
            elif token.type == tokenize.NEWLINE and "\n" not in line and '"""' not in line:
                found.append((line.split("#")[0].strip(), 0))
    found = sorted({(text, label) for text, label in found if len(text) > 5})
    tokens = np.zeros((len(found), LENGTH), np.int32)
    for row, (text, _) in zip(tokens, found, strict=True):
        letters = [min(max(ord(letter) - 31, 1), LETTERS - 1) for letter in text[:LENGTH]]
        row[: len(letters)] = letters
    order = np.random.default_rng(0).permutation(len(found))
    return tokens[order], np.array([label for _, label in found])[order]


def user_model() -> keras.Model:
    """Nothing in here knows of this project."""
    tokens = keras.Input((None,), dtype="int32", name="letters")
    x = layers.Embedding(LETTERS, 12, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(12, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(12, return_sequences=True))(x)
    mask = ops.expand_dims(ops.not_equal(tokens, 0), -1)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(x), mask=mask)
    pooled = ops.sum(weights * x, axis=1)
    return keras.Model(tokens, layers.Dense(2, activation="softmax", name="kind")(pooled), name="english")

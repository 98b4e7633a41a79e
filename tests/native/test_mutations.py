"""Each of these changes of the kernels makes numbers wrong: a comparison that does not see one has a gap."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.convert import convert
from tests.helpers import native_models
from tests.helpers.native_worker import NativeWorker, Ran
from tests.helpers.places import ROOT

pytestmark = pytest.mark.slow  # a compilation each

# The file, what stands there and what is put in its place; and the precision in which it has to show.
MUTATIONS = [
    ("activation.h", "0.6931469776119505f", "0.69314f", None),
    ("activation.h", "return limit > 0 ? clip(c, limit) : c;", "return c;", None),
    ("activation.h", "load(cells.peephole_o + at)", "load(cells.peephole_f + at)", None),
    ("activation.h", "c = f * c + (1.0f - f) *", "c = f * c + f *", None),
    ("lstm.h", "(load(place) - mean) * scale", "load(place) * scale", None),
    ("lstm.h", "NORM_EPSILON = 1e-8f", "NORM_EPSILON = 1e-3f", None),
    ("lstm.h", "if (projection_clip > 0)", "if (projection_clip > 9)", None),
    ("layer_products.h", "load(h + (block + b) * L)", "load(h)", None),
    ("product.h", "for (; k < count; k++, w += V * L) {", "for (; k + 1 < count; k++, w += V * L) {", None),
    ("packing.h", "row / L % 4,", "row / L % 2,", None),
    ("quantize.h", "127.0f / range", "100.0f / range", "dynamic"),
    ("byte_products.h", "scale * r_scale[v % G]", "scale * r_scale[0]", "dynamic"),
    ("lstm_int.h", "rounded_shift(f * cell, 15)", "((f * cell) >> 15)", "int8"),
    ("lstm_int.h", "squares * ((1 << 20) / count)", "squares * ((1 << 20) / count + 1)", "int8"),
    ("lstm_int.h", "+ 512u) >> 10", ") >> 10", "int8"),
    ("lstm_int.h", ": 32767 - f", ": 32768 - f", "int8"),
    ("simd_int.h", "(1 << 30)", "(1 << 29)", "int8"),
    ("simd_int.h", "x + (x >> 31)", "x", "int8"),
    ("integer_node.cc", "static_cast<double>(cell_scale) *", "0.999 * cell_scale *", "int8"),
    ("fixed_point.cc", "1672461947", "1662461947", "int8"),
]
ROUNDS = [[native_models.sequences(40, 1)]]
LIMITS = {None: 2e-6, "dynamic": 0.02, "int8": 0}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str | None, tuple[Path, Ran]]]:
    """By precision the file, and what the runtime computes."""
    folder = tmp_path_factory.mktemp("mutations")
    found = {}
    with NativeWorker("ai-edge-litert") as worker:
        for quantize in LIMITS:
            model = native_models.build(native_models.layers_for(quantize))
            data = native_models.sequences(12, 9, batch=48)
            path = convert(model, folder / f"{quantize}.tflite", quantize, data, state="reset").path
            found[quantize] = path, worker.run(path, ROUNDS)
        yield found


@pytest.mark.parametrize(("file", "old", "new", "quantize"), MUTATIONS, ids=str)
def test_it_shows(
    file: str,
    old: str,
    new: str,
    quantize: str | None,
    answers: dict[str | None, tuple[Path, Ran]],
    tmp_path: Path,
) -> None:
    shutil.copytree(ROOT / "native", tmp_path / "native")
    text = (tmp_path / "native" / file).read_text()
    assert old in text
    (tmp_path / "native" / file).write_text(text.replace(old, new))
    build = [sys.executable, str(tmp_path / "native" / "build.py"), "--out", str(tmp_path), "--flag=-O1"]
    library = subprocess.run(build, capture_output=True, text=True, check=True).stdout.strip()
    path, wanted = answers[quantize]
    with NativeWorker("ai-edge-litert") as worker:
        found = worker.run(path, ROUNDS, library)
    off = [
        np.abs(a.astype(np.float64) - b.astype(np.float64)).max()
        for a, b in zip(wanted.outputs[0], found.outputs[0], strict=True)
    ]
    assert max(off) > LIMITS[quantize]

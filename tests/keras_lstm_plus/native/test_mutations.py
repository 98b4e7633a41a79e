"""Each of these changes of the engine makes numbers wrong: a comparison that does not see one has a gap."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path
from typing import Any

import pytest

from keras_lstm_plus.native import Engine
from keras_lstm_plus.spec import LSTMSpec
from native import build
from tests.helpers.places import ROOT
from tests.helpers.training_calls import random_call, worst_error
from tests.helpers.training_engine import training_engine

pytestmark = pytest.mark.slow  # a compilation each

# The file, what stands there and what is put in its place.
MUTATIONS = [
    ("tiles.h", "for (; k < f.run; k++", "for (; k + 1 < f.run; k++"),
    ("tiles.h", "if (s.start) sum +=", "if (s.start && !r) sum +="),
    ("cells.h", "dc += shown * (1.0f - y * y);", "dc += shown;"),
    ("cells.h", "dc = absolute(c) < clip ? dc : splat(0.0f);", "dc = dc;"),
    ("cells.h", "on += bar * load(peepholes);", ""),
    ("cells.h", "store(at.dc + row * L, past + on);", "store(at.dc + row * L, on);"),
    ("cells.h", "(!PLAIN && l.coupled ? before - g : before)", "before"),
    ("cells.h", "d_bias[gate] += bar;", "d_bias[gate] = bar;"),
    ("cells.h", "h *= mask, r *= mask;", "h *= mask;"),
    ("cells.h", "d_peephole[2] += inside ? bar * c", "d_peephole[2] += inside ? bar * before"),
    ("forward.h", "if (bound > 0) h = clamp(h, -bound, bound);", ""),
    ("forward.h", "? -(ptrdiff_t)l.inputs : l.inputs", "? l.inputs : l.inputs"),
    ("backward.h", "{dh, (ptrdiff_t)h_row, held_h,", "{dh, (ptrdiff_t)h_row, nullptr,"),
    ("backward.h", "into[o] = to[l.inputs + o] * mask[o];", "into[o] = to[l.inputs + o];"),
    ("backward.h", "first ? nullptr : to, (ptrdiff_t)l.width}", "nullptr, (ptrdiff_t)l.width}"),
    ("backward.h", "l.p.h0 ? l.p.h0 + in_batch * l.outputs : nullptr", "nullptr"),
    ("packing.h", "for (int team = 1; team < teams; team++)", "for (int team = 2; team < teams; team++)"),
    ("team.h", "rows, of copies", "rows, of nothing"),  # and one that changes nothing
]
MANY, FEW = (40, 7, 3, 21), (2, 7, 3, 21)  # sequences for a thread
CALLS: list[tuple[LSTMSpec, tuple[int, int, int, int], dict[str, Any]]] = [
    (LSTMSpec(peephole=True), MANY, {"hold": "units", "backwards": True}),
    (LSTMSpec(peephole=True, cell_clip=0.3), MANY, {}),
    (LSTMSpec(input_gate="coupled"), MANY, {"masks": True}),
    (LSTMSpec(recurrence="diagonal"), MANY, {"masks": True}),
    (LSTMSpec(projection_units=5, projection_clip=0.1), MANY, {"hold": "rows"}),
    (LSTMSpec(), FEW, {"every_step": False, "backwards": True}),
    (LSTMSpec(), (33, 24, 40, 40), {"threads": 3}),
]


@pytest.mark.parametrize(("file", "old", "new"), MUTATIONS, ids=str)
def test_it_shows(file: str, old: str, new: str, tmp_path: Path) -> None:
    training_engine()  # or there is no compiler
    shutil.copytree(ROOT / "native", tmp_path / "native")
    source = tmp_path / "native" / "training" / file
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new))
    mutated = build.TRAINING._replace(sources=source.parent)
    made = build.build(tmp_path / "made", extra=("-O1",), library=mutated)
    engine = Engine(ctypes.CDLL(str(made)), made)
    worst = max(worst_error(engine, *random_call(spec, size, **way)) for spec, size, way in CALLS)
    assert (worst > 1e-4) == ("nothing" not in new)

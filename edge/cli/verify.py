"""`python -m edge verify`: a file against the Keras model that it was made from."""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from edge.arrays import read_arrays
from edge.cli.convert import MODEL
from edge.cli.language import spoken
from edge.cli.parser import EXIT_CODES, Commands, add_data, add_json, add_target, number
from edge.cli.tools import Json, Shown, one_sentence, progress
from edge.cli.workstation import has_table, samples, workstation
from edge.results.benchmark import now
from edge.targets import TARGETS

DIFFERS = 3  # exit code
DIFFERS_WORDS = "the file runs, but its error exceeds the tolerance"
DRIFT_STEPS = 100_000
ABOUT = "Compare a file with the Keras model it was made from: errors, decisions, and drift over time."
ANSWERS = (
    "The right class of each sample (or of each step): a .npy of class numbers from 0 on, or one-hot; a "
    ".csv, one a line; a .npz by output, for several."
)


def add(commands: Commands) -> None:
    """The command."""
    codes = f"{EXIT_CODES[:-1]}; {DIFFERS} {DIFFERS_WORDS}."
    parser = commands.add("verify", run, "MODEL.keras MODEL.tflite", ABOUT, codes)
    parser.add_argument("model", type=Path, metavar="MODEL.keras", help=MODEL)
    parser.add_argument("file", type=Path, metavar="MODEL.tflite", help="A file made from it, by any tool.")
    add_data(parser, "What to compare on")
    parser.add_argument("--answers", type=Path, metavar="FILE", help=f"{ANSWERS} Shows the accuracy of both.")
    parser.add_argument(
        "--drift-steps",
        type=number(0, whole=True),
        default=DRIFT_STEPS,
        metavar="N",
        help=f"Steps over which the error may grow; 0: do not look. Else {DRIFT_STEPS:,}.",
    )
    parser.add_argument(
        "--tolerance",
        type=number(0),
        metavar="ERROR",
        help="Largest error that is right. Float: in units of the largest output, at least of 1 (usual: "
        "1e-5; float16 2e-3). Integers: rms, in standard deviations of the output (usual: 0.03).",
    )
    add_target(parser, list(TARGETS))
    add_json(parser)


def run(given: argparse.Namespace) -> None:
    """Compare, and show what was found."""
    if given.answers and not given.data:
        given.parser.error("--answers are those to --data, which is not given")
    with one_sentence({"labels": "--answers", "data": "--data"}):
        json = Json(given.json)
        table = has_table(given.data)
        x = None if table else samples(given.data)
        y = read_arrays([given.answers]) if given.answers else None
        with workstation(given.model) as (_, stderr), progress(stderr) as bar:
            model: Any = given.model
            if table:
                model = import_module("edge.convert.keras_model.load").load_keras(given.model)
                x = samples(given.data, model)
            result = import_module("edge.convert.verification.verifier").verify(
                model, given.file, x, y, given.drift_steps, given.target, bar, tolerance=given.tolerance
            )
        if not json.is_alone:
            from edge.report.conversion import verification_report

            note = None if result.drift_note is None else spoken(result.drift_note)
            Shown().print(verification_report(replace(result, drift_note=note)))
        json.write({"created": now(), **result.to_dict()})
    if not result.is_ok:
        raise SystemExit(DIFFERS)

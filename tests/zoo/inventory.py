"""All architectures: each family puts its own into the list when it is imported."""

from __future__ import annotations

from tests.helpers.ways_out import ways
from tests.zoo import (  # noqa: F401
    activity,
    audio,
    autoencoders,
    condition,
    forecasting,
    generators,
    keywords,
    matching,
    sentiment,
    speech_and_ocr,
    tagging,
    translation,
    vision,
)
from tests.zoo.architecture import ZOO, Architecture
from tests.zoo.judge import OK, REFUSED, Trial

__all__ = ["ZOO", "Architecture", "in_order"]


def in_order(architecture: Architecture, form: str, trial: Trial) -> bool:
    """Whether it is right, or refused (or kept with a note) as the architecture says that it has to be."""
    expected = architecture.refusal(form)
    if expected is None:
        return trial.status == OK and not trial.words
    if trial.status == OK and any(expected in note for note in trial.notes):
        return True
    right_status = OK if ways(trial.words, architecture.steps) else REFUSED
    return trial.status == right_status and expected in trial.words

"""All architectures: each family puts its own into the list when it is imported."""

from __future__ import annotations

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

__all__ = ["ZOO", "Architecture"]

"""What the device half raises beside Python's own ValueError, TypeError and ImportError."""

from __future__ import annotations


class ModelFileError(ValueError):
    """A model file is missing, unreadable, cut short, damaged or of another kind, or a runtime refuses it."""

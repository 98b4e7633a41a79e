"""Look into a file: what it holds, why it may be slow, and which targets take it; no runtime is needed.

May import: tflite, targets, errors.
"""

from edge.inspection.overview import inspect

__all__ = ["inspect"]

"""Look into a file: what it holds, why it may be slow, and which targets take it; no runtime is needed.

May import: tflite, targets, errors.
"""

from edge.inspection.overview import inspect
from edge.inspection.recurrent import recurrent_operators
from edge.inspection.verdicts import Verdict, verdict

__all__ = ["Verdict", "inspect", "recurrent_operators", "verdict"]

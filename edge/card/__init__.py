"""The card of a model: what a file is, how near, where it runs and how fast, from it and from what was found.

May import: inspection, results, report, tflite, targets, errors.
"""

from edge.card.content import card
from edge.card.markdown import card_markdown

__all__ = ["card", "card_markdown"]

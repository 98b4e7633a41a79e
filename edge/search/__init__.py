"""From scores to words, with NumPy alone: greedy and beam search over a step file, and CTC.

checks -> steps -> hypotheses -> decoding; ctc. A file of one step of a decoder, as
`keras_lstm_plus.attention.decoder_step` and `edge.convert` make it, is asked again and again for what comes
next; a CTC model (a CRNN for example) says all its frames at once.
"""

from edge.search.ctc import CtcPath, collapse, ctc_beam_search, ctc_greedy
from edge.search.decoding import beam_search, greedy_search
from edge.search.hypotheses import Hypothesis
from edge.search.steps import Decoder

__all__ = [
    "CtcPath",
    "Decoder",
    "Hypothesis",
    "beam_search",
    "collapse",
    "ctc_beam_search",
    "ctc_greedy",
    "greedy_search",
]

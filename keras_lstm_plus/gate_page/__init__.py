"""The cell, step by step, as one page: static, offline, with the real numbers of a trace.

`numbers` cuts a trace down to what is shown, `page` puts it with the drawing (HTML, CSS and JavaScript in
files beside them) into one file.
"""

from keras_lstm_plus.gate_page.page import write_gate_page

__all__ = ["write_gate_page"]

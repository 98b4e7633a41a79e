"""A part of speech for every word, by a bidirectional LSTM: `python -m examples.tagger`."""

"""Which parts of an LSTM matter, on two real sets: `python -m examples.search_space`."""

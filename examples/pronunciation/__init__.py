"""Letters to phonemes, for a speech synthesiser: `python -m examples.pronunciation`."""

"""Keyword spotting, from microphone samples to decisions: `python -m examples.spoken_digits`."""

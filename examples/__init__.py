"""Demonstrations: run one with `python -m examples.NAME`."""

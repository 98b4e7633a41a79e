"""A guitar pedal learned from its sound, run against the clock: `python -m examples.guitar_pedal`."""

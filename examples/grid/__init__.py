"""A grid of LSTMs, with a memory along depth too, against a stack: adding numbers, digit by digit."""

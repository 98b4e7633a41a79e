"""The zoo: architectures with an LSTM that people publish, converted in every form and judged.

`python -m tests.zoo` goes through all of them and prints a table, which is docs/models.md. That takes more
than an hour; with `--kept trials.jsonl` a run that was broken off goes on (for other code, delete the file).
A family is a file, an architecture a function of it; each says where it comes from. Nothing here is trained:
the weights are random, of a size as training leaves them.
"""

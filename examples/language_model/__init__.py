"""Build your own predictive language model: `python -m examples.language_model`."""

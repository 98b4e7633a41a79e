"""What of the zoo the tests and `--quick` take: small architectures of different kinds; the forms."""

from __future__ import annotations

# "keras" is no file: the class of the layer in its Keras model, as `predict` runs it.
FORMS = ("keras", "float", "float16", "dynamic", "int8", "micro")
# Both classes of layers become the same graph, so what is done to its numbers is tried with one of them.
FORMS_OF = {"stock": FORMS, "plus": ("keras", "float", "int8")}
SLICE = (
    "hello_edge_lstm",
    "pos_tagger_masked",
    "bidirectional_mul",
    "keras_weather",
    "show_and_tell",
    "sensor_fusion",
    "amplifier",
)

"""A file in the firmware: `c_array` writes it, the C++ beside it runs it. May import: tflite, files."""

"""What runs on a device in its own language, and small programs for a Raspberry Pi.

May import: the face of edge, tflite, files.
"""

"""The version of both packages; a file records which one wrote it."""

__version__ = "0.1.0"

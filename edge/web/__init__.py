"""The page that runs files in a browser, and the server that gives it to a phone.

May import: tflite, inspection, targets, files, errors.
"""

from edge.web.server import Server
from edge.web.site import Site

__all__ = ["Server", "Site"]

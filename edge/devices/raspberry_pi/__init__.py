"""Programs for a device, which need numpy, a runtime and this package. README.md here shows the way.

May import: the face of edge.
"""

"""The native engine as a shared library beside this package: where it lies, whether it is sound.

May import: errors, version. The sources of the library are in the folder `native/` of a checkout.
"""

from edge.native.library import Delegate, Layer, Library, NativeError, find_library
from edge.native.places import library_path, platform_of

__all__ = ["Delegate", "Layer", "Library", "NativeError", "find_library", "library_path", "platform_of"]

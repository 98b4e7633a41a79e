"""One call as the library wants it described: `struct Problem` of `native/training/problem.h`."""

from __future__ import annotations

import ctypes

INTERFACE = 2  # of problem.h; a library of another one is not taken

SIZES = ("batch", "time", "inputs", "units", "outputs", "threads")
CHOICES = ("isa", "learned", "coupled", "diagonal", "reversed", "hold_h_size", "hold_c_size")
BOUNDS = ("cell_clip", "projection_clip")
GIVEN = (
    *("x", "kernel", "recurrent", "bias", "peephole", "projection"),
    *("h0", "c0", "hold_h", "hold_c", "masks"),
)
SHOWN = ("out", "h", "c", "stash")
SLOPES = ("d_out", "d_h", "d_c")
FOUND = (
    *("d_x", "d_kernel", "d_recurrent", "d_bias", "d_peephole", "d_projection"),
    *("d_h0", "d_c0"),
)


class Problem(ctypes.Structure):
    """Addresses, sizes and choices; what is not set is 0, or nothing."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in SIZES),
        *((name, ctypes.c_int32) for name in CHOICES),
        *((name, ctypes.c_float) for name in BOUNDS),
        *((name, ctypes.c_void_p) for name in (*GIVEN, *SHOWN, *SLOPES, *FOUND)),
    ]

"""The scaling that a file notes, (x - mean) / std by feature: applied to what comes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.runtime.values import as_array
from edge.tflite import Interface, TensorInfo


class Scaler:
    """Scales the one input of real numbers that has as many features as the note has numbers.

    Computed in float64 and rounded to float32, as the page in a browser does.

    Args:
        interface: of the file; without a note of it, everything stays what it is.
    """

    def __init__(self, interface: Interface) -> None:
        self._file = interface.name
        self.noted = interface.normalization
        if self.noted is None:
            return
        self._mean, self._std = (np.array(values, np.float64) for values in self.noted)
        self._fits = [
            n
            for n, info in enumerate(interface.inputs)
            if info.is_real and self._features(info) == len(self._mean)
        ]
        self._inputs = ", ".join(map(str, interface.inputs))

    @staticmethod
    def _features(info: TensorInfo) -> int:
        return info.shape[-1] if info.shape else 1

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """The inputs, float32, in the order of the file, with the one scaled.

        Raises:
            ValueError: it cannot be known which; or a number leaves float32.
        """
        if self.noted is None:
            return list(arrays)
        if len(self._fits) != 1:
            raise ValueError(
                f"{self._file} notes a normalization of {len(self._mean)} features, and "
                f"{'more than one' if self._fits else 'none'} of its inputs ({self._inputs}) has so many: "
                "scale the data as for training, and say so with normalized=True."
            )
        (place,) = self._fits
        return [self.apply(array) if n == place else array for n, array in enumerate(arrays)]

    def apply(self, x: Any) -> Array:
        """The features of `x`, `[..., features]`, scaled, float32.

        Raises:
            ValueError: the file has no note of it, another number of features, or a number leaves float32.
            TypeError: no real numbers.
        """
        if self.noted is None:
            raise ValueError(
                f"{self._file} says nothing of a normalization. edge.convert.convert(..., "
                'normalization={"mean": ..., "std": ...}) notes it in the file.'
            )
        array = as_array(x, self._file)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{self._file}: the normalization is of real numbers, received {array.dtype}.")
        if array.shape[-1:] != self._mean.shape:
            raise ValueError(
                f"{self._file}: the normalization is for {len(self._mean)} features, "
                f"received shape {list(array.shape)}."
            )
        with np.errstate(over="ignore"):
            single = array.astype(np.float32, copy=False)
            scaled = ((single - self._mean) / self._std).astype(np.float32)
        if not np.isfinite(scaled).all() and np.isfinite(single).all():
            raise ValueError(
                f"{self._file}: (x - mean) / std leaves float32; the smallest std that the file notes is "
                f"{self._std.min():g}, the largest value given {np.abs(single).max():g}."
            )
        return scaled

"""A folder for what TensorFlow writes on the way to a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def scratch() -> Iterator[str]:
    """The name of an empty folder, which is gone with all that is in it at the end.

    Raises:
        OSError: TensorFlow could not write there. (It raises errors of its own kind, with its own insides.)
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield folder
        except tf.errors.OpError as error:
            message = str(error.message)
            if folder not in message:
                raise
            reason = message.partition(folder)[2].partition("; ")[2].partition(" [Op:")[0] or message
            raise OSError(
                f"The folder for temporary files, {tempfile.gettempdir()}, does not take what TensorFlow "
                f"writes: {reason}. Make room there, or name another folder in the variable TMPDIR."
            ) from None

"""What runs on the emulated machine and is counted: files, each at two lengths, with a library or without.

    python counted.py MODULE LIBRARY ISA STEPS,STEPS FILE ...

ISA "" is the runtime's own kernel. Between two calls of `getppid`, which the counter sees, is an inference.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import numpy as np


def main(name: str, library: str, isa: str, lengths: str, *paths: str) -> None:
    """Each file at each length: an inference that is not counted, and one that is."""
    module: Any = importlib.import_module(name)
    if isa:
        os.environ["EDGE_NATIVE_ISA"] = isa
    for path in paths:
        delegates = [module.load_delegate(library)] if isa else []
        interpreter = module.Interpreter(
            model_path=path,
            experimental_delegates=delegates,
            experimental_op_resolver_type=module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        (given,) = interpreter.get_input_details()
        for steps in map(int, lengths.split(",")):
            shape = (1, steps, int(given["shape"][-1]))
            interpreter.resize_tensor_input(given["index"], shape)
            interpreter.allocate_tensors()
            x = np.random.default_rng(0).normal(size=shape)
            is_int = given["dtype"] == np.int8
            interpreter.set_tensor(given["index"], (x * 40 if is_int else x).astype(given["dtype"]))
            interpreter.invoke()
            os.getppid()
            interpreter.invoke()
            os.getppid()


if __name__ == "__main__":
    main(*sys.argv[1:])

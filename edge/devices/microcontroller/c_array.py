"""A model file as C: its bytes as an array, and what a program must know of it as a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from pathlib import Path

from edge.files import write_all
from edge.tflite import Interface, Tensor, describe
from edge.version import __version__

# Names in tflite-micro's resolver that do not follow from the name of the operator.
ADD_NAMES = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "PADV2": "PadV2",
}


def write_c_array(tflite_path: str | Path, folder: str | Path, name: str | None = None) -> list[Path]:
    """Write a model file as `NAME.cc` and `NAME.h`, for firmware that has no file system.

    The source holds `NAME_data`, an array aligned to 16 bytes, `NAME_data_length`, and the labels and the
    normalization if there are any. The header declares them and has macros with `NAME` in capitals: sizes (in
    numbers, not bytes), scales, zero points, time steps, which input and output are a state together, and
    the operators that a `MicroMutableOpResolver` needs. Both are C++11 and C11. The same file gives the same
    text.

    Args:
        tflite_path: of the model file.
        folder: where both are written; it must exist.
        name: a C identifier; None: made of the file's name.

    Returns:
        The paths of the source and the header.

    Raises:
        ModelFileError: the file is missing, cut, damaged or no model, or its labels do not fit.
        ValueError: `name` is no identifier of C.
        OSError: they cannot be written there; nothing is left behind.
    """
    name = identifier(Path(tflite_path).stem) if name is None else name
    if identifier(name) != name:
        raise ValueError(f"name must be an identifier of C, as {identifier(name)!r} is, received {name!r}.")
    model = describe(tflite_path)
    model.check_labels()
    folder = Path(folder)
    if not folder.is_dir():
        raise NotADirectoryError(f"There is no folder {folder}.")
    texts = {folder / f"{name}.cc": _source(name, model), folder / f"{name}.h": _header(name, model)}
    write_all({path: text.encode("ascii") for path, text in texts.items()})
    return list(texts)


def identifier(text: str) -> str:
    """The start of C identifiers like `text`: letters, digits and single underscores, no reserved name.

    Example:
        >>> identifier("2 gates-int8"), identifier("__x")
        ('model_2_gates_int8', 'x')
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "model"
    return f"model_{plain}" if plain[0].isdigit() else plain


def resolver_call(operator: str) -> str:
    """The method of tflite-micro's `MicroMutableOpResolver` that registers an operator.

    Example:
        >>> resolver_call("FULLY_CONNECTED"), resolver_call("CONV_2D")
        ('AddFullyConnected()', 'AddConv2D()')
    """
    parts = [part if part in ("2D", "3D") else part.capitalize() for part in operator.split("_")]
    return f"Add{ADD_NAMES.get(operator, ''.join(parts))}()"


# -- the header ---------------------------------------------------------------------------------------------


def _header(name: str, model: Interface) -> str:
    big, ends = name.upper(), model.ends
    lines = [
        f"/* {_comment(model.name)} as a C array, made by keras-lstm-plus {__version__}. Do not edit. */",
        f"#ifndef {big}_H_",
        f"#define {big}_H_",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        f"extern const unsigned char {name}_data[];  /* {model.file.size} bytes, aligned to 16 */",
        f"extern const unsigned int {name}_data_length;",
        "",
        *_operators(big, model),
        "",
    ]
    sides = zip(*ends.states, strict=True) if ends.states else ((), ())
    for kind, data, states in zip(("INPUT", "OUTPUT"), (ends.inputs, ends.outputs), sides, strict=True):
        lines.append(f"#define {big}_{kind}S {len(data)}")
        for position, tensor in enumerate(data):
            lines += _end(f"{big}_{kind}_{position}", tensor)
        for number, tensor in enumerate(states):
            label = f"{big}_STATE_{number}_{kind}"
            among = f"/* its number among the {kind.lower()}s of the graph */"
            lines += [f"#define {label} {len(data) + number}  {among}", *_end(label, tensor)]
    lines.append(f"#define {big}_STATES {len(ends.states)}")
    if ends.states:
        lines.append(
            "/* Every STATE_INPUT starts as zero (its ZERO_POINT); after a call copy STATE_OUTPUT there. */"
        )
    lines += _time_steps(big, ends.inputs)
    if model.labels is not None:
        lines += [
            "",
            f"#define {big}_LABELS {len(model.labels)}",
            f"extern const char *const {name}_labels[];",
        ]
    if model.normalization:
        count = len(model.normalization.mean)
        lines += ["", "/* (x - mean) / std before the model, which does not do it itself */"]
        lines += [f"#define {big}_FEATURES {count}"]
        lines += [f"extern const float {name}_{part}[{count}];" for part in ("mean", "std")]
    lines += ["", "#ifdef __cplusplus", "}", "#endif", "", f"#endif  /* {big}_H_ */", ""]
    return "\n".join(lines)


def _operators(big: str, model: Interface) -> list[str]:
    used = {(op.name, op.custom): None for graph in model.file.graphs for op in graph.operators}
    calls = sorted(f"AddCustom({_text(op)}, ...)" if custom else resolver_call(op) for op, custom in used)
    return [
        f"#define {big}_OPERATORS {len(calls)}",
        f"/* static tflite::MicroMutableOpResolver<{big}_OPERATORS> resolver; then of it:",
        *(f" *   {_comment(call)};" for call in calls),
        " */",
    ]


def _end(label: str, tensor: Tensor) -> list[str]:
    shape = ", ".join("any" if n < 0 else str(n) for n in tensor.shape)
    lines = [f"/* {_comment(tensor.name)} [{shape}] {tensor.dtype} */"]
    if min(tensor.shape, default=1) >= 0:
        lines.append(f"#define {label}_SIZE {prod(tensor.shape)}")
    if len(tensor.scales) == 1:
        lines.append(f"#define {label}_SCALE {_float(tensor.scales[0])}")
        lines.append(f"#define {label}_ZERO_POINT {(tensor.zero_points or (0,))[0]}")
    return lines


def _time_steps(big: str, inputs: Sequence[Tensor]) -> list[str]:
    steps = next((tensor.shape[1] for tensor in inputs if len(tensor.shape) >= 3), None)
    if steps is None:
        return []
    if steps < 0:
        return ["/* The time axis is free; a microcontroller needs a fixed one: convert with length=... */"]
    return [f"#define {big}_TIME_STEPS {steps}"]


# -- the source ---------------------------------------------------------------------------------------------


def _source(name: str, model: Interface) -> str:
    content = model.content
    rows = (content[begin : begin + 16] for begin in range(0, len(content), 16))
    lines = [
        f'#include "{name}.h"',
        "",
        "#ifndef __cplusplus",
        "#include <stdalign.h>",
        "#endif",
        "",
        f"alignas(16) const unsigned char {name}_data[] = {{",
        *("    " + " ".join(f"0x{byte:02x}," for byte in row) for row in rows),
        "};",
        f"const unsigned int {name}_data_length = {len(content)};",
    ]
    if model.labels is not None:
        texts = [f"    {_text(label)}," for label in model.labels] or ["    0,"]
        lines += ["", f"const char *const {name}_labels[] = {{", *texts, "};"]
    if model.normalization:
        for part, values in model.normalization._asdict().items():
            numbers = ", ".join(map(_float, values))
            lines += ["", f"const float {name}_{part}[{len(values)}] = {{{numbers}}};"]
    return "\n".join([*lines, ""])


def _text(text: str) -> str:
    """A string literal in ASCII: other bytes, quotes, backslashes and `?` in three octal digits."""
    plain = (
        f"\\{byte:03o}" if byte < 32 or byte > 126 or byte in b'"\\?' else chr(byte)
        for byte in text.encode("utf-8", "replace")
    )
    return f'"{"".join(plain)}"'


def _comment(text: str) -> str:
    """Text that cannot end or open a comment."""
    printable = "".join(c if 32 <= ord(c) <= 126 else "?" for c in text)
    return printable.replace("*/", "* /").replace("/*", "/ *")


def _float(value: float) -> str:
    """A float32 literal with all its digits; one beyond float32 is the largest there is."""
    digits = f"{max(min(value, 3.4028234e38), -3.4028234e38):.9g}"
    return f"{digits}f" if "." in digits or "e" in digits else f"{digits}.0f"

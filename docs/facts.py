"""What the documents say of the code, asked of the code itself."""

from __future__ import annotations

import os
import subprocess
import sys

from edgeword import input_files
from edgeword.precisions import FLOAT32_ROUNDING_PERCENT, PRECISIONS, Precision

_COMMANDS = (
    *("train", "export", "generate", "bulk", "suggest", "evaluate", "info", "verify", "pack", "unpack", "sign"),
    *("benchmark", "doctor", "demo", "completions"),
)


def commands() -> str:
    """Every command's own help."""
    return "\n\n".join(f"## edgeword {name}\n\n```text\n{_help(name)}```" for name in _COMMANDS)


def files() -> str:
    """The files that a user names, with what they may have at most."""
    kinds = [value for value in vars(input_files).values() if isinstance(value, input_files.Kind)]
    rows = [f"| {kind.name} | {kind.most:,} |" for kind in sorted(kinds, key=lambda kind: kind.most)]
    return "\n".join(["| file | bytes at most |", "| --- | --- |", *rows])


def _help(command: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    shown = subprocess.run(
        [sys.executable, "-m", "edgeword", command, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout


# What a precision is, and when to take it.
_PRECISIONS = {
    "float32": ("the weights as Keras has them", "the words must be the Keras model's: what `load` takes"),
    "float16": ("weights in half the size, computed in float32", "size counts, int8 is not wanted"),
    "int16x8": (
        "weights int8, activations int16, TFLite only",
        "integers only, and `static-int8` costs too much; slow on CPUs",
    ),
    "dynamic-int8": (
        "weights int8 with a scale a channel, activations quantized while the graph runs",
        "a quarter of the size, several times the speed",
    ),
    "dynamic-int8-per-tensor": (
        "the same with one scale a tensor, TFLite only",
        "the engine is tflite-runtime; written along with `dynamic-int8` and `int4`",
    ),
    "int4": (
        "weights and embedding table int4, errors made up for; 8 bits for what needs them",
        "the smallest file, half of `dynamic-int8`, and the fastest",
    ),
    "static-int8": (
        "weights and activations int8, with scales measured on text",
        "the accelerator computes in integers only",
    ),
}


def precisions() -> str:
    """The precisions, the most faithful first, with their gates."""
    rows = ["| precision | what it is | take it when | perplexity may change by |", "| --- | --- | --- | --- |"]
    for name, row in PRECISIONS.items():
        what, when = _PRECISIONS[name]
        fall, rise = (
            max(gate, FLOAT32_ROUNDING_PERCENT) for gate in (row.max_perplexity_fall, row.max_perplexity_increase)
        )
        rows.append(f"| `{name}` | {what} | {when} | {-fall:+g} to {rise:+g} %{_held(row)} |")
    return "\n".join(rows)


def _held(row: Precision) -> str:
    if row.max_logprob_difference is None:
        return ""
    return f"; the same greedy words, every log-probability within {row.max_logprob_difference:g} nats"

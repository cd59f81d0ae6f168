"""The precisions: one table, read by the exporter, the gates, the bundle and the engines' choice."""

from __future__ import annotations

from typing import Literal

from edgeword.frozen import frozen

PrecisionName = Literal[
    "float32", "float16", "int16x8", "dynamic-int8", "dynamic-int8-per-tensor", "int4", "static-int8"
]
"""The keys of `PRECISIONS`, for type checkers and editors."""

FORMATS = ("tflite", "onnx")


@frozen
class Precision:
    """How a variant stores its weights, and what that may cost."""

    name: str
    formats: tuple[str, ...]
    max_perplexity_increase: float
    """The gate in percent of the Keras model's perplexity."""
    max_perplexity_fall: float
    """The same downwards: rounding that makes the text likelier has changed the model as well."""
    self_test_tolerance: float = 0.1
    """Largest difference of a log-probability, in nats, between the exporter's engine and the device's."""
    max_logprob_difference: float | None = None
    """Largest difference of a log-probability to the Keras model's, in nats, at any position; None: not held."""


# The most faithful first: what a bundle says by default is said in the first of these that it holds. The order is that
# of the measured increases in docs/quantization.md.
PRECISIONS: dict[str, Precision] = {
    row.name: row
    for row in (
        Precision("float32", FORMATS, 0.0, 0.0, 0.01, max_logprob_difference=1e-3),
        Precision("float16", FORMATS, 0.5, 0.5, 0.01),
        Precision("int16x8", ("tflite",), 0.5, 1.0),
        Precision("dynamic-int8", FORMATS, 0.5, 1.0),
        Precision("dynamic-int8-per-tensor", ("tflite",), 0.5, 1.0),
        Precision("int4", FORMATS, 1.0, 3.0),
        Precision("static-int8", FORMATS, 2.0, 4.0),
    )
}

# tflite-runtime 2.14 refuses the key's TFLite file, or answers nonsense on it; the value is what it runs.
FOR_OLD_ENGINES = {"dynamic-int8": "dynamic-int8-per-tensor", "int4": "dynamic-int8-per-tensor"}

# tflite-runtime 2.14 reads block-wise int4 beyond its buffers: the process dies of it later, so that not even the
# self-test may run such a file. Engine's distribution → precisions.
UNSAFE = {"tflite-runtime": ("int4",)}

# The float32 gate above is exact in words and holds every log-probability; this much of a percent of the perplexity
# is rounding of the sum itself.
FLOAT32_ROUNDING_PERCENT = 0.01


def model_file(precision: str, file_format: str) -> str:
    """The name of a variant's file in a bundle."""
    return f"model.{precision}.{file_format}"

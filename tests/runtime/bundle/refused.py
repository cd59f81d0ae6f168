"""A bundle that load refuses, and what it says."""

from pathlib import Path

import pytest

from edgeword import BundleError, load

WEIGHTS = "model.float32.tflite"


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def refusal(bundle: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load(bundle, "litert", "float32")
    return str(caught.value)

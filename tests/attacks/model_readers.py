"""The readers of model files, and the only thing that they may do with what is none: refuse it in one line."""

from __future__ import annotations

from edgeword.model_files import onnx, tflite
from edgeword.model_files.layout import ModelFileError

READERS = {"onnx": onnx.read, "tflite": tflite.read}


def is_read(kind: str, content: bytes) -> bool:
    try:
        READERS[kind](content)
    except ModelFileError as error:
        assert str(error).startswith("the file")  # noqa: PT017
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        return False
    return True

"""NumPy's `.npy` files: an array of text, or a dict that was saved as one.

Format: NumPy's NEP 1. An array of objects is a pickle, and read as `pickles` reads one.
"""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from edgeword.errors import TokenizerError
from edgeword_export.tokenizer_files.pickled_objects import PickledArray
from edgeword_export.tokenizer_files.pickles import unpickled

MAGIC = b"\x93NUMPY"
# How many bytes say how long the header is, by the format's version.
_LENGTH_BYTES = {1: 2, 2: 4, 3: 4}
_LONGEST_HEADER = 10_000


def array_value(content: bytes) -> Any:
    """The list, or the one object, that a `.npy` file holds; TokenizerError for another file."""
    try:
        dtype, shape, start = _header(content)
        if dtype.hasobject:
            return plain(unpickled(content[start:]))
        return np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape).tolist()
    except TokenizerError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise TokenizerError(f"not a whole .npy file ({' '.join(str(error).split())[:120]}); save it again") from None


def _header(content: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Type and shape of the array, and where its elements begin."""
    begin = 8 + _LENGTH_BYTES[content[6]]
    length = int.from_bytes(content[8:begin], "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"a header of {length} bytes")
    header = ast.literal_eval(content[begin : begin + length].decode("latin1").strip())
    if not isinstance(header["descr"], str):
        raise TypeError("an array of records")
    return np.dtype(header["descr"]), tuple(header["shape"]), begin + length


def plain(value: Any) -> Any:
    """An array as the list, or as the one object, that it is."""
    if not isinstance(value, PickledArray):
        return value
    return value.items[0] if value.shape == () and len(value.items) == 1 else value.items

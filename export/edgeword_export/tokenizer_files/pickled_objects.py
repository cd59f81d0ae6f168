"""The objects that a pickled tokenizer may hold, and how each is made of its parts; no class of theirs is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from edgeword.errors import TokenizerError

# Where Keras' Tokenizer has lived: Keras 1 to 2.2, its sister package, TensorFlow 1, Keras 2.13 to 2.15, 3, tf_keras.
TOKENIZER_MODULES = (
    "keras.preprocessing.text",
    "keras_preprocessing.text",
    "keras.src.preprocessing.text",
    "keras.src.legacy.preprocessing.text",
    "tf_keras.preprocessing.text",
    "tf_keras.src.preprocessing.text",
    "tensorflow.python.keras.preprocessing.text",
    "tensorflow.python.keras._impl.keras.preprocessing.text",
    "tensorflow.contrib.keras.python.keras.preprocessing.text",
)
_NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
# Whole numbers, numbers, truth values, bytes, text; and "O", the mark of an array of objects.
_KINDS = "iufbSUO"


class Class(NamedTuple):
    """A class as a pickle names it."""

    module: str
    name: str


class OldText(str):
    """Text of Python 2, which may have been bytes."""

    raw: bytes

    def __new__(cls, latin1: str) -> OldText:
        """The text of bytes that were read as latin-1; in Python 2's files UTF-8 is likelier."""
        raw = latin1.encode("latin1")
        try:
            text = super().__new__(cls, raw.decode("utf-8"))
        except UnicodeDecodeError:
            text = super().__new__(cls, latin1)
        text.raw = raw
        return text


@dataclass(eq=False)
class Made:
    """An object in the making, which a state may follow."""


@dataclass(eq=False)
class PickledTokenizer(Made):
    """Keras' Tokenizer: its attributes."""

    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class _DType(Made):
    """NumPy's type of one element, `<i8`."""

    code: str

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.code)


@dataclass(eq=False)
class PickledArray(Made):
    """A NumPy array: its elements."""

    items: list[Any] = field(default_factory=list)
    shape: tuple[int, ...] = ()


def new(made: Any, arguments: Any) -> Any:
    """The object that a pickled class makes of its arguments."""
    if not isinstance(made, Class) or type(arguments) is not tuple:
        raise TokenizerError("the pickle calls what is no class of a tokenizer; nothing in it was run")
    try:
        return MAKERS[made](*arguments)
    except (TypeError, ValueError):
        raise TokenizerError(f"the pickle makes {made.name} of parts that do not fit; save it again") from None


def built(target: Made, state: Any) -> None:
    """Give an object its state."""
    if isinstance(target, PickledTokenizer) and type(state) is dict:
        target.attributes.update(state)
    elif isinstance(target, _DType) and type(state) is tuple and len(state) > 1 and state[1] in ("<", ">", "|", "="):
        target.code = state[1] + target.code.lstrip("<>|=")
    elif isinstance(target, PickledArray) and type(state) is tuple and len(state) == 5:
        _, target.shape, dtype, _, content = state
        target.items = _elements(dtype, content)
    else:
        raise TokenizerError("the pickle gives a state that does not fit; nothing in it was run")


def _elements(dtype: Any, content: Any) -> list[Any]:
    """Elements of an array, listed where they are objects, in bytes otherwise."""
    if not isinstance(dtype, _DType):
        raise TokenizerError("the pickle holds an array without a type; save it again")
    if type(content) is list:
        return content
    return list(np.frombuffer(_bytes(content), dtype.dtype).tolist())


def checked_key(key: Any) -> str | int:
    """A key of a dict, which is text or an id; TokenizerError for another, whose hash may take for ever."""
    if isinstance(key, str) or (isinstance(key, int) and abs(key) < 1 << 63):
        return key
    raise TokenizerError(f"a key of type {type(key).__name__} in the pickle; a tokenizer has text or ids")


def _tokenizer() -> PickledTokenizer:
    return PickledTokenizer()


def _ordered_dict(pairs: Any = ()) -> dict[Any, Any]:
    """OrderedDict; Python 2 gives its items as a list of pairs."""
    if type(pairs) not in (list, tuple):
        raise TypeError
    found: dict[Any, Any] = {}
    for key, value in pairs:
        found[checked_key(key)] = value
    return found


def _default_dict(factory: Any = None, *_: Any) -> dict[Any, Any]:
    if factory is not None and factory not in _INTS:
        raise TypeError
    return {}


def _reconstructed(made: Any, base: Any, state: Any) -> Any:
    """An object of protocol 0 or 1, which is made of its class, `object` and None."""
    if not isinstance(made, Class) or base not in _OBJECTS or state is not None:
        raise TypeError
    return MAKERS[made]()


def _dtype(code: Any, *_: Any) -> _DType:
    if not isinstance(code, str) or np.dtype(code).kind not in _KINDS or np.dtype(code).itemsize > 4096:
        raise TypeError
    return _DType(code)


def _scalar(dtype: Any, content: Any) -> Any:
    if not isinstance(dtype, _DType) or dtype.dtype.kind == "O":
        raise TypeError
    (value,) = np.frombuffer(_bytes(content), dtype.dtype).tolist()
    return value


def _array(*_: Any) -> PickledArray:
    return PickledArray()


def _encoded(text: Any, encoding: Any) -> bytes:
    """Bytes in protocols before 3, which write them as text."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise TypeError
    return text.encode("latin1")


def _bytes(content: Any) -> bytes:
    return content.raw if isinstance(content, OldText) else bytes(memoryview(content))


def _refused(*_: Any) -> Any:
    raise TypeError


_INTS = (Class("builtins", "int"), Class("__builtin__", "int"), Class("__builtin__", "long"))
_OBJECTS = (Class("builtins", "object"), Class("__builtin__", "object"))
MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    **{(module, "Tokenizer"): _tokenizer for module in TOKENIZER_MODULES},
    ("collections", "OrderedDict"): _ordered_dict,
    ("collections", "defaultdict"): _default_dict,
    # Named by others, never called.
    **dict.fromkeys((*_INTS, *_OBJECTS), _refused),
    ("copyreg", "_reconstructor"): _reconstructed,
    ("copy_reg", "_reconstructor"): _reconstructed,
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _dtype,
    ("numpy", "ndarray"): _refused,
    **{(module, "scalar"): _scalar for module in _NUMPY_MODULES},
    **{(module, "_reconstruct"): _array for module in _NUMPY_MODULES},
}

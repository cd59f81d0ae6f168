"""Records: frozen dataclasses read from JSON, key for key, that refuse what they do not know.

Every file of edgeword's own is read here: manifests, tokenizers, runs, remembered trials, benchmarks. A record's
fields are its format; their annotations say what each value may be, and its `__post_init__` which of them fit together.
"""

from __future__ import annotations

import functools
import json
import keyword
import math
import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, fields, is_dataclass
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from edgeword.errors import EdgewordError

T = TypeVar("T")

_LARGEST = sys.float_info.max


class RecordError(EdgewordError, ValueError):
    """A JSON text is no record of the wanted kind; says where, and leaves to the caller how to mend it."""


def parse_json(text: str) -> Any:
    """The value of a JSON text; RecordError for keys that occur twice, NaN, infinities and what is no JSON."""
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant, parse_float=_finite)
    except RecordError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecordError(f"not JSON ({error})") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        neighbours = pairwise(sorted(key for key, _ in pairs))
        twice = next(key for key, following in neighbours if key == following)
        raise RecordError(f"the key {twice!r} occurs twice")
    return data


def _no_constant(name: str) -> float:
    raise RecordError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise RecordError(f"{text} is out of range")
    return value


# JSON lets them stand. A terminal obeys the C1 controls, shows what follows some others from right to left, and editors
# end a line at three of them.
_STEERING = {
    code: f"\\u{code:04x}"
    for code in (*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}


def spelled(text: str) -> str:
    """JSON that means the same, in which no character steers what shows it."""
    return text if text.isascii() else text.translate(_STEERING)


def json_text(data: Mapping[str, Any]) -> str:
    """One line of JSON, as every command prints it."""
    return spelled(json.dumps(data, ensure_ascii=False))


def read_record(cls: type[T], data: Any, where: str) -> T:
    """Build a dataclass from parsed JSON; `where` is the path that an error names. Raises RecordError."""
    if not isinstance(data, dict):
        raise RecordError(f"{where} is not an object")
    kinds = _kinds(cast(Hashable, cls))
    for problem, keys in (("misses", kinds.keys() - data.keys()), ("has the unknown key", data.keys() - kinds.keys())):
        if keys:
            raise RecordError(f"{where} {problem} {min(keys)!r}")
    values = {_field(key): _read(kind, data[key], f"{where}.{key}") for key, kind in kinds.items()}
    try:
        return cls(**values)
    except RecordError:
        raise
    except EdgewordError as error:  # what the dataclass itself refuses, perhaps under its name
        text = str(error)
        raise RecordError(text if text.startswith(f"{where}: ") else f"{where}: {text}") from None


@functools.cache
def _kinds(cls: Any) -> dict[str, Any]:
    """A record's keys and what their values may be."""
    hints = get_type_hints(cls)
    return {_key(field.name): hints[field.name] for field in fields(cls) if field.init}


def record_dict(record: Any) -> dict[str, Any]:
    """What `read_record` reads, of JSON types."""
    return asdict(record, dict_factory=lambda pairs: {_key(name): value for name, value in pairs})


def _key(field: str) -> str:
    """A field that would be a word of Python's own ends in an underscore, its key does not."""
    return field.rstrip("_")


def _field(key: str) -> str:
    return f"{key}_" if keyword.iskeyword(key) else key


def is_int(value: Any) -> bool:
    """Whether a value is a whole number, which true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return (isinstance(value, float) and math.isfinite(value)) or (is_int(value) and abs(value) <= _LARGEST)


# Type → (what it is called in an error, the check, the conversion).
_SCALARS: dict[Any, tuple[str, Callable[[Any], bool], Callable[[Any], Any]]] = {
    str: ("a string", lambda value: isinstance(value, str), str),
    int: ("an integer", is_int, int),
    bool: ("true or false", lambda value: isinstance(value, bool), bool),
    float: ("a number", _is_number, float),
    Mapping[str, Any]: ("an object", lambda value: isinstance(value, dict), dict),
    Any: ("anything", lambda _value: True, lambda value: value),
}


# Kinds of which every value of these very types fits as it is.
_EXACT: dict[Any, frozenset[type]] = {
    str: frozenset({str}),
    str | None: frozenset({str, NoneType}),
    int: frozenset({int}),
    float: frozenset({float}),
}


def _read(kind: Any, value: Any, where: str) -> Any:
    if kind in _SCALARS:
        name, fits, convert = _SCALARS[kind]
        if not fits(value):
            raise RecordError(f"{where} is not {name}")
        return convert(value)
    if is_dataclass(kind):
        return read_record(kind, value, where)  # type: ignore[arg-type]
    return _COMPOUNDS[get_origin(kind)](get_args(kind), value, where)


def _read_list(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise RecordError(f"{where} is not a list")
    if kinds[-1] is not ...:
        if len(value) != len(kinds):
            raise RecordError(f"{where} has {len(value)} items, not {len(kinds)}")
        return tuple(_read(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(kinds, value)))  # noqa: B905
    types = set(map(type, value))
    if types <= _EXACT.get(kinds[0], frozenset()) and (float not in types or all(map(math.isfinite, value))):
        return tuple(value)  # without a path for each of ten thousand words
    return tuple(_read(kinds[0], item, f"{where}[{i}]") for i, item in enumerate(value))


def _read_optional(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """Of `X | None`."""
    if value is None:
        return None
    (kind,) = (kind for kind in kinds if kind is not NoneType)
    return _read(kind, value, where)


def _read_choice(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    if not isinstance(value, str) or value not in choices:
        raise RecordError(f"{where} is {value!r}, not one of {', '.join(choices)}")
    return value


_COMPOUNDS: dict[Any, Callable[[tuple[Any, ...], Any, str], Any]] = {
    tuple: _read_list,
    UnionType: _read_optional,
    Literal: _read_choice,
}

"""What a bundle says of itself: frozen dataclasses that refuse what they do not know.

`docs/bundle-format.md` is the specification; this module is its reader.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from edgeword.errors import BundleError, UsageError
from edgeword.padding import Padding

FORMAT_VERSION = 1
_LARGEST = sys.float_info.max

T = TypeVar("T")


@dataclass(frozen=True)
class FileEntry:
    """One file of the bundle that is not a variant; the digest is the hexadecimal SHA-256 of its bytes."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Decode:
    """How the next word is found: `mode` is `step` or `window`, `graph` the signature that does it."""

    mode: str
    graph: str
    reason: str
    agreement: float | None
    """Share of positions (0 to 1) at which stepping named the Keras model's word; None if not measured."""


@dataclass(frozen=True)
class Window:
    """The length L that the model reads, its padding rule, and whether the model masks padding."""

    length: int | None
    """None where the model reads texts of any length."""
    padding: Padding
    masked: bool


@dataclass(frozen=True)
class State:
    """One state tensor of the step graph, float32; `start` has one value, or one for each element."""

    name: str
    shape: tuple[int, ...]
    start: tuple[float, ...]


@dataclass(frozen=True)
class FirstWord:
    """The Keras model's answer to an empty prompt (a window of nothing but padding)."""

    id: int
    logprob: float


@dataclass(frozen=True)
class Fidelity:
    """A variant measured against the Keras model on the same positions of held-out text."""

    positions: int
    max_logprob_difference: float
    top1_agreement: float
    """Share of positions with the same most probable word, 0 to 1."""
    perplexity: float
    perplexity_increase: float
    """In percent of the Keras model's perplexity."""
    same_greedy_words: bool
    """Whether every greedy word from the test prompts was the Keras model's."""


@dataclass(frozen=True)
class Variant:
    """One model file: format and precision, and the engines on which it was measured."""

    file: str
    format: str
    precision: str
    size: int
    sha256: str
    verified: tuple[str, ...]
    """Package and version of each engine that it was measured on, as in `onnxruntime 1.31.1`."""
    read_bytes: int
    """Bytes of weights that one run of the predicting graph must read, each once: the floor under its time."""
    fidelity: Fidelity
    self_test: tuple[float, ...]
    """This variant's log-probabilities of the self-test's ids, as the exporter's engine gave them."""


@dataclass(frozen=True)
class SelfTest:
    """A prompt, the Keras model's greedy ids after it, and their log-probabilities."""

    prompt: tuple[int, ...]
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]


@dataclass(frozen=True)
class Manifest:
    """All of `manifest.json`."""

    format_version: int
    name: str
    created: str
    edgeword_version: str
    vocabulary: int
    """Width V of the logits; every token id is below it."""
    decode: Decode
    window: Window
    state: tuple[State, ...]
    empty_prompt: FirstWord
    tokenizer: FileEntry
    files: tuple[FileEntry, ...]
    variants: tuple[Variant, ...]
    training: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    self_test: SelfTest

    def to_json(self) -> str:
        """The text of `manifest.json`, stable for equal manifests."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read `manifest.json`; raises BundleError naming the key that does not fit."""
        try:
            data = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            if isinstance(error, BundleError):
                raise
            raise BundleError(f"manifest.json is not JSON ({error}); export the bundle again") from None
        _check_version(data)
        return _read(cls, data, "manifest")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BundleError(f"manifest.json has the key {twice!r} twice; export the bundle again")
    return data


def _no_constant(name: str) -> float:
    raise BundleError(f"manifest.json holds {name}, which is no JSON number; export the bundle again")


def _finite(text: str) -> float:
    value = float(text)
    if abs(value) > _LARGEST:
        raise BundleError(f"manifest.json holds {text}, which is out of range; export the bundle again")
    return value


def _check_version(data: Any) -> None:
    version: Any = data.get("format_version") if isinstance(data, dict) else None
    if _is_int(version) and version > FORMAT_VERSION:
        raise BundleError(
            f"the bundle has format version {version} and this edgeword reads up to {FORMAT_VERSION}; "
            "pip install --upgrade edgeword"
        )
    if version != FORMAT_VERSION:
        raise BundleError(f"manifest.json has no usable format_version (found {version!r}); is it a bundle?")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (_is_int(value) and abs(value) <= _LARGEST)


def _is_list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


# Annotation → (what it is called in an error, the check, the conversion).
_SCALARS: dict[str, tuple[str, Callable[[Any], bool], Callable[[Any], Any]]] = {
    "str": ("a string", _is_str, str),
    "int": ("an integer", _is_int, int),
    "bool": ("true or false", lambda value: isinstance(value, bool), bool),
    "float": ("a number", _is_number, float),
    "int | None": ("an integer or null", lambda v: v is None or _is_int(v), lambda v: v),
    "float | None": (
        "a number or null",
        lambda v: v is None or _is_number(v),
        lambda v: v if v is None else float(v),
    ),
    "tuple[int, ...]": ("a list of integers", _is_list_of(_is_int), tuple),
    "tuple[float, ...]": ("a list of numbers", _is_list_of(_is_number), lambda v: tuple(map(float, v))),
    "tuple[str, ...]": ("a list of strings", _is_list_of(_is_str), tuple),
    "Mapping[str, Any]": ("an object", lambda value: isinstance(value, dict), dict),
}

_NESTED: dict[str, type] = {
    cls.__name__: cls for cls in (FileEntry, Decode, Window, State, FirstWord, Fidelity, Variant, SelfTest)
}


def _read(cls: type[T], data: Any, where: str) -> T:
    """Build a dataclass from parsed JSON, key for key; `where` is the path named in an error."""
    if not isinstance(data, dict):
        raise BundleError(f"{where} is not an object; export the bundle again")
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for problem, keys in (
        ("misses", set(names) - data.keys()),
        ("has the unknown key", data.keys() - set(names)),
    ):
        if keys:
            raise BundleError(f"{where} {problem} {min(keys)!r}; export the bundle again")
    annotations = {field.name: str(field.type) for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    return cls(**{name: _value(annotations[name], data[name], f"{where}.{name}") for name in names})


def _padding(value: Any, where: str) -> Padding:
    if not isinstance(value, dict):
        raise BundleError(f"{where} is not an object; export the bundle again")
    try:
        return Padding.from_dict(value)
    except UsageError as error:
        raise BundleError(f"{where}: {error}; export the bundle again") from None


def _value(annotation: str, value: Any, where: str) -> Any:
    if annotation == "Padding":
        return _padding(value, where)
    if annotation in _NESTED:
        return _read(_NESTED[annotation], value, where)
    if annotation not in _SCALARS:
        item = _NESTED[annotation.removeprefix("tuple[").removesuffix(", ...]")]
        if not isinstance(value, list):
            raise BundleError(f"{where} is not a list; export the bundle again")
        return tuple(_read(item, entry, f"{where}[{index}]") for index, entry in enumerate(value))
    kind, check, convert = _SCALARS[annotation]
    if not check(value):
        raise BundleError(f"{where} is not {kind}; export the bundle again")
    return convert(value)

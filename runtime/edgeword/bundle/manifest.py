"""What a bundle says of itself: frozen dataclasses that refuse what they do not know.

`docs/bundle-format.md` is the specification; this module is its reader.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Literal

from edgeword.bundle.spec import LOGPROBS, Spec, check_below, check_between
from edgeword.errors import BundleError, UsageError
from edgeword.frozen import frozen
from edgeword.records import RecordError, is_int, parse_json, read_record, record_dict, spelled

FORMAT_VERSION = 1
WITNESS_FILE = "witness.jsonl"


@frozen
class FileEntry:
    """One file of the bundle that is not a variant; the digest is the hexadecimal SHA-256 of its bytes."""

    file: str
    size: int
    sha256: str


@frozen
class Proof:
    """Why the decode mode is what it is."""

    reason: str
    """One sentence, naming the layer or the figure."""
    agreement: float | None
    """Share of positions (0 to 1) at which stepping named the Keras model's word; None if not measured."""

    def __post_init__(self) -> None:
        if self.agreement is not None:
            check_between("agreement", (self.agreement,), 0, 1)


@frozen
class Convention:
    """Who says how the model's owner reads it: how texts are padded and cut, and where the answer is read."""

    from_: Literal["witness", "guessed", "run"]
    """The owner's own answers, nobody, or the training run itself."""
    text: str
    """What it is, in words; the spec has it in full."""
    answers: int
    """How many of the owner's answers it gives, word for word."""
    rival: str | None
    """A prompt at which another way to read the model, which gives the same answers, says something else."""
    says_unknown: bool
    """Whether the owner's loop says the token for unknown words."""
    file: str | None
    """The prompts and answers: JSON lines of `prompt` and `text`."""

    def __post_init__(self) -> None:
        if (self.from_ == "witness") != (self.answers > 0) or (self.from_ == "witness") != (self.file is not None):
            raise UsageError("a witness has answers and a file, and nothing else has")

    @property
    def line(self) -> str:
        """Who says so, in one line."""
        if self.rival is not None:
            return (
                f"guessed among several that give your {self.answers} answers: {self.text}; "
                f"add what your loop says after {self.rival!r} to --says"
            )
        if self.from_ == "witness":
            return f"proven by {self.answers} of your own answers: {self.text}"
        if self.from_ == "run":
            return f"read as it was trained: {self.text}"
        return f"guessed: {self.text}; give --says to have it proven"


@frozen
class Answer:
    """A prompt, and the text that the loop of the model's owner put behind it."""

    prompt: str
    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not isinstance(self.text, str):
            raise UsageError(f"says: give pairs of prompt and text, both str, not {self.prompt!r}, {self.text!r}")


# Infinity is what a broken file measures; no JSON holds it.
_FIDELITY_RANGES = {
    "positions": (0, 1 << 53),
    "max_logprob_difference": (0, math.inf),
    "top1_agreement": (0, 1),
    "perplexity": (0, math.inf),
    "perplexity_increase": (-100, math.inf),
}


@frozen
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

    def __post_init__(self) -> None:
        for key, (low, high) in _FIDELITY_RANGES.items():
            check_between(key, (getattr(self, key),), low, high)


@frozen
class Variant:
    """One model file: format and precision, and the engines on which it was measured."""

    file: str
    format: str
    precision: str
    size: int
    sha256: str
    verified: tuple[str, ...]
    """Package and version of each engine that it was measured on, as in `onnxruntime 1.31.1`."""
    weights_read_bytes: int
    """Bytes of weights that one run of the predicting graph must read, each once: the floor under its time."""
    fidelity: Fidelity
    self_test: tuple[float, ...]
    """This variant's log-probabilities of the self-test's ids, as the exporter's engine gave them."""

    def __post_init__(self) -> None:
        check_between("weights_read_bytes", (self.weights_read_bytes,), 0, 1 << 53)
        check_between("self_test", self.self_test, *LOGPROBS)


@frozen
class SelfTest:
    """A prompt, the Keras model's greedy ids after it, and their log-probabilities."""

    prompt: tuple[int, ...]
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.logprobs) != len(self.ids):
            raise UsageError("there is not one log-probability for each id")
        check_between("logprobs", self.logprobs, *LOGPROBS)


@frozen
class Manifest:
    """All of `manifest.json`."""

    format_version: int
    name: str
    created: str
    edgeword_version: str
    spec: Spec
    convention: Convention
    proof: Proof
    tokenizer: FileEntry
    files: tuple[FileEntry, ...]
    variants: tuple[Variant, ...]
    training: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    self_test: SelfTest

    def __post_init__(self) -> None:
        for key, ids in (("self_test.prompt", self.self_test.prompt), ("self_test.ids", self.self_test.ids)):
            check_below(self.spec.vocabulary, key, ids)

    def to_json(self) -> str:
        """The text of `manifest.json`, stable for equal manifests."""
        return spelled(json.dumps(record_dict(self), indent=1, ensure_ascii=False, allow_nan=False)) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read `manifest.json`; raises BundleError naming the key that does not fit."""
        try:
            data = parse_json(text)
            _check_version(data)
            return read_record(cls, data, "manifest")
        except RecordError as error:
            raise BundleError(f"manifest.json: {error}; export the bundle again") from None


def _check_version(data: Any) -> None:
    version: Any = data.get("format_version") if isinstance(data, dict) else None
    if is_int(version) and version > FORMAT_VERSION:
        raise BundleError(
            f"the bundle has format version {version} and this edgeword reads up to {FORMAT_VERSION}; "
            "pip install --upgrade edgeword"
        )
    if version != FORMAT_VERSION or not is_int(version):
        raise BundleError(f"manifest.json has no usable format_version (found {version!r}); is it a bundle?")

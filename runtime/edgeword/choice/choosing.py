"""The policy: which variant on which engine.

A bundle says one set of words wherever it runs: the most faithful precision in it that passes the self-test here, on
the engine that is fastest at that precision. `fastest` is the measured choice among all of them.
`EDGEWORD_SELF_TEST=0` leaves the trials out.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from edgeword.bundle.bundle import Bundle
from edgeword.choice.remembered import Trials
from edgeword.choice.trial import SELF_TEST_VARIABLE, Pair, Trial, load_untried
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import LoadedVariant, installed_engines
from edgeword.errors import EdgewordWarning, EngineError, MissingEngineError, UsageError
from edgeword.precisions import FLOAT32_ROUNDING_PERCENT, PRECISIONS, PrecisionName

FASTEST = "fastest"
PRECISION_CHOICES = ("auto", FASTEST, *PRECISIONS)
PrecisionChoice = Literal["auto", "fastest", PrecisionName]
"""The same, for type checkers and editors."""


def candidates(
    bundle: Bundle, engine: str = "auto", precision: str = "auto", max_perplexity_increase: float | None = None
) -> list[Pair]:
    """The (engine, variant) pairs that fit what was asked for, the most faithful precision first."""
    if precision not in PRECISION_CHOICES:
        raise UsageError(f"precision {precision!r} is not one of {', '.join(PRECISION_CHOICES)}")
    variants = bundle.manifest.variants
    order = list(PRECISIONS)
    limit = _limit(max_perplexity_increase)
    found = [
        (candidate, variant)
        for variant in sorted(variants, key=lambda v: order.index(v.precision))
        for candidate in installed_engines(engine)
        if variant.format == candidate.format
        and precision in ("auto", FASTEST, variant.precision)
        and variant.fidelity.perplexity_increase <= limit
    ]
    if not found:
        held = ", ".join(f"{v.format} {v.precision}" for v in variants)
        within = "" if limit == float("inf") else f", perplexity at most {max_perplexity_increase} % higher"
        raise UsageError(
            f"{bundle.path} has no variant for engine {engine}, precision {precision}{within}; it holds {held}"
        )
    return found


def _limit(max_perplexity_increase: float | None) -> float:
    """The largest increase that is let through, in percent."""
    if max_perplexity_increase is None:
        return float("inf")
    number = isinstance(max_perplexity_increase, int | float) and not isinstance(max_perplexity_increase, bool)
    if not number or not max_perplexity_increase >= 0:
        raise UsageError(
            f"max_perplexity_increase is {max_perplexity_increase!r}; give a percentage of at least 0, or None"
        )
    return max(max_perplexity_increase, FLOAT32_ROUNDING_PERCENT)


def choose(bundle: Bundle, pairs: Sequence[Pair], threads: int, precision: str) -> tuple[Pair, LoadedVariant]:
    """The pair to use, loaded; raises EngineError where none passes the self-test."""
    if os.environ.get(SELF_TEST_VARIABLE) == "0":
        return _first_verified(bundle, pairs, threads, precision)
    trials = Trials(bundle, threads)
    new: list[Trial] = []
    while True:
        best, tried = _best(trials, pairs, precision)
        new += tried
        engine, variant = best
        try:
            loaded = engine.open(bundle.read(variant), threads)
        except MissingEngineError as error:  # it could be imported when it was tried, and cannot now
            trials.missing[engine.name] = error
            continue
        _warn_of(new)
        return best, loaded


def _best(trials: Trials, pairs: Sequence[Pair], precision: str) -> tuple[Pair, list[Trial]]:
    """The pair to use, and the trials that it took to know; raises EngineError where none passes."""
    new: list[Trial] = []
    for group in _groups(pairs, precision):
        new += trials.run(group)
        best = _fastest(trials, group)
        if best is not None:
            return best, new
    raise _unusable([f"{trial.file}: {trial.refusal}" for trial in _made(trials, pairs)], trials.missing.values())


def preferred(trials: Trials, pairs: Sequence[Pair], precision: str = "auto") -> Pair | None:
    """The pair that is used, as far as the trials that were made tell; None where none has passed."""
    return next(filter(None, (_fastest(trials, group) for group in _groups(pairs, precision))), None)


def _made(trials: Trials, pairs: Sequence[Pair]) -> list[Trial]:
    return [trial for trial in map(trials.of, pairs) if trial is not None]


def _unusable(refusals: Sequence[str], missing: Collection[MissingEngineError]) -> EngineError:
    if missing and not refusals:
        return next(iter(missing))
    return EngineError(f"no variant can be used here: {'; '.join(refusals)}")


def _groups(pairs: Sequence[Pair], precision: str) -> Iterator[list[Pair]]:
    """The pairs among which speed decides: all for `fastest`, else those of one precision after the other."""
    if precision == FASTEST:
        yield list(pairs)
        return
    for name in dict.fromkeys(variant.precision for _, variant in pairs):
        yield [pair for pair in pairs if pair[1].precision == name]


def _fastest(trials: Trials, pairs: Sequence[Pair]) -> Pair | None:
    timed = [(trial.us_per_word, pair) for pair in pairs if (trial := trials.of(pair)) and trial.us_per_word]
    return min(timed, key=lambda row: row[0])[1] if timed else None


def _warn_of(trials: Sequence[Trial]) -> None:
    """Say, once and at the line that loads, what is refused; where nothing passes, the error says it."""
    for trial in trials:
        if trial.refusal:
            warnings.warn(f"{trial.file} is not used here: {trial.refusal}", EdgewordWarning, stacklevel=4)


def _first_verified(bundle: Bundle, pairs: Sequence[Pair], threads: int, precision: str) -> tuple[Pair, LoadedVariant]:
    """Without self-tests: the first pair that the exporter measured on the same engine package."""
    if precision == FASTEST:
        raise UsageError(f"precision {FASTEST!r} needs the trials that {SELF_TEST_VARIABLE}=0 leaves out; name one")
    refusals = []
    missing: list[MissingEngineError] = []
    for pair in pairs:
        variant = pair[1]
        try:
            loaded = load_untried(bundle, pair, threads)
            decoder_factory(loaded, bundle.spec)  # which refuses what is not the spec's
        except MissingEngineError as error:
            missing.append(error)
            continue
        except EngineError as error:
            refusals.append(f"{variant.file}: {error}")
            continue
        if variant.precision == "float32" or package(loaded.version) in map(package, variant.verified):
            return pair, loaded
        refusals.append(f"{variant.file}: it was not verified on {package(loaded.version)}, and {SELF_TEST_VARIABLE}=0")
    raise _unusable(refusals, missing)


def package(version: str) -> str:
    """The engine's package of `onnxruntime 1.31.1`."""
    return version.partition(" ")[0]

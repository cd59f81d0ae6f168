"""`edgeword verify`: digests, then the self-test on every engine that is installed here."""

from __future__ import annotations

import argparse

from edgeword.bundle.bundle import Bundle, listed_files
from edgeword.bundle.manifest import Variant
from edgeword.choice.apart import Trier
from edgeword.choice.choosing import candidates, package
from edgeword.choice.trial import Trial
from edgeword.cli.command import Command
from edgeword.cli.options import add_trust, trust_keywords, trusted_bundle
from edgeword.cli.terminal import show, tell_next
from edgeword.engines.quiet import native_stderr_to_null
from edgeword.errors import BundleError, GateError, MissingEngineError
from edgeword.language_model import load


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    add_trust(parser)


def _run(arguments: argparse.Namespace) -> int:
    bundle = trusted_bundle(arguments)
    _check_digests(bundle)
    show(*_signature(bundle))
    usable, broken = 0, 0
    with Trier(bundle, threads=1) as trier:
        for pair in candidates(bundle):
            try:
                with native_stderr_to_null():
                    trial = trier.trial(pair)
            except MissingEngineError as error:
                show(f"passed over  {pair[1].file}  {error}")
                continue
            show(_line(trial))
            usable += not trial.refusal
            broken += bool(trial.refusal) and _is_verified(pair[1], trial)
    other_words = _witness(bundle, arguments)
    if broken or other_words or not usable:
        raise GateError(_failure(broken, other_words))
    tell_next("generate", arguments.bundle, "a prompt")
    return 0


def _failure(broken: int, other_words: int) -> str:
    if broken:
        return "a variant fails on an engine that it was verified on"
    return "a variant says other words than the model's owner heard" if other_words else "no variant passes here"


def _witness(bundle: Bundle, arguments: argparse.Namespace) -> int:
    """Hold float32, which says the Keras model's words, against the owner's answers; how many engines fail."""
    answers = bundle.answers()
    failures = 0
    for engine, variant in candidates(bundle):
        if not answers or variant.precision != "float32":
            continue
        with native_stderr_to_null():
            failure = load(bundle.path, engine.name, "float32", **trust_keywords(arguments)).witness_failure()
        failures += failure is not None
        show(f"{'other words' if failure else 'witness':<13}{variant.file}  {failure or _given(len(answers))}")
    return failures


def _given(count: int) -> str:
    return f"gives {count} of {count} answers of the owner's own loop"


def _check_digests(bundle: Bundle) -> None:
    entries = listed_files(bundle.manifest)
    failures = []
    for entry in entries:
        try:
            bundle.read(entry)
        except BundleError as error:  # noqa: PERF203 (a handful of turns)
            failures.append(str(error))
    if failures:
        raise GateError("; ".join(failures))
    show(f"digests      {len(entries)} files are what was exported")
    for name in bundle.unlisted():
        show(f"unlisted     {name}  is no part of the bundle and was not opened")


def _signature(bundle: Bundle) -> list[str]:
    statement = bundle.statement()
    if statement is None:
        return []
    if bundle.trust is not None:
        return [f"signature    {statement.numbered}, made with the key of {bundle.trust.name}"]
    return [f"signature    {statement.numbered}, not checked; give --trusted-key FILE"]


def _line(trial: Trial) -> str:
    if trial.refusal:
        return f"refused      {trial.file}  {trial.refusal}"
    return f"passed       {trial.file}  {trial.version}  {trial.us_per_word:,.1f} µs a word"


def _is_verified(variant: Variant, trial: Trial) -> bool:
    """Whether the exporter measured the variant on this engine: then a refusal is a failure, not a precaution."""
    return package(trial.version) in map(package, variant.verified)


VERIFY = Command("verify", "check every file, and every engine installed here", _add_arguments, _run, ("demo/bundle",))

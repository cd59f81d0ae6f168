"""`edgeword info`: what a bundle holds."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from edgeword.bundle import Bundle
from edgeword.choice import SELF_TEST_VARIABLE, Trial, remembered
from edgeword.command import Command
from edgeword.commands.table import aligned
from edgeword.errors import EdgewordError
from edgeword.language_model import candidates
from edgeword.manifest import Manifest, Variant, Window


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument("--json", action="store_true", help="print the manifest")


def _run(arguments: argparse.Namespace) -> int:
    bundle = Bundle(arguments.bundle)
    manifest = bundle.manifest
    if arguments.json:
        print(manifest.to_json(), end="")
        return 0
    lines = [*_facts(manifest), "", *fidelity_table(manifest.variants), "", *_choice(bundle)]
    print("\n".join(lines))
    print(f'\nnext: edgeword generate {arguments.bundle} "a prompt"')
    return 0


def _facts(manifest: Manifest) -> list[str]:
    states = ", ".join(f"{state.name} {list(state.shape)}" for state in manifest.state) or "none"
    rows = {
        "name": manifest.name,
        "exported": f"{manifest.created} by edgeword {manifest.edgeword_version}",
        "vocabulary": f"{manifest.vocabulary:,} ids",
        "decode mode": f"{manifest.decode.mode} ({manifest.decode.reason})",
        "window": window_text(manifest.window),
        "state": states,
    }
    return [f"{key:<12} {value}" for key, value in rows.items()]


def _choice(bundle: Bundle) -> list[str]:
    """What `load` takes on this machine, and why."""
    if os.environ.get(SELF_TEST_VARIABLE) == "0":
        return [f"here: the first variant that was verified on its engine is taken, because {SELF_TEST_VARIABLE}=0"]
    try:
        pairs = candidates(bundle)
    except EdgewordError as error:
        return [f"here: {error}"]
    trials = remembered(bundle, pairs)
    if not trials:
        return ["here: not loaded yet; the first load tries each variant and takes the fastest that passes"]
    files = {trial.file for trial in trials}
    untried = [variant.file for _, variant in pairs if variant.file not in files]
    return [_taken(trials[0], bool(untried)), *map(_result, trials), *(f"  {file}  not tried yet" for file in untried)]


def _taken(best: Trial, is_partial: bool) -> str:
    if best.refusal:
        return "here: nothing that was tried passes the self-test"
    if is_partial:
        return f"here: {best.file} is the fastest so far of what passes the self-test"
    return f"here: {best.file} is taken, the fastest of what passes the self-test"


def _result(trial: Trial) -> str:
    return f"  {trial.file}  {trial.refusal or f'{trial.us_per_word:,.1f} µs a word on {trial.version}'}"


def window_text(window: Window) -> str:
    """The window in words."""
    return f"{window.length} tokens, padding {window.padding.side}" if window.length else "texts of any length"


_HEADER = (
    "format",
    "precision",
    "size",
    "top-1",
    "perplexity",
    "change",
    "largest difference",
    "verified on",
)


def fidelity_table(variants: Sequence[Variant]) -> list[str]:
    """Each variant beside the Keras model, as aligned lines of text."""
    return aligned([_HEADER, *(_row(variant) for variant in variants)])


def _row(variant: Variant) -> tuple[str, ...]:
    fidelity = variant.fidelity
    return (
        variant.format,
        variant.precision,
        f"{variant.size / 1e6:.2f} MB",
        f"{fidelity.top1_agreement:.1%}",
        f"{fidelity.perplexity:.2f}",
        f"{fidelity.perplexity_increase:+.3f} %",
        f"{fidelity.max_logprob_difference:.1e}",
        ", ".join(variant.verified),
    )


INFO = Command("info", "show what a bundle holds and how faithful it is", _add_arguments, _run)

"""`edgeword info`: what a bundle holds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from edgeword.bundle import Bundle
from edgeword.choice import remembered
from edgeword.command import Command
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
    try:
        trials = remembered(bundle, candidates(bundle))
    except EdgewordError as error:
        return [f"here: {error}"]
    if not trials:
        return ["here: not loaded yet; the first load tries each variant and takes the fastest that passes"]
    lines = (
        [f"here: {trials[0].file} is taken, the fastest of what passes the self-test"] if trials[0].us_per_word else []
    )
    for trial in trials:
        result = trial.refusal or f"{trial.us_per_word:,.1f} µs a word on {trial.version}"
        lines.append(f"  {trial.file}  {result}")
    return lines


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
    rows = [_HEADER, *(_row(variant) for variant in variants)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


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

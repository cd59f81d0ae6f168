"""`edgeword info`: what a bundle holds."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import Any

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.summary import fidelity_table
from edgeword.choice.choosing import FASTEST, candidates, preferred
from edgeword.choice.remembered import Trials
from edgeword.choice.trial import SELF_TEST_VARIABLE, Pair, Trial
from edgeword.cli.command import Command
from edgeword.cli.terminal import show, tell_next
from edgeword.errors import EdgewordError
from edgeword.records import record_dict, spelled


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument("--json", action="store_true", help="print the manifest, and what a signature says of itself")


def _run(arguments: argparse.Namespace) -> int:
    bundle = Bundle(arguments.bundle)
    manifest = bundle.manifest
    if arguments.json:
        print(spelled(json.dumps({**record_dict(manifest), **_signature(bundle)}, indent=1, ensure_ascii=False)))
        return 0
    lines = [*_facts(bundle), "", *fidelity_table(manifest.variants), "", *_choice(bundle)]
    show(*lines)
    tell_next("generate", arguments.bundle, "a prompt")
    return 0


def _signature(bundle: Bundle) -> dict[str, Any]:
    """What the signature says of itself, as JSON; null where there is none."""
    said = bundle.statement()
    return {"signature": None if said is None else {"key": said.key, "release": said.release, "checked": False}}


def _signature_line(bundle: Bundle) -> str:
    said = bundle.statement()
    if said is None:
        return "none"
    return f"{said.numbered}, says the key {said.key}; not checked here: edgeword verify --trusted-key FILE"


def _facts(bundle: Bundle) -> list[str]:
    manifest, spec = bundle.manifest, bundle.spec
    states = ", ".join(f"{state.name} {list(state.shape)}" for state in spec.states) or "none"
    rows = {
        "name": manifest.name,
        "exported": f"{manifest.created} by edgeword {manifest.edgeword_version}",
        "vocabulary": f"{spec.vocabulary:,} ids",
        "decode mode": f"{spec.decode.mode} ({manifest.proof.reason})",
        "convention": manifest.convention.line,
        "state": states,
        "signature": _signature_line(bundle),
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
    trials = Trials(bundle, threads=1)
    if not any(map(trials.of, pairs)):
        return [
            "here: not loaded yet; the first load tries the most faithful variants and takes the fastest that passes"
        ]
    best, fastest = (preferred(trials, pairs, precision) for precision in ("auto", FASTEST))
    return [
        _taken(best),
        *([f"here: {fastest[1].file} with --precision {FASTEST}"] if fastest else []),
        *_tried(trials, pairs),
    ]


def _taken(best: Pair | None) -> str:
    if best is None:
        return "here: nothing that was tried passes the self-test"
    return f"here: {best[1].file} is taken, the most faithful that passes the self-test, and the fastest of these"


def _tried(trials: Trials, pairs: Sequence[Pair]) -> list[str]:
    made = [(pair[1].file, trials.of(pair)) for pair in pairs]
    return [f"  {file}  {_result(trial) if trial else 'not tried yet'}" for file, trial in made]


def _result(trial: Trial) -> str:
    return trial.refusal or f"{trial.us_per_word:,.1f} µs a word on {trial.version}"


INFO = Command("info", "show what a bundle holds and how faithful it is", _add_arguments, _run, ("demo/bundle",))

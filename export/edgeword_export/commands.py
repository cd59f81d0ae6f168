"""The commands `export` and `demo`; tensorflow is imported when one of them runs."""

from __future__ import annotations

import argparse

from edgeword import interruption
from edgeword.bundle.summary import fidelity_table
from edgeword.cli.command import Command
from edgeword.cli.options import positive, utf8, warnings_as_lines
from edgeword.cli.terminal import complain, next_command, show
from edgeword.errors import GateError
from edgeword.padding import SIDES
from edgeword.precisions import FORMATS, PRECISIONS
from edgeword_export.scratch import scratch_folder
from edgeword_train.tensorflow_import import load_tensorflow


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _percentage(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage of at least 0")
    return value


def _add_export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a run folder, a .keras or a .h5 file")
    parser.add_argument("--out", required=True, metavar="BUNDLE", help="the folder to write; must not exist")
    parser.add_argument("--padding", choices=SIDES, default="pre", help="side that training padded; default: pre")
    parser.add_argument("--truncating", choices=SIDES, default="pre", help="side that training cut; default: pre")
    parser.add_argument(
        "--says", metavar="FILE", help="prompts with what your own loop answered: .jsonl, or tabs between"
    )
    parser.add_argument("--tokenizer", metavar="FILE", help="Keras' tokenizer.to_json(), edgeword's, or a word list")
    parser.add_argument("--window", type=positive, metavar="L", help="length of the padded window")
    parser.add_argument("--formats", type=_names, default=list(FORMATS), metavar="A,B", help=",".join(FORMATS))
    precisions = f"{','.join(PRECISIONS)} or all"
    parser.add_argument(
        "--precisions", type=_names, metavar="A,B", help=f"{precisions}; default: float32,dynamic-int8,int4"
    )
    parser.add_argument("--decode", choices=("auto", "step", "window"), default="auto")
    parser.add_argument("--eval", metavar="TEXT", help="measure on this text; default: held out from training")
    parser.add_argument("--max-perplexity-increase", type=_percentage, metavar="PERCENT", help="move the gates")
    parser.add_argument("--custom-objects", type=_names, default=[], metavar="MODULE:NAME", help="classes of your own")
    parser.add_argument("--name", help="the bundle's name; default: the folder's")


def _run_export(arguments: argparse.Namespace) -> int:
    with scratch_folder(), warnings_as_lines():
        return _export(arguments)


def _export(arguments: argparse.Namespace) -> int:
    load_tensorflow("export")
    from edgeword_export.exporting import export
    from edgeword_export.options import DEFAULT_PRECISIONS

    precisions = DEFAULT_PRECISIONS if arguments.precisions is None else arguments.precisions
    exported = export(
        arguments.model,
        arguments.out,
        tokenizer=arguments.tokenizer,
        window=arguments.window,
        padding=arguments.padding,
        truncating=arguments.truncating,
        says=arguments.says,
        formats=arguments.formats,
        precisions=precisions,
        decode=arguments.decode,
        eval=arguments.eval,
        max_perplexity_increase=arguments.max_perplexity_increase,
        custom_objects=arguments.custom_objects,
        name=None if arguments.name is None else utf8(arguments.name, "name"),
        report=_report,
    )
    interruption.ignore()
    manifest = exported.manifest
    show(manifest.convention.line)
    show(f"decode mode {manifest.spec.decode.mode}: {manifest.proof.reason}")
    show(*fidelity_table(manifest.variants))
    for failure in exported.failures:
        show(f"left out {failure}")
    asked_for = arguments.precisions is not None and "all" not in precisions
    if exported.failures and asked_for:
        held = ", ".join(dict.fromkeys(variant.precision for variant in manifest.variants))
        raise GateError(
            f"{arguments.out} is whole and holds {held}; exit code 1 because not all that --precisions asked for passed"
        )
    show(next_command("edgeword", "generate", arguments.out, "a prompt"))
    return 0


def _add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="keep the run and the bundle in this new folder")


def _run_demo(arguments: argparse.Namespace) -> int:
    with scratch_folder():
        load_tensorflow("export")
        from edgeword_export.demo import demo

        demo(arguments.out, _report)
    return 0


def _report(line: str) -> None:
    interruption.check()
    complain(line)


EXPORT = Command("export", "turn a Keras model into a bundle, proven", _add_export_arguments, _run_export)
DEMO = Command("demo", "train, export, generate and time, in a few minutes", _add_demo_arguments, _run_demo)

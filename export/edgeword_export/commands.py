"""The commands `export` and `demo`; tensorflow is imported when one of them runs."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from edgeword import interruption
from edgeword.bundle.summary import fidelity_table
from edgeword.cli.command import Command
from edgeword.cli.options import positive, utf8, warnings_as_lines
from edgeword.cli.terminal import complain, show, tell_next
from edgeword.errors import GateError
from edgeword.extras import require
from edgeword.padding import SIDES
from edgeword.precisions import FORMATS, PRECISIONS
from edgeword_export.checking import check_files
from edgeword_export.demo_folder import BUNDLE, PROMPT, check_place
from edgeword_export.options import DECODES, DEFAULT_PRECISIONS, ExportOptions
from edgeword_export.scratch import scratch_folder
from edgeword_train.tensorflow_import import load_tensorflow


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


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
    parser.add_argument("--formats", type=_names, default=FORMATS, metavar="A,B", help=",".join(FORMATS))
    precisions = f"{','.join(PRECISIONS)} or all"
    parser.add_argument(
        "--precisions",
        type=_names,
        metavar="A,B",
        help=f"{precisions}; default: {','.join(DEFAULT_PRECISIONS)}",
    )
    parser.add_argument("--decode", choices=DECODES, default="auto")
    parser.add_argument("--eval", metavar="TEXT", help="measure on this text; default: held out from training")
    parser.add_argument("--max-perplexity-increase", type=_percentage, metavar="PERCENT", help="move the gates")
    parser.add_argument("--custom-objects", type=_names, default=(), metavar="MODULE:NAME", help="classes of your own")
    parser.add_argument("--name", help="the bundle's name; default: the folder's")
    parser.add_argument("--license", metavar="NAME", help="for the model card: apache-2.0, cc-by-4.0, …")
    parser.add_argument(
        "--datasets",
        type=_names,
        default=(),
        metavar="A,B",
        help="for the model card: what it was trained on, by Hub name",
    )


def _run_export(arguments: argparse.Namespace) -> int:
    with scratch_folder(), warnings_as_lines():
        return _export(arguments)


def _export(arguments: argparse.Namespace) -> int:
    require("export")
    given = {field.name: getattr(arguments, field.name) for field in fields(ExportOptions)}
    for name in ("name", "license"):
        given[name] = None if given[name] is None else utf8(given[name], name)
    given["datasets"] = tuple(utf8(name, "data set") for name in given["datasets"])
    options = ExportOptions(**{name: value for name, value in given.items() if value is not None})
    check_files(arguments.model, arguments.out, options)
    load_tensorflow("export")
    from edgeword_export.exporting import export_with

    exported = export_with(arguments.model, arguments.out, options, _report)
    interruption.ignore()
    manifest = exported.manifest
    show(manifest.convention.line)
    show(f"decode mode {manifest.spec.decode.mode}: {manifest.proof.reason}")
    show(*fidelity_table(manifest.variants))
    for failure in exported.failures:
        show(f"left out {failure}")
    asked_for = arguments.precisions is not None and "all" not in options.precisions
    if exported.failures and asked_for:
        held = ", ".join(dict.fromkeys(variant.precision for variant in manifest.variants))
        raise GateError(
            f"{arguments.out} is whole and holds {held}; exit code 1 because not all that --precisions asked for passed"
        )
    tell_next("generate", arguments.out, "a prompt")
    return 0


def _add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="keep the run and the bundle in this folder")
    parser.add_argument("--force", action="store_true", help="replace what an earlier demo left in DIR")


def _run_demo(arguments: argparse.Namespace) -> int:
    require("export")
    if arguments.out is not None:
        check_place(arguments.out, replace=arguments.force)
    with scratch_folder():
        load_tensorflow("export")
        from edgeword_export.demo import demo

        demo(arguments.out, _report, replace=arguments.force)
    _tell_how_to_go_on(arguments.out)
    return 0


def _tell_how_to_go_on(folder: str | None) -> None:
    if folder is None:
        tell_next("train", "FILE.txt", "--out", "run")
    else:
        tell_next("generate", str(Path(folder) / BUNDLE), PROMPT, "-n", "8")


def _report(line: str) -> None:
    interruption.check()
    complain(line)


EXPORT = Command(
    "export",
    "turn a Keras model into a bundle, proven",
    _add_export_arguments,
    _run_export,
    ("model.keras --tokenizer tokenizer.json --says answers.jsonl --out bundle", "run --out bundle --formats tflite"),
)
DEMO = Command(
    "demo",
    "train, export, generate and time, in about a minute",
    _add_demo_arguments,
    _run_demo,
    ("--out demo", "--out demo --force"),
)

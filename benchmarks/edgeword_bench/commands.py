"""The command `edgeword benchmark`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edgeword.command import Command
from edgeword.commands.options import add_choice_of_variant, utf8
from edgeword.errors import GateError, InputFileError, UsageError
from edgeword.writing import check_output_file, write_file
from edgeword_bench.benchmarking import Interrupted, benchmark
from edgeword_bench.comparison import compare
from edgeword_bench.page import page
from edgeword_bench.results import Report
from edgeword_bench.tables import comparison_lines, report_lines


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", nargs="?")
    parser.add_argument("--json", metavar="FILE", help="write the figures, the raw times and the machine")
    parser.add_argument("--html", metavar="FILE", help="write a page with pictures, in one file")
    add_choice_of_variant(parser)
    parser.add_argument(
        "--compare", nargs=2, metavar=("A.json", "B.json"), help="instead: hold two results against each other"
    )
    parser.add_argument(
        "--fail-if-slower",
        type=_percent,
        metavar="PERCENT",
        help="exit 1 if a variant of B is slower than in A by more than this, beyond what chance would do",
    )


def _percent(text: str) -> float:
    """`5%` or `5` → 0.05."""
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage, as in 5%")
    return value / 100


def _run(arguments: argparse.Namespace) -> int:
    if arguments.compare:
        return _compare(arguments)
    if arguments.fail_if_slower is not None:
        raise UsageError("--fail-if-slower is for --compare A.json B.json; measure twice first")
    if arguments.bundle is None:
        raise UsageError("neither a bundle nor --compare A.json B.json; name the bundle to measure")
    _check_outputs(arguments)
    try:
        report = benchmark(
            arguments.bundle, arguments.engine, arguments.precision, arguments.threads, tell=_print_progress
        )
    except Interrupted as interruption:
        _publish(interruption.report, arguments)
        raise
    _publish(report, arguments)
    if not any(row.runs for row in report.results):
        raise GateError("no variant could be measured here")
    _print_next(arguments)
    return 0


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Find out now, not when all is measured."""
    files = [check_output_file(utf8(name, "file name")) for name in (arguments.json, arguments.html) if name]
    if len(files) == 2 and files[0].resolve() == files[1].resolve() and not files[0].is_char_device():
        raise UsageError(f"--json and --html both name {files[0]}; name two files")


def _publish(report: Report, arguments: argparse.Namespace) -> None:
    """Print first: a disk that is full by now loses the files, not the figures."""
    print("\n".join(report_lines(report)))
    for line in report.warnings:
        print(f"edgeword: WARNING: {line}", file=sys.stderr)
    if arguments.json:
        write_file(arguments.json, report.to_json().encode("utf-8"))
    if arguments.html:
        write_file(arguments.html, page(report).encode("utf-8"))


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr)


def _print_next(arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(f"next, after a change: edgeword benchmark --compare {arguments.json} NEW.json --fail-if-slower 5%")
    else:
        print(f"next: edgeword benchmark {arguments.bundle} --json result.json --html result.html")


def _compare(arguments: argparse.Namespace) -> int:
    unwanted = [name for name in ("bundle", "json", "html") if getattr(arguments, name) is not None]
    if unwanted:
        raise UsageError(f"--compare takes two results and no {unwanted[0]}; leave it out")
    comparison = compare(*map(_read, arguments.compare))
    print("\n".join(comparison_lines(comparison)))
    for line in comparison.warnings:
        print(f"edgeword: WARNING: {line}", file=sys.stderr)
    limit = arguments.fail_if_slower
    slower = [change.name for change in comparison.changes if limit is not None and change.is_slower_than(limit)]
    if slower:
        raise GateError(f"slower by more than {limit:.3g}: {', '.join(slower)}")
    print("next: edgeword benchmark BUNDLE --json FILE")
    return 0


def _read(name: str) -> Report:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise InputFileError(f"cannot read {name}: {error.strerror}; name a file of `benchmark --json`") from None
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8; name a file of `edgeword benchmark --json`") from None
    try:
        return Report.from_json(text)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


BENCHMARK = Command("benchmark", "measure the latency of every variant, or compare two results", _add_arguments, _run)

"""The command `edgeword benchmark`."""

from __future__ import annotations

import argparse
import contextlib
import functools
import sys
from collections.abc import Callable
from pathlib import Path

from edgeword import interruption
from edgeword.cli.command import Command
from edgeword.cli.options import add_choice_of_variant, add_trust, trust_keywords, utf8
from edgeword.cli.terminal import show, tell_next
from edgeword.errors import GateError, InputFileError, UsageError
from edgeword.files import check_output_file, write_file
from edgeword.input_files import RESULT, read_text
from edgeword_bench.benchmarking import Interrupted, benchmark
from edgeword_bench.report.extra import check_report_packages
from edgeword_bench.report.page import page
from edgeword_bench.report.tables import comparison_lines, report_lines
from edgeword_bench.results.comparison import Comparison, compare
from edgeword_bench.results.result import Report


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", nargs="?")
    parser.add_argument("--json", metavar="FILE", help="write the figures, the raw times and the machine")
    parser.add_argument("--html", metavar="FILE", help="write a page with pictures, in one file (extra: report)")
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")
    add_choice_of_variant(parser)
    add_trust(parser)
    parser.add_argument(
        "--from", dest="source", metavar="A.json", help="instead of measuring: show a result, of any machine"
    )
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
    way = _way(arguments)
    _check_outputs(arguments)
    return way(arguments)


def _way(arguments: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    """What is to be done; raises UsageError for options that do not go together."""
    if arguments.compare:
        _refuse(arguments, "--compare takes two results", "bundle", "source", "html")
        return _compare
    if arguments.fail_if_slower is not None:
        raise UsageError("--fail-if-slower is for --compare A.json B.json; measure twice first")
    if arguments.source is not None:
        _refuse(arguments, "--from shows a result", "bundle", "json")
        return _show
    if arguments.bundle is None:
        raise UsageError("neither a bundle nor --compare A.json B.json nor --from A.json; name the bundle to measure")
    return _measure


def _refuse(arguments: argparse.Namespace, what: str, *names: str) -> None:
    unwanted = [name for name in names if getattr(arguments, name) is not None]
    if unwanted:
        named = {"bundle": "bundle", "source": "--from"}.get(unwanted[0], f"--{unwanted[0]}")
        raise UsageError(f"{what} and no {named}; leave it out")


def _measure(arguments: argparse.Namespace) -> int:
    try:
        report = benchmark(
            arguments.bundle,
            arguments.engine,
            arguments.precision,
            arguments.threads,
            tell=_print_progress,
            **trust_keywords(arguments),
        )
    except Interrupted as interrupted:
        # One wish to stop is one: what was measured until then is written.
        interruption.ignore()
        _publish(interrupted.report, arguments)
        raise
    _publish(report, arguments)
    if not any(row.runs for row in report.results):
        raise GateError("no variant could be measured here")
    _print_next(arguments)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    _publish(_read(arguments.source), arguments)
    return 0


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Find out now, not when all is measured."""
    named = [name for name in (arguments.json, arguments.html) if name is not None]
    for name in named:
        utf8(name, "file name")
    files = [check_output_file(name) for name in named]
    bundle = Path(arguments.bundle).resolve() if arguments.bundle else None
    for file in files:
        if bundle in file.resolve().parents:
            raise UsageError(f"{file} would be a file of the bundle; name one outside of it")
        if file.is_file() and not arguments.force:
            raise InputFileError(f"{file} exists; name another file, or replace it with --force")
    if len(files) == 2 and files[0].resolve() == files[1].resolve() and not files[0].is_char_device():
        raise UsageError(f"--json and --html both name {files[0]}; name two files")
    if arguments.html is not None:
        check_report_packages()


def _publish(report: Report, arguments: argparse.Namespace) -> None:
    """Write each file, whatever becomes of the other, then print."""
    written = [(arguments.json, report.to_json)] if arguments.json else []
    written += [(arguments.html, functools.partial(page, report))] if arguments.html else []
    failures = []
    for name, content in written:
        try:
            write_file(name, content().encode("utf-8"))
        except InputFileError as error:  # noqa: PERF203 (two turns)
            failures.append(error)
    show(*report_lines(report))
    for line in report.warnings:
        _print_progress(f"edgeword: WARNING: {line}")
    if failures:
        raise failures[0]


def _print_progress(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads it: that is no reason to stop measuring
        show(line, to=sys.stderr)


def _print_next(arguments: argparse.Namespace) -> None:
    if arguments.json:
        line = ["--compare", arguments.json, "NEW.json", "--fail-if-slower", "5%"]
        tell_next("benchmark", *line, after=", after a change")
    else:
        tell_next("generate", arguments.bundle, "a prompt", "--precision", "fastest")


def _compare(arguments: argparse.Namespace) -> int:
    comparison = compare(*map(_read, arguments.compare))
    if arguments.json:
        write_file(arguments.json, comparison.to_json().encode("utf-8"))
    show(*comparison_lines(comparison))
    for line in comparison.warnings:
        _print_progress(f"edgeword: WARNING: {line}")
    if arguments.fail_if_slower is not None:
        _check_speed(comparison, arguments.fail_if_slower)
    return 0


def _check_speed(comparison: Comparison, limit: float) -> None:
    """Raise GateError for what is slower, and for what cannot be told: a variant that is gone did not stay as fast."""
    slower = [change.name for change in comparison.slower_than(limit)]
    if slower:
        raise GateError(f"slower by more than {limit:.3g}: {', '.join(slower)}")
    if comparison.not_told:
        raise GateError(f"not to be told whether it is slower: {'; '.join(comparison.not_told)}")


def _read(name: str) -> Report:
    text = read_text(name, RESULT)
    try:
        return Report.from_json(text)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


BENCHMARK = Command(
    "benchmark",
    "measure the latency of every variant, or compare two results",
    _add_arguments,
    _run,
    (
        "demo/bundle --json before.json --html page.html",
        "--compare before.json after.json --fail-if-slower 5%",
    ),
)

"""The command `edgeword train`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from edgeword import interruption
from edgeword.cli.command import Command
from edgeword.cli.terminal import complain, own_command, show, tell_next
from edgeword.errors import UsageError
from edgeword.tokenizers.markers import MARKERS
from edgeword_train.data.corpora.built_in import CORPORA
from edgeword_train.data.reading_bar import ReadingBar, warnings_on
from edgeword_train.fitting.plan import Plan, format_plan
from edgeword_train.fitting.progress import ProgressPrinter, Watch
from edgeword_train.options import CELL_NAMES, LARGEST_DROPOUT, TOKEN_LEVELS, TrainingOptions
from edgeword_train.presets import PRESETS, with_preset
from edgeword_train.run.folder import Run, is_finished, is_started
from edgeword_train.run.records import FinishedRun
from edgeword_train.training import resume, train_with

_DEFAULTS = TrainingOptions()

# Flag, type, what stands for the value, help. The options check the ranges themselves.
_NUMBERS = (
    ("layers", int, "N", "recurrent layers"),
    ("units", int, "N", "units of each recurrent layer"),
    ("embedding", int, "N", "width of the embedding"),
    ("projection", int, "N", "width of the recurrent projection; without it, none (projected-lstm: half the units)"),
    ("vocab-size", int, "N", "number of ids, padding and the OOV token among them; without it, all words"),
    ("window", int, "L", "tokens through which a step of training looks back; the state is carried further"),
    ("epochs", int, "N", "most epochs; early stopping may end before"),
    ("batch", int, "N", "streams that are read side by side (32, and fewer for a small corpus)"),
    ("dropout", float, "P", f"share of activations left out in training, 0 to {LARGEST_DROPOUT}"),
    ("recurrent-dropout", float, "P", "share of recurrent connections left out in training"),
    ("embedding-dropout", float, "P", "share of the words that are not read in training"),
    ("weight-drop", float, "P", "share of the recurrent weights left out in training"),
    ("learning-rate", float, "R", "of Adam, at its peak"),
    ("patience", int, "N", "epochs without a better held-out perplexity after which training ends (3)"),
    ("seed", int, "N", "equal seeds give equal models"),
)
_FLAGS = (
    ("tie-embeddings", "one table for reading and naming words"),
    ("memorize", "learn the text by heart, at the price of a worse perplexity on any other text"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `edgeword train`. What is not given is left to the preset and the options."""
    names = " or ".join(CORPORA)
    parser.add_argument(
        "texts",
        nargs="*",
        metavar="TEXT",
        help=f"UTF-8 text (.txt, .jsonl, .gz), folders of it, - (standard input), or a built-in corpus: {names}",
    )
    parser.add_argument("--out", metavar="RUN", help="the folder to be written")
    parser.add_argument("--preset", choices=tuple(PRESETS), help="a model of a size that is worth shipping")
    _add_choice(parser, "cell", CELL_NAMES, "kind of recurrent layer")
    _add_choice(parser, "tokens", TOKEN_LEVELS, "what a token is")
    _add_choice(parser, "markers", MARKERS, "what becomes of markers like <unk> in the text")
    parser.add_argument(
        "--field",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="the field of JSON lines that holds the text (default text)",
    )
    parser.add_argument(
        "--eval",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="measure on this text (default: 5 %% of the lines are held out)",
    )
    for flag, kind, value, text in _NUMBERS:
        shown = _shown(flag)
        parser.add_argument(f"--{flag}", type=kind, metavar=value, default=argparse.SUPPRESS, help=text + shown)
    for flag, text in _FLAGS:
        parser.add_argument(f"--{flag}", action="store_true", default=argparse.SUPPRESS, help=text)
    parser.add_argument("--resume", metavar="RUN", help="go on with a training; needs nothing else")
    parser.add_argument("--finish", action="store_true", help="with --resume: keep the best epoch so far, and end")


def _add_choice(parser: argparse.ArgumentParser, name: str, choices: tuple[str, ...], text: str) -> None:
    parser.add_argument(f"--{name}", choices=choices, default=argparse.SUPPRESS, help=text + _shown(name))


def _shown(flag: str) -> str:
    default = getattr(_DEFAULTS, flag.replace("-", "_"))
    return "" if default is None else f" (default {default})"


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """The options that the command line names."""
    names = [field.name for field in fields(TrainingOptions)]
    return {name: getattr(args, name) for name in names if hasattr(args, name)}


def run_train(args: argparse.Namespace) -> int:
    """Train, and print where the run is and how good its model is."""
    _check(args)
    out = Path(args.resume or args.out)
    if is_finished(out):
        complain(f"{out} is finished already; nothing to continue")
    try:
        run = _trained(args, out)
    except KeyboardInterrupt:
        interruption.ignore()
        complain(_interruption(out))
        return interruption.EXIT_CODE
    show(*format_result(run))
    tell_next("export", str(run.path), "--out", f"{run.path}-bundle")
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.resume is None:
        if args.finish:
            raise UsageError("--finish ends a run that was begun; name it with --resume RUN")
        if args.out is None:
            raise UsageError("give the folder to be written, with --out RUN, or a run to go on with, with --resume RUN")
    elif args.texts or args.out or args.preset or given_options(args):
        raise UsageError("--resume RUN knows its options and its texts; give nothing beside it but --finish")


def _trained(args: argparse.Namespace, out: Path) -> Run:
    with warnings_on(sys.stderr), ReadingBar(sys.stderr) as bar:
        watch = Watch(bar.draw, _announce, ProgressPrinter(sys.stderr))
        if args.resume:
            return resume(out, finish=args.finish, watch=watch)
        return train_with(with_preset(args.preset, given_options(args)), args.texts, out, watch=watch)


def _announce(plan: Plan) -> None:
    show(*format_plan(plan).splitlines(), to=sys.stderr)


def format_result(run: Run) -> tuple[str, ...]:
    """The run in three lines."""
    path, record = str(run.path), run.record
    size = f"{record.parameters:,} parameters, vocabulary {record.vocabulary:,}, window {record.window}"
    effort = f"epoch {record.kept_epoch} of {record.epochs} is kept; {record.seconds:.0f} s"
    return (
        f"run: {path}  ({size})",
        f"trained: {effort}, {record.words_per_second:,.0f} words/s",
        f"perplexity: train {record.perplexity.train:.1f}, held out {record.perplexity.held_out:.1f}{_price(record)}",
    )


def _price(record: FinishedRun) -> str:
    if not record.options.memorize or record.best_perplexity >= record.perplexity.held_out:
        return ""
    return f"; learnt by heart: epoch {record.best_epoch} had {record.best_perplexity:.1f} on held-out text"


def _interruption(out: Path) -> str:
    if is_started(out):
        command = own_command("train", "--resume", str(out))
        return f"interrupted; go on after the last whole epoch with: {command} (--finish keeps the best so far)"
    return "interrupted before the training began; nothing was written"


TRAIN = Command(
    "train",
    "train a next-word model on text",
    add_arguments,
    run_train,
    ("book.txt --out run --preset tiny", "primer --out run --memorize", "--resume run"),
)

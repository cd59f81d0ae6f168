"""The command `edgeword train`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from edgeword import interruption
from edgeword.cli.command import Command
from edgeword.cli.terminal import complain, next_command, show
from edgeword_train.data.corpora.built_in import CORPORA
from edgeword_train.fitting.progress import ProgressPrinter
from edgeword_train.options import CELL_NAMES, LARGEST_DROPOUT, TOKEN_LEVELS, TrainingOptions
from edgeword_train.run.folder import Run, is_finished, is_started
from edgeword_train.training import train_with

INTERRUPTED = 130

_DEFAULTS = TrainingOptions()

# Flag, type, what stands for the value, help. The options check the ranges themselves.
_NUMBERS = (
    ("layers", int, "N", "recurrent layers"),
    ("units", int, "N", "units of each recurrent layer"),
    ("embedding", int, "N", "width of the embedding"),
    (
        "projection",
        int,
        "N",
        "width of the recurrent projection of projected-lstm; without it, half the units",
    ),
    ("vocab-size", int, "N", "number of ids, padding and the OOV token among them; without it, all words"),
    ("window", int, "L", "tokens through which the state is carried in training"),
    ("epochs", int, "N", "most epochs; early stopping may end before"),
    ("batch", int, "N", "windows in one step of the optimizer (default 32, fewer for a small corpus)"),
    ("dropout", float, "P", f"share of activations left out in training, 0 to {LARGEST_DROPOUT}"),
    ("recurrent-dropout", float, "P", "share of recurrent connections left out in training"),
    ("seed", int, "N", "equal seeds give equal models"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `edgeword train`."""
    names = " or ".join(CORPORA)
    parser.add_argument("texts", nargs="+", metavar="TEXT", help=f"a UTF-8 text file, or a built-in corpus: {names}")
    parser.add_argument("--out", required=True, metavar="RUN", help="the folder to be written")
    _add_choice(parser, "cell", CELL_NAMES, "kind of recurrent layer")
    _add_choice(parser, "tokens", TOKEN_LEVELS, "what a token is")
    for flag, kind, value, text in _NUMBERS:
        default = getattr(_DEFAULTS, flag.replace("-", "_"))
        shown = "" if default is None else " (default %(default)s)"
        parser.add_argument(f"--{flag}", type=kind, metavar=value, default=default, help=text + shown)
    parser.add_argument("--tie-embeddings", action="store_true", help="one table for reading and naming words")
    parser.add_argument("--resume", action="store_true", help="continue a training that was interrupted")


def _add_choice(parser: argparse.ArgumentParser, name: str, choices: tuple[str, ...], text: str) -> None:
    parser.add_argument(
        f"--{name}", choices=choices, default=getattr(_DEFAULTS, name), help=f"{text} (default %(default)s)"
    )


def run_train(args: argparse.Namespace) -> int:
    """Train, and print where the run is and how good its model is."""
    out = Path(args.out)
    if args.resume and is_finished(out):
        complain(f"{out} is finished already; nothing to continue")
    options = replace(_DEFAULTS, **{name: getattr(args, name) for name in _DEFAULTS.to_dict() if hasattr(args, name)})
    try:
        run = train_with(options, args.texts, out, resume=args.resume, progress=ProgressPrinter(sys.stderr))
    except KeyboardInterrupt:
        interruption.ignore()
        print(_interruption(out), file=sys.stderr)
        return INTERRUPTED
    show(*format_result(run))
    return 0


def format_result(run: Run) -> tuple[str, ...]:
    """The run in four lines, the last of which names the next command."""
    path, record = str(run.path), run.record
    size = f"{record.parameters:,} parameters, vocabulary {record.vocabulary:,}, window {record.window}"
    effort = f"epoch {record.kept_epoch} of {record.epochs} is kept; {record.seconds:.0f} s"
    aside = "" if record.kept_epoch == record.best_epoch else "; a text this short is learnt by heart"
    return (
        f"run: {path}  ({size})",
        f"trained: {effort}, {record.words_per_second:,.0f} words/s",
        f"perplexity: train {record.perplexity.train:.1f}, held out {record.perplexity.held_out:.1f}{aside}",
        next_command("edgeword", "export", path, "--out", f"{path}-bundle"),
    )


def _interruption(out: Path) -> str:
    if is_started(out):
        return "edgeword: interrupted; the same command with --resume goes on after the last whole epoch"
    return "edgeword: interrupted before the training began; nothing was written"


TRAIN = Command("train", "train a next-word model on text", add_arguments, run_train)

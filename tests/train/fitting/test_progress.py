"""The line of progress: what it says, and where it grows in place."""

from __future__ import annotations

import io

import pytest

from edgeword_train.fitting import progress
from edgeword_train.fitting.progress import Progress, ProgressPrinter, format_progress, silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "live"), [(io.StringIO(), False), (Terminal(), True)])
def test_a_line_grows_in_place_only_on_a_terminal(stream: io.StringIO, live: bool) -> None:
    printer = ProgressPrinter(stream)
    printer(Progress(3, 20, 0.5, 46.2, 5200.0, 2.0))
    printer(Progress(3, 20, 1.0, 45.1, 5100.0, 4.0, held_out=80.2, top3=0.305))
    printed = stream.getvalue()
    assert printed.endswith(
        "epoch 3/20  perplexity 45.1 (held out 80.2, top-3 30%)  5,100 words/s  at most 68 s left\n"
    )
    assert printed.count("\n") == 1
    assert ("epoch 3/20  perplexity 46.2 (50%)  5,200 words/s  at most 70 s left" in printed) == live
    assert ("\r" in printed) == live


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            Progress(3, 20, 0.5, 46.24, 5234.4, 60),
            "epoch 3/20  perplexity 46.2 (50%)  5,234 words/s  at most 35 min left",
        ),
        (
            Progress(1, 2, 1.0, 9.0, 8.0, 9000, held_out=80.25, top3=0.3),
            "epoch 1/2  perplexity 9.0 (held out 80.2, top-3 30%)  8 words/s  at most 2.5 h left",
        ),
    ],
)
def test_a_report_is_one_line(report: Progress, line: str) -> None:
    assert format_progress(report) == line


def test_a_terminal_is_redrawn_no_more_often_than_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.0, 100.05, 100.2, 100.2])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    terminal = Terminal()
    printer = ProgressPrinter(terminal)
    for done in (0.1, 0.2, 0.3):
        printer(Progress(1, 1, done, 9.0, 100.0, 1.0))
    assert [f"({done}%)" in terminal.getvalue() for done in (10, 20, 30)] == [True, False, True]


def test_silence_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    silent(Progress(1, 1, 1.0, 9.0, 100.0, 1.0))
    assert capfd.readouterr() == ("", "")

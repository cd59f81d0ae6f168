"""The command with little effort, and every report that a page may have to show."""

import pytest

import edgeword_bench.commands
from edgeword.cli.main import main
from edgeword_bench import Effort, benchmark
from edgeword_bench.results.result import Report
from tests.benchmarks.shown import REPORTS


@pytest.fixture(params=REPORTS, ids=lambda name: name.replace(" ", "-"))
def any_report(request) -> Report:
    return REPORTS[request.param]


QUICK = Effort(processes=2, turns=2, words=80, turn_s=0, least_s=0, cold_starts=1)


@pytest.fixture
def quick(monkeypatch):
    """The command with little effort."""

    def run(*given, **options):
        return benchmark(*given, **options, effort=QUICK)

    monkeypatch.setattr(edgeword_bench.commands, "benchmark", run)


@pytest.fixture
def run(quick, step_bundle, capsys):
    """Run `benchmark` on a line in which STEP stands for the bundle: exit code, standard output, standard error."""

    def run_line(*words: str) -> tuple[int, str, str]:
        code = main(["benchmark", *(str(step_bundle) if word == "STEP" else str(word) for word in words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_line

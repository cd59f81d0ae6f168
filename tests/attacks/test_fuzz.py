"""Some cases of the fuzzer; `make fuzz` goes on for an hour, or for EDGEWORD_FUZZ_SECONDS."""

from __future__ import annotations

import faulthandler
import os
import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.attacks.fuzz.cases import CASES, Case, engine_file
from tests.attacks.fuzz.ground import Ground

SECONDS = float(os.environ.get("EDGEWORD_FUZZ_SECONDS", "0"))
# The first case's number: whichever fails says its own, from which it can be had again.
FIRST = int(os.environ.get("EDGEWORD_FUZZ_FIRST", "0"))
# No case takes longer, wherever it hangs: past it the process says where it stands, and ends.
LONGEST_SECONDS = 180
MOST_MEMORY = 16 << 30
# Then it is enough to look at.
MOST_WRONG = 20

pytestmark = [
    pytest.mark.filterwarnings("error"),  # it would be a line on standard error that is none of edgeword's
    pytest.mark.filterwarnings("ignore::edgeword.EdgewordWarning"),
]


@pytest.fixture(scope="module")
def ground(tmp_path_factory) -> Ground:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return Ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(autouse=True)
def folder_of_their_own(ground, monkeypatch):
    """A command may be told to write `the cell`."""
    monkeypatch.chdir(ground.folder)


def outcome(case: Case, number: int, ground: Ground) -> str:
    """Of one case; whatever goes wrong names it."""
    try:
        return case(random.Random(number), ground)  # noqa: S311
    except Exception as error:
        error.add_note(f"{case.__name__} {number}")
        raise


def numbers_in_time() -> Iterator[int]:
    ends, number = time.monotonic() + SECONDS, FIRST
    while time.monotonic() < ends:
        yield number
        number += 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_some_cases(ground, case):
    assert {outcome(case, number, ground) for number in range(1 if case is engine_file else 8)}


@pytest.mark.skipif(not SECONDS, reason="make fuzz")
def test_cases_for_a_while(ground, capsys):
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    found: Counter[tuple[str, str]] = Counter()
    wrong: list[Exception] = []
    kinds = [case for case, share in CASES.items() for _ in range(share)]
    begun = ground.folder / "case"
    for number in numbers_in_time():
        case = random.Random(number).choice(kinds)  # noqa: S311
        begun.write_text(f"{case.__name__} {number}", encoding="utf-8")  # for whoever asks what a dead process did
        faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True, file=sys.__stderr__)
        try:
            found[case.__name__, outcome(case, number, ground)] += 1
        except Exception as error:
            wrong.append(error)
            with capsys.disabled():
                traceback.print_exception(error)
        if found.total() % 20_000 == 0:
            say(found, capsys)
        if len(wrong) == MOST_WRONG:
            break
    faulthandler.cancel_dump_traceback_later()
    say(found, capsys)
    assert not wrong


def say(found: Counter[tuple[str, str]], capsys) -> None:
    with capsys.disabled():
        print(f"\n{found.total():,} cases")
        for (case, came), count in sorted(found.items()):
            print(f"  {case:<16}{came:<18}{count:>12,}", flush=True)

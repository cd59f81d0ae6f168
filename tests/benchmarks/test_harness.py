"""The harness: rounds of fresh processes, and who is given up when one dies."""

from edgeword.errors import EngineError
from edgeword_bench import Effort
from edgeword_bench.measuring import harness
from edgeword_bench.measuring.harness import Harness
from edgeword_bench.measuring.subject import Group, ProcessTimes, Subject, SubjectTimes, Turn

EFFORT = Effort(processes=3, turns=1, words=6, least_s=0)


def group(*names, **environment):
    return Group(tuple(Subject(name, "module:function", {}) for name in names), environment)


def timed(monkeypatch, groups, *, dies=lambda names: "", reasons=lambda names: {}, effort=EFFORT, beside=lambda: False):
    """A harness that ran; `dies` says of what the process of these subjects dies. The requests are beside it."""
    asked = []

    def in_process(request, environment):
        names = {subject.name for subject in request.subjects}
        asked.append((request, environment))
        if why := dies(names):
            raise EngineError(why)
        times = (SubjectTimes(name, {}, 9, True, (Turn((1.0, 2.0)),)) for name in sorted(names - reasons(names).keys()))
        return ProcessTimes(tuple(times), reasons(names), 1e-4)

    monkeypatch.setattr(harness, "time_in_process", in_process)
    found = Harness(groups, effort, lambda _line: None)
    found.run(beside)
    return found, asked


def test_each_group_has_its_processes_and_its_environment(monkeypatch):
    found, asked = timed(monkeypatch, [group("a", "b", THREADS="1"), group("c")])
    assert {name: len(times) for name, times in found.times.items()} == {"a": 3, "b": 3, "c": 3}
    assert len(asked) == 6
    alone = [environment for request, environment in asked if len(request.subjects) == 2]
    assert alone == [{"THREADS": "1"}] * 3
    assert len(found.references_us) == 6


def test_later_processes_are_asked_for_the_words_of_the_first(monkeypatch):
    _, asked = timed(monkeypatch, [group("a")])
    assert [request.words_a_turn for request, _ in asked] == [{}, {"a": 9}, {"a": 9}]
    assert len({request.seed for request, _ in asked}) == 3


def test_a_process_that_died_once_is_made_up_for(monkeypatch):
    deaths = iter(["the process died of SIGSEGV"])
    found, _ = timed(monkeypatch, [group("a", "b")], dies=lambda names: next(deaths, ""))
    assert {name: len(times) for name, times in found.times.items()} == {"a": 3, "b": 3}
    assert found.failures == ["the process died of SIGSEGV"]


def test_who_dies_alone_is_given_up_and_the_others_are_timed(monkeypatch):
    found, _ = timed(monkeypatch, [group("a", "b"), group("c")], dies=lambda names: "dead" if "b" in names else "")
    assert found.reasons == {"b": "dead"}
    assert {name: len(times) for name, times in found.times.items()} == {"a": 3, "c": 4}


def test_who_says_why_not_is_given_up_without_its_times(monkeypatch):
    found, _ = timed(monkeypatch, [group("a", "b")], reasons=lambda names: {"b": "no library"} if "b" in names else {})
    assert found.reasons == {"b": "no library"}
    assert {name: len(times) for name, times in found.times.items()} == {"a": 3}


def test_processes_that_die_of_nobody_in_particular_are_given_up(monkeypatch):
    found, asked = timed(monkeypatch, [group("a", "b")], dies=lambda names: "dead" if len(names) == 2 else "")
    assert found.failures == ["dead"] * 5
    assert found.times == {"a": [], "b": []}
    assert len(asked) == 15


def test_what_is_done_beside_goes_on_until_it_is_done(monkeypatch):
    calls = []
    _, asked = timed(monkeypatch, [group("a")], beside=lambda: calls.append(1) or len(calls) < 7)
    assert (len(asked), len(calls)) == (3, 7)


def test_processes_go_on_for_their_time_but_not_for_ever(monkeypatch):
    _, asked = timed(monkeypatch, [group("a")], effort=Effort(processes=2, least_s=1e9, most_processes=6))
    assert len(asked) == 6

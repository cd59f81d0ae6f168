"""One model for many: threads, pickles, processes, and its end."""

from __future__ import annotations

import copy
import os
import pickle
import random
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pytest

import edgeword
from edgeword import BundleError, LanguageModel, UsageError
from edgeword.choice.choosing import PRECISION_CHOICES, PrecisionChoice
from edgeword.engines.engine import ENGINES, EngineChoice, EngineName
from edgeword.precisions import PRECISIONS, PrecisionName
from tests import tiny
from tests.golden import greedy_of
from tests.runtime.changed import edit_manifest

ROOT = Path(__file__).parents[2]
# So long do eight threads type; twenty seconds show more than a test may take.
TYPING_S = float(os.environ.get("EDGEWORD_TYPING_SECONDS", "0"))
LEAST_TEXTS = 6


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    return request.param


@pytest.fixture
def lm(bundle: Path, engine: EngineName) -> LanguageModel:
    return edgeword.load(bundle, engine, "float32")


def unpickled(content: bytes) -> LanguageModel:
    return pickle.loads(content)  # noqa: S301 (of our own)


def test_what_type_checkers_know_is_what_there_is():
    assert get_args(EngineName) == tuple(ENGINES)
    assert get_args(EngineChoice) == ("auto", *ENGINES)
    assert get_args(PrecisionName) == tuple(PRECISIONS)
    assert get_args(PrecisionChoice) == PRECISION_CHOICES


def test_a_model_says_what_it_is(bundle, lm, engine):
    facts = f"engine={engine!r}, precision='float32', decode='step', vocabulary=42"
    assert repr(lm) == f"LanguageModel({str(bundle)!r}, {facts})"
    lm.close()
    assert repr(lm) == f"LanguageModel({str(bundle)!r}, {facts}, closed=True)"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda lm: unpickled(pickle.dumps(lm))])
def test_a_copy_is_another_model_of_the_same_words(lm, copied):
    other = copied(lm)
    lm.close()
    assert (other.engine, other.precision, other.variant) == (lm.engine, lm.precision, lm.variant)
    assert other.generate("the cell", 30).ids == greedy_of("step").ids
    assert other.load_ms != lm.load_ms


def test_a_pickle_holds_no_weights_and_finds_its_bundle_from_anywhere(bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(bundle.parent)
    content = pickle.dumps(edgeword.load(bundle.name, "onnx", "dynamic-int8", threads=2))
    assert len(content) < 1000
    monkeypatch.chdir("/")
    other = unpickled(content)
    assert (other.engine, other.precision) == ("onnx", "dynamic-int8")
    assert pickle.dumps(other) == content


def test_a_bundle_that_changed_is_not_loaded_again(bundle, lm):
    content = pickle.dumps(lm)
    edit_manifest(bundle, lambda data: data.update(name="another"))
    with pytest.raises(BundleError, match="has changed since the model was loaded; load it again"):
        unpickled(content)
    assert len(lm.generate("the", 3).ids) == 3
    shutil.rmtree(bundle)
    with pytest.raises(BundleError, match="is no bundle"):
        unpickled(content)


ASKED = {
    "generate": lambda lm, session: lm.generate("the"),
    "stream": lambda lm, session: lm.stream("the"),
    "suggest": lambda lm, session: lm.suggest("the"),
    "score": lambda lm, session: lm.score("the cell"),
    "session": lambda lm, session: lm.session("the"),
    "decoder": lambda lm, session: lm.decoder(),
    "witness": lambda lm, session: lm.witness_failure(),
    "pickle": lambda lm, session: pickle.dumps(lm),
    "a session's feed": lambda lm, session: session.feed("x"),
    "a session's suggest": lambda lm, session: session.suggest(),
    "a session's generate": lambda lm, session: session.generate(),
    "a session's rewind": lambda lm, session: session.rewind(0),
    "a session's snapshot": lambda lm, session: session.snapshot(),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_closed_model_answers_nothing(step_bundle, ask):
    with edgeword.load(step_bundle, "litert", "float32") as lm:
        session = lm.session("the cell ")
        session.suggest()
        stream = lm.stream("the")
        next(stream)
        ask(lm, session)
    lm.close()
    for asked in (lambda: ask(lm, session), lambda: next(stream)):
        with pytest.raises(UsageError, match=r"the model is closed.*edgeword\.load"):
            asked()


def test_closing_waits_for_the_words_that_are_being_said(step_bundle):
    lm = edgeword.load(step_bundle, "litert", "float32")
    with ThreadPoolExecutor(1) as pool:
        words = pool.submit(lm.generate, "the cell", 20_000)
        while not lm._shared.lock().locked() and not words.done():
            time.sleep(0.001)
        lm.close()
        assert len(words.result().ids) == 20_000


def typed(seed: int) -> list[str]:
    """Some texts as they are typed: pieces of a few letters."""
    dice = random.Random(seed)  # noqa: S311 (no secret)
    words = [*" ".join(tiny.LINES).split(), "zebra", "The"]
    text = " ".join(dice.choices(words, k=25)) + dice.choice(["", " ", "."])
    cuts = sorted(dice.sample(range(1, len(text)), 20))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def type_texts(shared: LanguageModel, own: LanguageModel, seed: int, until: float) -> int:
    """Type texts into sessions of a shared model, hold each answer against a model of one's own; how many answers."""
    answers, texts = 0, 0
    while texts < LEAST_TEXTS or time.monotonic() < until:
        session, expected = shared.session(), own.session()
        for number, piece in enumerate(typed(seed + 1000 * texts)):
            session.feed(piece)
            expected.feed(piece)
            if number % 7 == 3:
                assert session.generate(6).ids == expected.generate(6).ids
                session = shared.session(session.snapshot())
            if number % 5 == 4:
                for each in (session, expected):
                    each.rewind(min(2, each.tokens))
            assert session.suggest(5) == expected.suggest(5)
            answers += 1
        texts += 1
    return answers


@pytest.mark.parametrize("name", ["step", "replay", "window"])
def test_eight_threads_with_a_session_each_hear_their_own_words(golden, engine, name):
    """EDGEWORD_TYPING_SECONDS=20 lets each of the six types for so long."""
    shared = edgeword.load(golden / name, engine, "float32")
    own = [edgeword.load(golden / name, engine, "float32") for _ in range(8)]
    until = time.monotonic() + TYPING_S
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(type_texts, [shared] * 8, own, range(8), [until] * 8))
    print(f"{sum(counts)} answers")
    assert min(counts) >= 20 * LEAST_TEXTS


def run_script(script: str, *arguments: str) -> str:
    line = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


FORKED = """
import gc, multiprocessing, sys, threading
import edgeword

lm = edgeword.load(sys.argv[1], sys.argv[2], "float32", threads=2)
session = lm.session("the cell re")
session.suggest()
stream = lm.stream("the", 10)
next(stream)
begun = lm.stream("the", 10)
expected = lm.generate("the cell", 30).ids, session.suggest(), session.generate(3).words

ended = threading.Event()

def busy():
    for _ in lm.stream("the", 10**9):
        if ended.is_set():
            break

def child(pipe):
    global lm
    said = lm.generate("the cell", 30).ids, session.suggest(), session.generate(3).words
    refusals = []
    for left in (stream, begun):
        try:
            next(left)
        except edgeword.UsageError as error:
            refusals.append(str(error))
    session.feed("ads ")
    session.suggest()
    other = multiprocessing.get_context("fork").Pool(1)
    ids = other.apply(grandchild)
    other.close()
    other.join()
    del lm
    gc.collect()
    pipe.send((said == expected, len(refusals), ids == expected[0]))

def grandchild():
    return lm.generate("the cell", 30).ids

thread = threading.Thread(target=busy)
thread.start()
context = multiprocessing.get_context("fork")
for _ in range(3):
    ours, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs,))
    process.start()
    print(ours.recv() if ours.poll(60) else "nothing came")
    process.join(10)
    print(process.exitcode)
print(lm.generate("the cell", 30).ids == expected[0])
ended.set()
thread.join()
"""


def test_forked_processes_load_their_own(step_bundle, engine):
    """While another thread of the parent speaks, whose lock is never free in a child."""
    assert run_script(FORKED, str(step_bundle), engine) == "(True, 2, True)\n0\n" * 3 + "True\n"


def test_a_forked_process_refuses_a_bundle_that_changed(bundle, engine):
    script = """
import os, sys
from pathlib import Path
import edgeword
from tests.runtime.changed import edit_manifest

lm = edgeword.load(sys.argv[1], sys.argv[2], "float32")
session = lm.session("the cell ")
session.suggest()
edit_manifest(Path(sys.argv[1]), lambda data: data.update(name="another"))
process = os.fork()
if process == 0:
    code = 1
    for ask in (lambda: lm.generate("the"), lambda: session.feed("a "), lambda: lm.generate("the")):
        try:
            ask()
        except edgeword.BundleError as error:
            print(error, flush=True)
    lm.close()
    session.begun
    os._exit(0)
sys.exit(os.waitpid(process, 0)[1])
"""
    said = run_script(script, str(bundle), engine)
    assert said == f"{bundle} has changed since the model was loaded; load it again with edgeword.load\n" * 3


def words_of(lm: LanguageModel, prompt: str) -> tuple[int, ...]:
    return lm.generate(prompt, 30).ids


def test_spawned_processes_load_it_again(step_bundle, engine):
    script = """
import multiprocessing, sys
import edgeword
from tests.runtime.test_sharing import words_of

if __name__ == "__main__":
    lm = edgeword.load(sys.argv[1], sys.argv[2], "float32")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.starmap(words_of, [(lm, "the cell")] * 3)
    print([ids == lm.generate("the cell", 30).ids for ids in found])
"""
    assert run_script(script, str(step_bundle), engine) == "[True, True, True]\n"


def test_the_parents_lock_stays_its_own(lm):
    """A thread that waits for its turn does not see another process's lock."""
    order = []
    with lm._shared:
        waiting = threading.Thread(target=lambda: order.append(len(lm.generate("the", 2).ids)))
        waiting.start()
        order.append(0)
    waiting.join(10)
    assert order == [0, 2]

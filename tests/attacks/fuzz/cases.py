"""The kinds of cases: each changes something at random, asks, and says what came of it."""

from __future__ import annotations

import hashlib
import json
import math
import random
import warnings
from collections.abc import Callable
from typing import Any

from edgeword import EdgewordError, EdgewordWarning, UsageError, load
from edgeword.bundle.packed import packed
from edgeword.bundle.seal import sealed
from edgeword.engines.engine import ENGINES
from tests.attacks.fuzz.ground import NAMES, PROMPT, REFUSED, TEXT, WORDS, Ground, changed_files, said_by, told
from tests.attacks.fuzz.mutations import bytes_changed, json_text_changed, text
from tests.attacks.model_readers import READERS, is_read
from tests.golden import FOLDER
from tests.runtime.changed import replace_file

Case = Callable[[random.Random, Ground], str]
RIGHT, OTHER, READ = "right words", "words", "read"
_MODELS = {kind: sorted(FOLDER.glob(f"*/*.{kind}")) for kind in READERS}


def manifest(chance: random.Random, ground: Ground) -> str:
    """A manifest of other values, with the digest of them."""
    name, engine = chance.choice(ground.all)
    whole = ground.manifests[name]
    content = sealed(json_text_changed(chance, whole))
    path = ground.bundles[name] / "manifest.json"
    with changed_files(path):
        path.write_bytes(content)
        said = said_by(ground.bundles[name], engine)
    if said is None:
        return REFUSED
    data = json.loads(content)
    if all(data[key] == whole[key] for key in ("spec", "tokenizer", "variants", "self_test")):
        assert said == ground.said[name, engine]
        return RIGHT
    return OTHER  # the maker of a bundle may say what its self-test is


def tokenizer(chance: random.Random, ground: Ground) -> str:
    """A tokenizer of other values, with a manifest that lists it."""
    name, engine = chance.choice(ground.all)
    bundle = ground.bundles[name]
    path = bundle / "tokenizer.json"
    with changed_files(path, bundle / "manifest.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        replace_file(bundle, path.name, json_text_changed(chance, data).encode("utf-8", "surrogatepass"))
        return REFUSED if said_by(bundle, engine) is None else OTHER


def packed_file(chance: random.Random, ground: Ground) -> str:
    """A packed bundle with other bytes: refused, unless they are a file's that is not read."""
    name, engine = chance.choice(ground.all)
    content = bytes_changed(chance, ground.packed[name])
    path = ground.folder / "changed.edgeword"
    path.write_bytes(content)
    said = said_by(path, engine)
    assert said in (None, ground.said[name, engine])
    return REFUSED if said is None else RIGHT


def packed_contents(chance: random.Random, ground: Ground) -> str:
    """A packed bundle in the one form, of a changed file."""
    name, engine = chance.choice(ground.all)
    bundle = ground.bundles[name]
    contents = {path.name: path.read_bytes() for path in sorted(bundle.iterdir(), key=lambda path: path.name)}
    contents = {"manifest.json": contents.pop("manifest.json"), **contents}
    victim = chance.choice(list(contents))
    contents[victim] = bytes_changed(chance, contents[victim])
    path = ground.folder / "changed.edgeword"
    path.write_bytes(packed(contents))
    said = said_by(path, engine)
    assert said in (None, ground.said[name, engine])
    return REFUSED if said is None else RIGHT


def model_file(chance: random.Random, _ground: Ground) -> str:
    """A model file of other bytes, read without an engine."""
    kind = chance.choice(list(READERS))
    content = bytes_changed(chance, chance.choice(_MODELS[kind]).read_bytes())
    return READ if is_read(kind, content) else REFUSED


def engine_file(chance: random.Random, ground: Ground) -> str:
    """A model file of other bytes that the reader lets through, run by its engine in a process of its own."""
    name, engine = chance.choice(NAMES), chance.choice(list(ENGINES.values()))
    bundle = ground.bundles[name]
    path = bundle / f"model.float32.{engine.format}"
    content = next(
        found
        for found in iter(lambda: bytes_changed(chance, path.read_bytes(), 3), None)
        if is_read(engine.format, found)
    )
    with changed_files(path, bundle / "manifest.json"), warnings.catch_warnings():
        warnings.simplefilter("ignore", EdgewordWarning)
        replace_file(bundle, path.name, content)
        try:
            with load(bundle, engine.name, "float32", isolate=True) as lm:
                said = lm.generate(PROMPT, WORDS)
        except EdgewordError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
            return "the engine died" if "ends the process" in str(error) else REFUSED
    return RIGHT if said.ids == ground.said[name, engine.name] else OTHER


def prompt(chance: random.Random, ground: Ground) -> str:
    """Any text: the same words at once, in a stream, by the command, and in a session that it is fed to in pieces."""
    name, engine = chance.choice(ground.all)
    lm, asked = ground.model(name, engine), text(chance, ground.words)
    said = lm.generate(asked, 4)
    assert list(lm.stream(asked, 4)) == list(said.words)
    assert all(0 <= number < lm.bundle.spec.vocabulary for number in said.ids)
    assert all(logprob <= 0 for logprob in said.logprobs)
    cut = chance.randint(0, len(asked))
    session = lm.session(asked[:cut])
    session.feed(asked[cut:])
    assert session.suggest(3) == lm.session(asked).suggest(3)
    assert len(lm.suggest(asked, 3, text(chance, ground.words)[:4])) <= 3
    assert lm.score(asked).perplexity > 0 or math.isnan(lm.score(asked).perplexity)
    words = ["generate", str(ground.bundles[name]), "-n", "4", "--engine", engine, "--json", f"--stop={asked[:8]}x"]
    code, output, lines = told([*words, "--", asked])
    if code:
        assert "is not UTF-8" in lines[-1]
        assert not _is_utf8(asked)
        return REFUSED
    stopped = lm.generate(asked, 4, stop=f"{asked[:8]}x")
    assert json.loads(output)["ids"] == list(stopped.ids)
    return RIGHT


def _is_utf8(given: str) -> bool:
    try:
        given.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_OPTIONS: dict[str, tuple[Any, ...]] = {
    "temperature": (0, 0.0, 1e-300, 0.7, 1, 1e300, -1, "1", math.nan, math.inf, None, True, 10**400),
    "top_k": (0, 1, 3, 10**30, -1, 1.5, None, "3"),
    "top_p": (1, 1e-300, 0.5, 0, 1.1, -1, math.nan, None),
    "min_p": (0, 0.5, 1, 2, math.nan, [], -0.0),
    "repetition_penalty": (1, 1e-300, 0.5, 1.3, 1e300, 0, -1, math.inf),
    "no_repeat_ngram": (0, 1, 2, 10**30, -1, 0.5),
    "beams": (1, 2, 7, 100, 0, -1, "2", None),
    "length_penalty": (0, 1, -1, 1e300, -1e300, math.nan, None),
    "stop": ("the", [], ["a", ". "], "", [""], [1], None, {"x": 1}, "\ud800", "x" * 10_000),
    "min_words": (0, 1, 8, 9, -1, None),
    "max_words": (1, 8, 0, -1, 2.0, None),
    "allow": (None, [], ["the", "cell"], ["nothing"], "the", [None], 5, {"\ud800"}),
    "deny": ([], ["the"], ["the cell"], [""], None, "the", [5]),
    "seed": (None, 0, 2**64 - 1, 2**64, -1, 0.5, "1"),
}


def options(chance: random.Random, ground: Ground) -> str:
    """Any options of generation: in range and out of it, alone and against each other; by the command as well."""
    name, engine = chance.choice(ground.all)
    lm = ground.model(name, engine)
    given = {key: chance.choice(_OPTIONS[key]) for key in chance.sample(list(_OPTIONS), chance.randint(1, 4))}
    many = chance.choice((True, False))
    try:
        said = [*lm.generate_many([PROMPT, ""], **given)] if many else [lm.generate(PROMPT, **given)]
    except UsageError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        return REFUSED
    assert all(0 <= number < lm.bundle.spec.vocabulary for each in said for number in each.ids)
    assert all(len(each.ids) <= given.get("max_words", 20) for each in said)
    return RIGHT


_FLAGS = ("-n", "--seed", "--threads", "--stop", "--top-k", "--temperature", "--beams", "--engine", "--precision", "-k")
_VALUES = (
    "0",
    "1",
    "3",
    "-1",
    "1e3",
    "nan",
    "",
    "auto",
    "onnx",
    "float32",
    "é",
    "\0",
    "9" * 5000,
    "٣",
    "0x2",
    "1_0",
    " 2",
)


def command_line(chance: random.Random, ground: Ground) -> str:
    """Any words after a command's name."""
    bundle = str(ground.bundles[TEXT])
    words = [
        bundle,
        PROMPT,
        *(f"{chance.choice(_FLAGS)}={chance.choice(_VALUES)}" for _ in range(chance.randint(0, 2))),
    ]
    words += chance.choices(
        ("--json", "--no-stream", "--no-such", "--", "-", "--help", "", *_VALUES), k=chance.randint(0, 1)
    )
    chance.shuffle(words)
    code, _, _ = told([chance.choice(("generate", "suggest", "info", "verify", "evaluate", "pack", "x")), *words])
    return RIGHT if code == 0 else REFUSED


_LINES = b'the cell\n{"prompt": "a word"}\n{"prompt": "the text", "id": 5}\n\n"the model"\na gate decides\n'


def prompt_file(chance: random.Random, ground: Ground) -> str:
    """A file of prompts of any bytes: a line for each, in order, or one error."""
    name, engine = chance.choice(ground.all)
    path = ground.folder / f"prompts{chance.choice(('.txt', '.jsonl'))}"
    path.write_bytes(bytes_changed(chance, _LINES * chance.choice((1, 5))))
    out = ground.folder / "out.jsonl"
    out.unlink(missing_ok=True)
    code, _, _ = told(["bulk", str(ground.bundles[name]), str(path), "--out", str(out), "--engine", engine, "-n", "2"])
    if not out.exists():
        assert code == 2
        return REFUSED
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["index"] for row in rows] == list(range(len(rows)))
    return RIGHT if code == 0 else OTHER


def snapshot(chance: random.Random, ground: Ground) -> str:
    """A session's bytes, changed: refused, since they end with their digest; unless that was made anew."""
    lm = ground.model(*chance.choice(ground.all))
    session = lm.session(text(chance, ground.words))
    whole = session.snapshot()
    content = bytes_changed(chance, whole)
    if chance.randrange(2):
        content = bytes_changed(chance, whole[:-32], 2)
        content += hashlib.sha256(content).digest()
    try:
        again = lm.session(content).suggest(3)
    except EdgewordError as error:  # an EngineError where the states that stand there lead to no number
        assert content != whole
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        return REFUSED
    assert len(again) <= 3
    return RIGHT if again == session.suggest(3) else OTHER


# How often each comes: those that read a file alone take a hundredth of the time of the others.
CASES: dict[Case, int] = {
    manifest: 30,
    tokenizer: 20,
    packed_file: 20,
    packed_contents: 6,
    model_file: 90,
    engine_file: 1,
    prompt: 20,
    options: 60,
    command_line: 12,
    prompt_file: 6,
    snapshot: 20,
}

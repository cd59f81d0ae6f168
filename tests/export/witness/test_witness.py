"""The witness: the owner's own loop, written the owner's way, decides how a model is read."""

from __future__ import annotations

import itertools
import json

import keras
import numpy as np
import pytest
from keras import layers as k

import edgeword
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.manifest import Answer
from edgeword.errors import InputFileError, UsageError
from edgeword.generation.loop import greedy
from edgeword_export.errors import ModelError
from edgeword_export.exporting import export
from edgeword_export.witness.answers import answers_of, read_answers
from tests import tiny

WORDS = 12
PROMPTS = [
    "a gate",
    "the cell reads",
    "a",
    "the model names the next word and reads it again the state is what",
    "cell qzq",
]


def loop(model, length, side="pre", truncating="pre", last=None):
    """A notebook's loop: pad, predict, argmax, append the word to the text."""

    def says(prompt):
        text = prompt
        for _ in range(WORDS):
            ids = tiny.TOKENIZER.encode(text)
            padded = keras.utils.pad_sequences([ids], maxlen=length, padding=side, truncating=truncating)
            answer = model.predict_on_batch(padded)[0]
            row = answer if last is None else answer[last(ids)]
            text += " " + tiny.TOKENIZER.word(int(row.argmax()))
        return text

    return says


def sequences():
    return tiny.lstm(mask_zero=False, sequences=True)


def last_real(ids):
    return min(len(ids), tiny.WINDOW) - 1


# How a loop reads its model, which the model's file does not say: model, loop, and what is found.
LOOPS = {
    "declared": (lambda: tiny.lstm(mask_zero=False), {"length": 12}, "pre-padded windows of 12"),
    "shorter": (lambda: tiny.lstm(mask_zero=False), {"length": 7}, "pre-padded windows of 7"),
    "far shorter": (lambda: tiny.lstm(mask_zero=False), {"length": 5}, "pre-padded windows of 5"),
    "post": (lambda: tiny.lstm(mask_zero=False), {"length": 12, "side": "post"}, "post-padded windows of 12"),
    "cut behind": (
        lambda: tiny.lstm(mask_zero=False),
        {"length": 9, "truncating": "post"},
        "pre-padded windows of 9, longer texts cut at their end",
    ),
    "last real position": (
        sequences,
        {"length": 12, "side": "post", "last": last_real},
        "the last 12 tokens, without padding",  # the same, where nothing reads what stands behind
    ),
}


def exported(tmp_path, model, **options):
    model.save(tmp_path / "model.keras")
    settings = {"precisions": ["float32"], "tokenizer": tiny.TOKENIZER, **options}
    return export(tmp_path / "model.keras", tmp_path / "bundle", **settings)


@pytest.mark.parametrize(("make", "options", "text"), LOOPS.values(), ids=LOOPS)
def test_the_bundle_says_what_the_owners_loop_says(tmp_path, make, options, text):
    model = make()
    says = loop(model, **options)
    convention = exported(tmp_path, model, says=says, formats=["onnx"]).manifest.convention
    assert (convention.from_, convention.text) == ("witness", text)
    lm = edgeword.load(tmp_path / "bundle")
    for prompt in PROMPTS:
        spoken = lm.generate(prompt, WORDS).text
        assert f"{prompt} {spoken}".split() == says(prompt).split()[: len(f"{prompt} {spoken}".split())]


def test_answers_of_a_file_are_kept_in_the_bundle_and_named(tmp_path):
    model = tiny.lstm(mask_zero=False)
    says = loop(model, 7)
    file = tmp_path / "says.jsonl"
    file.write_text("".join(json.dumps({"prompt": p, "text": says(p)}) + "\n" for p in PROMPTS[:4]), encoding="utf-8")
    manifest = exported(tmp_path, model, says=file, formats=["onnx"]).manifest
    assert manifest.convention.line == "proven by 4 of your own answers: pre-padded windows of 7"
    assert manifest.convention.line in (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    kept = [json.loads(line) for line in (tmp_path / "bundle" / "witness.jsonl").read_text().splitlines()]
    assert [row["prompt"] for row in kept] == PROMPTS[:4]
    assert f"{PROMPTS[0]} {kept[0]['text']}" == says(PROMPTS[0])
    assert "witness.jsonl" not in Bundle(tmp_path / "bundle").unlisted()


def test_without_a_witness_it_is_a_guess_and_says_so(step_bundle):
    convention = Bundle(step_bundle).manifest.convention
    assert convention.from_ == "guessed"
    assert convention.line.startswith("guessed: ")
    assert "--says" in convention.line


def test_answers_that_no_convention_gives_are_refused_with_the_nearest(tmp_path):
    model = tiny.lstm(mask_zero=False)
    text = loop(model, 12)("a gate").split()
    text[6] = "padding" if text[6] != "padding" else "window"
    with pytest.raises(
        ModelError, match=r"no convention gives your answers; .*'padding|window'.*word 5 after 'a gate'"
    ):
        exported(tmp_path, model, says=[("a gate", " ".join(text))])
    assert not (tmp_path / "bundle").exists()


def test_a_word_that_the_tokenizer_lacks_is_named(tmp_path):
    with pytest.raises(ModelError, match="'a gate' holds 'zebra'"):
        exported(tmp_path, tiny.lstm(), says=[("a gate", "zebra crossing")])


def test_an_ambiguous_witness_is_called_a_guess_with_the_prompt_that_decides(tmp_path):
    """Short answers that windows of several lengths give."""
    model = tiny.lstm(mask_zero=False)
    first = loop(model, 12)("a gate").split()[2]
    convention = exported(tmp_path, model, says=[("a gate", first)], formats=["onnx"]).manifest.convention
    assert convention.rival is not None
    assert convention.line.startswith("guessed among several")
    assert repr(convention.rival) in convention.line


def test_a_window_other_than_the_declared_one_is_taken_where_keras_runs_it(tmp_path):
    model = tiny.lstm(mask_zero=False)
    manifest = exported(tmp_path, model, window=7, formats=["onnx"]).manifest
    assert manifest.spec.window.length == 7
    decoder = edgeword.load(tmp_path / "bundle").decoder()
    decoder.begin(tiny.TOKENIZER.encode("a gate"))
    said = tiny.TOKENIZER.decode(token for token, _ in itertools.islice(greedy(decoder), WORDS))
    assert f"a gate {said}" == loop(model, 7)("a gate")


def test_a_window_that_the_model_cannot_take_is_refused(tmp_path):
    layers = [k.Embedding(tiny.VOCABULARY, 8), k.Flatten(), k.Dense(tiny.VOCABULARY)]
    with pytest.raises(ModelError, match="--window 7, but the model reads windows of 12"):
        exported(tmp_path, tiny.model(layers), window=7)


def test_characters_in_one_hot_rows_are_looked_up(tmp_path):
    characters = " abcde"
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((8, len(characters))), k.LSTM(12), k.Dense(len(characters), activation="softmax")]
    )
    tiny.drawn(model, 3)

    def says(prompt):
        text = prompt
        for _ in range(20):
            rows = np.eye(len(characters))[[characters.index(c) for c in text[-8:].rjust(8)]]
            text += characters[int(np.asarray(model(rows[None].astype("float32")))[0].argmax())]
        return text

    model.save(tmp_path / "model.keras")
    (tmp_path / "characters.json").write_text(json.dumps(list(characters)))
    export(
        tmp_path / "model.keras",
        tmp_path / "bundle",
        tokenizer=tmp_path / "characters.json",
        says=[(prompt, says(prompt)) for prompt in ("abc", "deadbeadcab", "e")],
        precisions=["float32"],
        formats=["onnx"],
    )
    lm = edgeword.load(tmp_path / "bundle")
    assert lm.generate("bad ace", 20).text == says("bad ace")[len("bad ace") :]


READ = {
    "tabs": ("says.txt", "a gate\tdecides what\nthe\tcell\n", [("a gate", "decides what"), ("the", "cell")]),
    "blank lines": ("says.txt", "a\tb\n\n", [("a", "b")]),
    "windows": ("says.txt", "\ufeffa\tb\r\n", [("a", "b")]),
    "json": ("says.jsonl", '{"prompt": "a", "text": "b"}\n', [("a", "b")]),
}


@pytest.mark.parametrize(("name", "content", "expected"), READ.values(), ids=READ)
def test_files_of_answers(tmp_path, name, content, expected):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert read_answers(tmp_path / name) == [Answer(*pair) for pair in expected]


UNREADABLE = {
    "no tab": ("says.txt", b"a gate decides\n", "line 1: no tab"),
    "a missing key": ("says.jsonl", b'{"prompt": "a"}\n', "line 1: .*misses 'text'"),
    "no JSON": ("says.jsonl", b"a\tb\n", "line 1: not JSON"),
    "a number": ("says.jsonl", b'{"prompt": "a", "text": 3}\n', "text is not a string"),
}


@pytest.mark.parametrize(("name", "content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_files_that_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_answers(tmp_path / name)


def test_a_file_that_is_not_utf8(tmp_path):
    (tmp_path / "says.txt").write_bytes(b"a\tb\xff\n")
    with pytest.raises(InputFileError, match=r"--says is not UTF-8 \(at 3\)"):
        read_answers(tmp_path / "says.txt")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputFileError, match="cannot read --says"):
        read_answers(tmp_path / "nothing.txt")


def test_a_function_may_refuse_what_it_does_not_know():
    def says(prompt):
        numbers = [tiny.TOKENIZER.vocabulary.index(word) for word in prompt.split()]
        return "cell" if numbers else "gate"

    prompts = [answer.prompt for answer in answers_of(says, tiny.TOKENIZER, 12)]
    assert "" in prompts
    assert not any("qzqzq" in prompt for prompt in prompts)


def test_words_of_a_dict_may_be_read_as_padding_where_they_are_unknown(tmp_path):
    known = {word: number for number, word in enumerate(tiny.TOKENIZER.vocabulary[1:], start=2)}
    model = tiny.lstm(mask_zero=False)

    def says(prompt):
        ids, said = [known.get(word, 0) for word in prompt.split()], []
        for _ in range(WORDS):
            row = np.asarray(model(keras.utils.pad_sequences([ids], maxlen=12)))[0]
            ids.append(2 + int(row[2:].argmax()))
            said.append(tiny.TOKENIZER.word(ids[-1]))
        return " ".join(said)

    bias = model.layers[-1].bias
    bias.assign(np.concatenate([[-30, -30], np.asarray(bias)[2:]]))
    told = [(prompt, says(prompt)) for prompt in ("the zebra reads", "a gate", "zebra zebra cell")]
    manifest = exported(tmp_path, model, says=told, formats=["onnx"], tokenizer=known).manifest
    assert manifest.convention.text == "pre-padded windows of 12, unknown words read as id 0"
    lm = edgeword.load(tmp_path / "bundle")
    assert lm.generate("padding fills the okapi", WORDS).text == says("padding fills the okapi")


def test_the_prompt_in_front_is_taken_off_where_every_answer_has_it():
    told = [("a gate", "A gate decides"), ("the", "the cell")]
    assert [a.text for a in answers_of(told, tiny.TOKENIZER, 12)] == ["decides", "cell"]
    told = [("a gate", "a gate decides"), ("the", "cell the")]
    assert [a.text for a in answers_of(told, tiny.TOKENIZER, 12)] == ["a gate decides", "cell the"]


def test_a_function_that_cannot_be_asked_is_named():
    def broken(prompt):
        raise KeyError(prompt)

    with pytest.raises(UsageError, match="your function raised KeyError"):
        answers_of(broken, tiny.TOKENIZER, 12)


@pytest.mark.parametrize("says", [[("a",)], [("a", 3)], ["ab"], [], [("a", "")]])
def test_pairs_that_are_none(says):
    with pytest.raises(UsageError, match="says: "):
        answers_of(says, tiny.TOKENIZER, 12)

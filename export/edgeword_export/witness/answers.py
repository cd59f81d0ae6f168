"""What the owner's own loop answered: read from a file, from pairs, or asked of a function."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edgeword.bundle.manifest import Answer
from edgeword.errors import UsageError
from edgeword.input_files import ANSWERS, read_text
from edgeword.records import RecordError, parse_json, read_record
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.errors import ModelError
from edgeword_export.options import Says


def answers_of(says: Says, tokenizer: Tokenizer, window: int | None) -> tuple[Answer, ...]:
    """The answers, without their prompts in front; raises UsageError or InputFileError for what holds none."""
    if callable(says):
        found = _asked(says, prompts_for(tokenizer, window), tokenizer)
    elif isinstance(says, (str, os.PathLike)):
        found = read_answers(Path(says))
    else:
        found = [_pair(item) for item in says]
    answers = _without_prompts(found, tokenizer)
    if not any(answer.text.strip() for answer in answers):
        raise UsageError("says: no answer holds a word; give a few prompts with what your notebook said")
    return answers


def read_answers(path: Path) -> list[Answer]:
    """Lines of JSON with `prompt` and `text` (`.jsonl`), or of prompt, tab, text; raises naming file and line."""
    text = read_text(path, ANSWERS)
    read = _json_line if path.suffix == ".jsonl" else _tab_line
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return [read(line.removesuffix("\r"), f"{path}, line {number}") for number, line in lines]


def _json_line(line: str, where: str) -> Answer:
    try:
        return read_record(Answer, parse_json(line), where)
    except RecordError as error:
        raise UsageError(f'{where}: {error}; write {{"prompt": …, "text": …}}') from None


def _tab_line(line: str, where: str) -> Answer:
    prompt, tab, text = line.partition("\t")
    if not tab:
        raise UsageError(f"{where}: no tab stands between prompt and text")
    return Answer(prompt, text)


def _pair(item: object) -> Answer:
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        raise UsageError(f"says: give pairs of prompt and text, not {item!r}")
    return Answer(*item)


def prompts_for(tokenizer: Tokenizer, window: int | None) -> list[str]:
    """Prompts that tell conventions apart: none, short ones, longer than the window, strange words and marks."""
    words = _words(tokenizer)
    if not words:
        raise ModelError("the tokenizer has no words to ask your function about")
    picked = [words[number * len(words) // 40 % len(words)] for number in range(40)]
    length = (window or 20) + 4
    long = [picked[number % len(picked)] for number in range(length)]
    groups = [[], picked[:1], picked[3:5], picked[7:10], picked[11:16], long, [*picked[20:22], "qzqzq", picked[23]]]
    marked = f"{picked[24].capitalize()}, {picked[25]}!"
    return [*(tokenizer.joiner.join(group) for group in groups), marked]


def telling_prompts(tokenizer: Tokenizer, window: int, of_a_length: int) -> list[str]:
    """Many prompts, short ones first, up to some words more than the window: one may tell two conventions apart."""
    random, words = np.random.default_rng(0), _words(tokenizer)
    lengths = [*range(1, 13), *range(13, window + 5, max(1, window // 12))]
    drawn = [random.integers(0, len(words), length) for length in lengths for _ in range(of_a_length)]
    return [tokenizer.joiner.join(words[place] for place in places) for places in drawn]


def _words(tokenizer: Tokenizer) -> list[str]:
    """The words that are read as what they are."""
    known = (token for token in range(tokenizer.vocab_size) if tokenizer.reread(token) == (token,))
    return [tokenizer.word(token) for token in known if token != tokenizer.oov_id and tokenizer.word(token).strip()]


def _asked(says: Callable[[str], str], prompts: Sequence[str], tokenizer: Tokenizer) -> list[Answer]:
    """The function's own answers. It may refuse prompts that are empty or hold what it does not know, and no other."""
    found = []
    for prompt in prompts:
        try:
            found.append(Answer(prompt, says(prompt)))
        except Exception as error:  # noqa: PERF203 (a handful; the function is the owner's and may raise anything)
            if prompt and not _is_strange(prompt, tokenizer):
                raised = type(error).__name__
                raise UsageError(f"says: your function raised {raised} at the prompt {prompt!r}") from error
    return found


def _is_strange(prompt: str, tokenizer: Tokenizer) -> bool:
    """Whether looking its words up as they stand may fail."""
    plain = dataclasses.replace(tokenizer, lower=False, filters="")
    return any(plain.id(token) in (None, plain.oov_id) for token in plain.tokens(prompt))


def _without_prompts(answers: Sequence[Answer], tokenizer: Tokenizer) -> tuple[Answer, ...]:
    """Loops print the prompt in front, or do not: all of them the same way."""
    parts = [_behind(answer, tokenizer.level) for answer in answers]
    if all(part is not None for part in parts):
        return tuple(Answer(a.prompt, part) for a, part in zip(answers, parts, strict=True) if part is not None)
    return tuple(answers)


def _behind(answer: Answer, level: str) -> str | None:
    """The text behind its prompt; None where it does not begin with it."""
    if level == "char":
        return answer.text[len(answer.prompt) :] if answer.text.startswith(answer.prompt) else None
    prompt, text = answer.prompt.split(), answer.text.split()
    same = [word.lower() for word in prompt] == [word.lower() for word in text[: len(prompt)]]
    return " ".join(text[len(prompt) :]) if same else None


def witness_file(answers: Sequence[Answer]) -> bytes:
    """What the bundle keeps of them."""
    rows = (json.dumps({"prompt": a.prompt, "text": a.text}, ensure_ascii=False) for a in answers)
    return ("\n".join(rows) + "\n").encode("utf-8")

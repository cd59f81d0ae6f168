"""A text that a file is proven on is read as the trainer reads it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from edgeword import EdgewordWarning
from edgeword_export.source.opening import evaluation_text
from edgeword_train.data.corpus import load_corpus
from edgeword_train.options import TrainingOptions

TRAINED = "a ship of the sea\nthe sea , the old ship\nthe ship <unk> of the sea , old ,\n" * 3
MEASURED = "= Title =\n\nthe <unk> of the sea\nthe old [UNK] , a ship @-@ of <unk>\n"


@pytest.mark.parametrize("markers", ["drop", "keep"])
@pytest.mark.parametrize("tokens", ["text", "word", "char"])
@pytest.mark.filterwarnings("ignore::edgeword.EdgewordWarning")
def test_a_marked_text_is_measured_as_in_training(tokens: str, markers: str, tmp_path: Path) -> None:
    trained, measured = tmp_path / "trained.txt", tmp_path / "measured.txt"
    trained.write_text(TRAINED, encoding="utf-8")
    measured.write_text(MEASURED, encoding="utf-8")
    options = TrainingOptions(tokens=tokens, markers=markers, eval=str(measured))
    corpus = load_corpus([trained], options)
    source = SimpleNamespace(
        tokenizer=corpus.tokenizer,
        run=SimpleNamespace(facts={"options": options.to_dict()}),
        model=SimpleNamespace(vocabulary=corpus.tokenizer.vocab_size),
    )
    found = evaluation_text(source, SimpleNamespace(length=None), False, None, measured)  # type: ignore[arg-type]
    end = corpus.tokenizer.end_id
    assert list(found.sequences) == [tuple(ids[:-1] if end else ids) for ids in corpus.held_out]


def test_what_is_found_is_said(tmp_path: Path) -> None:
    measured = tmp_path / "measured.txt"
    measured.write_text(MEASURED, encoding="utf-8")
    tokenizer = load_corpus(["primer"], TrainingOptions()).tokenizer
    source = SimpleNamespace(tokenizer=tokenizer, run=None, model=SimpleNamespace(vocabulary=tokenizer.vocab_size))
    with pytest.warns(EdgewordWarning, match=r"markers: 3 unknown words.*1 headings"):
        evaluation_text(source, SimpleNamespace(length=None), False, None, measured)  # type: ignore[arg-type]

"""Files that an export is given: what is no regular file is not waited for, and what is too large is not read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeword import InputFileError
from edgeword.input_files import ANSWERS, TOKENIZER
from edgeword.tokenizers.foreign import read_tokenizer
from edgeword_export.tokenizer_files.reading import read_any_tokenizer
from edgeword_export.witness.answers import read_answers

READERS: dict[str, tuple[Callable[[Path], object], int]] = {
    "tokenizer": (read_any_tokenizer, TOKENIZER.most),
    "tokenizer of the runtime": (read_tokenizer, TOKENIZER.most),
    "answers": (read_answers, ANSWERS.most),
}


@pytest.mark.parametrize(("read", "most"), READERS.values(), ids=READERS)
def test_it_is_refused_unread(read: Callable[[Path], object], most: int, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputFileError, match="is not a regular file"):
        read(tmp_path / "pipe.json")
    (tmp_path / "large.json").touch()
    os.truncate(tmp_path / "large.json", most + 1)
    with pytest.raises(InputFileError, match=f"has more than {most:,} bytes"):
        read(tmp_path / "large.json")

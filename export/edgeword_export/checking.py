"""What an export is given, looked at before tensorflow, which takes seconds to import."""

from __future__ import annotations

import os
from pathlib import Path

from edgeword.files import check_output
from edgeword_export.keras_files.paths import check_path, is_saved_model
from edgeword_export.options import ExportOptions, PathLike
from edgeword_export.tokenizer_files.reading import read_any_tokenizer
from edgeword_export.witness.answers import read_answers
from edgeword_train.data.sources import STANDARD_INPUT, files_of
from edgeword_train.data.text_files import lines_of
from edgeword_train.run.folder import load_run


def check_files(model: PathLike, out: PathLike, options: ExportOptions) -> None:
    """Raise what the export would raise for a file that is missing or not understood, or an output that exists."""
    check_output(out)
    path = Path(model)
    if path.is_dir() and not is_saved_model(path):
        load_run(path)
    else:
        check_path(path)
    if _is_path(options.tokenizer):
        read_any_tokenizer(options.tokenizer)
    if _is_path(options.says):
        read_answers(Path(options.says))  # type: ignore[arg-type]
    if options.eval is not None:
        for file in files_of([options.eval]):
            if not _is_read_once(file):
                next(lines_of(file))


def _is_read_once(file: str) -> bool:
    """Standard input and pipes give their lines to whoever reads first."""
    return file == STANDARD_INPUT or (Path(file).exists() and not Path(file).is_file())


def _is_path(given: object) -> bool:
    return isinstance(given, (str, os.PathLike))

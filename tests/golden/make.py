"""Makes the golden bundles, and beside them what the Keras models say.

    PYTHONHASHSEED=0 python -m tests.golden.make [NAME…]

Needs TensorFlow and the exporter; the tests that read the bundles need neither. For each bundle `NAME`:

    NAME/       the bundle
    NAME.npz    the Keras model's log-probabilities `[contexts, V]` after each of `tests.tiny.CONTEXTS`, read as the
                model reads them (`own`) and in windows of each padding rule (`pre-post`: side, then truncating)
    NAME.json   its greedy words after a prompt, and the versions that made all this
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
from keras import layers
from keras.utils import pad_sequences
from numpy.typing import NDArray

from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword_export.exporting import export
from edgeword_train.data.fitting import fit_subwords
from tests import tiny
from tests.golden import FOLDER

PROMPT, WORDS = "the cell", 30
PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "ai-edge-litert", "numpy")
INT8 = ("float32", "dynamic-int8")
# Between the most probable word and the next, in nats: engines round differently, and must not fall on either side.
MARGIN = 0.01
SUBWORDS = 262


@dataclass(frozen=True)
class Golden:
    """A model and the options of its export."""

    model: Callable[[], keras.Model]
    options: dict[str, Any]
    tokenizer: AnyTokenizer = tiny.TOKENIZER
    asked: bool = True
    """Whether `NAME.npz` is made; many ids make it large."""


# Seeds whose greedy words are many, and none of them a near tie, not for integers either: see MARGIN.
GOLDEN = {
    # Decode mode `step`: a masked LSTM that reads texts of any length.
    "step": Golden(lambda: tiny.recurrent(layers.LSTM(32), None, embedding=8, seed=2), {"precisions": INT8}),
    # Decode mode `window` on the step graph: it saw unmasked padding.
    "replay": Golden(
        lambda: tiny.recurrent(layers.SimpleRNN(32), mask_zero=False, embedding=8, seed=11),
        {"precisions": INT8, "decode": "window"},
    ),
    # Decode mode `window` on the window graph.
    "window": Golden(lambda: tiny.convolution(embedding=12, seed=3), {"precisions": INT8}),
    # Every precision in both formats; int4 asks for widths that 32 divides.
    "all_precisions": Golden(
        lambda: tiny.recurrent(layers.GRU(32), None, embedding=32, seed=27),
        {"precisions": ("all",), "max_perplexity_increase": 50},
    ),
    # Pieces of words: any text of any script, and an end.
    "subword": Golden(
        lambda: tiny.recurrent(layers.SimpleRNN(4), None, embedding=2, seed=3, vocabulary=SUBWORDS),
        {"precisions": ("float32",)},
        fit_subwords(tiny.LINES, SUBWORDS),
        asked=False,
    ),
}


def logprobs(model: keras.Model, windows: NDArray[np.int32]) -> NDArray[np.float32]:
    """Of the next word `[N, V]`, by the model itself on windows `[N, L]`."""
    answer: NDArray[np.float32] = np.log(model.predict_on_batch(windows))
    return answer


def answers(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """What `pad_sequences` and `model.predict` of a notebook say after each context."""
    contexts = list(tiny.CONTEXTS.values())
    # A model without a window of its own reads every context whole.
    own = pad_sequences(contexts, model.input_shape[1] or max(map(len, contexts)))
    rules = {
        f"{side}-{truncating}": pad_sequences(contexts, tiny.WINDOW, padding=side, truncating=truncating)
        for side, truncating in product(("pre", "post"), repeat=2)
    }
    return {name: logprobs(model, windows) for name, windows in {"own": own, **rules}.items()}


def greedy(model: keras.Model, tokenizer: AnyTokenizer) -> dict[str, Any]:
    """The notebook's loop: pad, predict, take the most probable word, append it."""
    ids, said = tokenizer.encode(PROMPT), []
    for _ in range(WORDS):
        (last,) = logprobs(model, pad_sequences([ids], model.input_shape[1]))
        second, first = np.sort(last)[-2:]
        if first - second < MARGIN:
            sys.exit(f"word {len(said) + 1} is a near tie; take another seed")
        said.append(float(first))
        ids.append(int(last.argmax()))
        if ids[-1] in (0, tokenizer.oov_id):
            sys.exit(f"word {len(said)} is padding or unknown, which the runtime does not say; take another seed")
    words = ids[-WORDS:]
    return {"prompt": PROMPT, "text": tokenizer.decode(words), "ids": words, "logprobs": said}


def make(name: str) -> None:
    """One bundle and what lies beside it, in the place of the old ones."""
    golden = GOLDEN[name]
    keras.utils.clear_session()  # layers are numbered through, and their names stand in the files
    model = golden.model()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        model.save(path / "model.keras")
        (path / "tokenizer.json").write_text(golden.tokenizer.to_json(), encoding="utf-8")
        exported = export(
            path / "model.keras", path / name, tokenizer=path / "tokenizer.json", name=name, **golden.options
        )
        if exported.failures:
            sys.exit(f"{name}: {'; '.join(exported.failures)}")
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        shutil.copytree(path / name, FOLDER / name)
    if golden.asked:
        np.savez_compressed(FOLDER / f"{name}.npz", **answers(model))
    said = {"made_with": {package: version(package) for package in PACKAGES}, **greedy(model, golden.tokenizer)}
    (FOLDER / f"{name}.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or GOLDEN:
        make(wanted)
        print(wanted, sum(path.stat().st_size for path in FOLDER.glob(f"{wanted}/*")), "bytes")

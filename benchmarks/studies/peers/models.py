"""The three models, with random weights, and all that the peers load, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from edgeword.precisions import FORMATS
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.exporting import export
from edgeword_export.formats.writer import writer
from edgeword_export.graphs.signature import Signature, Signatures, Style
from edgeword_export.graphs.step_graph import StepModel
from edgeword_export.quiet import quiet
from edgeword_export.source.keras_model import inspect_model
from studies.peers.task import PROMPT_WORDS, QUESTIONS, STEP_WORDS, WINDOW, WINDOW_WORDS, Task
from studies.peers.ways import with_numpy, with_tensorflow


@dataclass(frozen=True)
class Sizes:
    """Masked Embedding, LSTM, Dense softmax."""

    vocabulary: int
    embedding: int
    units: int


MODELS = {"A": Sizes(10_000, 96, 512), "B": Sizes(651, 100, 150), "C": Sizes(9_999, 128, 256)}
STEP_PRECISIONS = ("float32", "dynamic-int8")
_ANY_INCREASE = 1000.0


def prepare(sizes: Sizes, folder: Path, precisions: Sequence[str] = ("all",)) -> list[str]:
    """Fill the folder, the bundle with these precisions; returns what could not be made, one sentence each."""
    model = random_model(sizes)
    model.save(folder / "model.keras")
    np.savez(folder / "weights.npz", *model.get_weights())
    _write_step_files(model, folder)
    missing = _write_keras_onnx(model, sizes, folder) + write_bundle(sizes, folder, precisions)
    task(model, sizes, folder).save(folder)
    return missing


def random_model(sizes: Sizes) -> keras.Model:
    """The notebook's model, of any length, its padding masked; weights so large that the words differ.

    The output bias stays small: a large one would say the same word again and again, and prove nothing.
    """
    keras.utils.set_random_seed(0)
    model = notebook_model(sizes, None, mask=True)
    random = np.random.default_rng(0)
    embedding, kernel, recurrent, bias, dense, dense_bias = model.weights
    for weight, gain in ((kernel, 2.0), (recurrent, 1.0), (dense, 3.0)):
        weight.assign(random.normal(0, gain / np.sqrt(weight.shape[0]), weight.shape))
    for weight, deviation in ((embedding, 1.0), (bias, 1.0), (dense_bias, 0.1)):
        weight.assign(random.normal(0, deviation, weight.shape))
    # No trained model says padding.
    dense_bias.assign(np.concatenate([[-10.0], dense_bias[1:]]))
    return model


def notebook_model(sizes: Sizes, length: int | None, *, mask: bool) -> keras.Model:
    """The layers, with the weights that Keras gives them."""
    return keras.Sequential(
        [
            keras.Input((length,), dtype="int32"),
            layers.Embedding(sizes.vocabulary, sizes.embedding, mask_zero=mask),
            layers.LSTM(sizes.units),
            layers.Dense(sizes.vocabulary, activation="softmax"),
        ]
    )


def task(model: keras.Model, sizes: Sizes, folder: Path) -> Task:
    """The notebook's words and answers; raises ValueError where the NumPy step does not continue them."""
    prompt = list(range(5, 5 + PROMPT_WORDS))
    notebook = with_tensorflow.predict(model)(prompt, WINDOW_WORDS)
    words = with_numpy.build(folder).loop(prompt, STEP_WORDS)
    if words[:WINDOW_WORDS] != notebook:
        raise ValueError(f"the NumPy step says {words[:WINDOW_WORDS]}, the notebook {notebook}")
    random = np.random.default_rng(1)
    lengths = random.integers(PROMPT_WORDS, WINDOW, QUESTIONS)
    questions = [random.integers(1, sizes.vocabulary, length).tolist() for length in lengths]
    padded = keras.utils.pad_sequences(questions, maxlen=WINDOW, padding="pre")
    answers = model.predict(padded, verbose=0).argmax(-1).tolist()
    return Task(prompt, words, questions, answers)


def _write_step_files(model: keras.Model, folder: Path) -> None:
    """`step.PRECISION.FORMAT`: our step graph with nothing but logits and states."""
    source = inspect_model(model)

    def only_step(style: Style) -> list[Signature]:
        return StepModel(source, Style(style.table_bits, greedy=False, free_rows=False)).signatures()[:1]

    for file_format in FORMATS:
        for precision, content in written(only_step, file_format).items():
            (folder / f"step.{precision}.{file_format}").write_bytes(content)


def written(signatures: Signatures, file_format: str) -> dict[str, bytes]:
    """Graphs in each of `STEP_PRECISIONS`, which need no text to calibrate on."""
    files = writer(file_format, signatures)
    return {precision: files.write(precision) for precision in STEP_PRECISIONS}


def _write_keras_onnx(model: keras.Model, sizes: Sizes, folder: Path) -> list[str]:
    """Keras' own ONNX export, and what onnxruntime's dynamic quantization makes of it.

    `window`: the padded window, masked; the mask makes the LSTM a Loop. `text`: without the mask, for unpadded texts
    of any length; the same words, and the LSTM becomes one node.
    """
    missing = []
    for name, length, mask in (("window", WINDOW, True), ("text", None, False)):
        other = notebook_model(sizes, length, mask=mask)
        other.set_weights(model.get_weights())
        plain, quantized = folder / f"keras-{name}.float32.onnx", folder / f"keras-{name}.dynamic-int8.onnx"
        missing += _attempt(plain, lambda other=other, file=plain: _export_onnx(other, file))
        missing += _attempt(quantized, lambda source=plain, file=quantized: _quantize(source, file))
    return missing


def _export_onnx(model: keras.Model, file: Path) -> None:
    model(np.ones((1, WINDOW), np.int32))  # a model that was never called cannot be exported
    model.export(file, format="onnx", verbose=False)


def _quantize(source: Path, target: Path) -> None:
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(source, target)


def write_bundle(sizes: Sizes, folder: Path, precisions: Sequence[str]) -> list[str]:
    """The bundle, its gates opened: int4 costs random weights more than trained ones, and only its time counts here."""
    tokenizer = Tokenizer.fit([" ".join(f"w{number}" for number in range(1, sizes.vocabulary))])
    (folder / "tokenizer.json").write_text(tokenizer.to_json(), encoding="utf-8")
    exported = export(
        folder / "model.keras",
        folder / "bundle",
        tokenizer=folder / "tokenizer.json",
        precisions=precisions,
        max_perplexity_increase=_ANY_INCREASE,
    )
    return list(exported.failures)


def _attempt(file: Path, make: Callable[[], None]) -> list[str]:
    try:
        with quiet():
            make()
    except Exception as error:  # converters raise types of their own; a file less is a row less
        text = " ".join(str(error).split())
        return [f"{file.name}: {text[:200]}"]
    return []

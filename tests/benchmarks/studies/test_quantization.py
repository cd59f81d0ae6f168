"""The table of quantization: the Keras model and each variant on the same text."""

import numpy as np
import pytest

from edgeword import load
from edgeword.bundle.bundle import Bundle
from edgeword_bench.report.tables import markdown_table
from studies import quantization
from tests.benchmarks.reports import report, result
from tests.golden.make import GOLDEN

TEXTS = [[2, 3, 4, 5], [6, 7, 8]]


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("quantization") / "model.keras"
    GOLDEN["step"].model().save(path)
    return path


def test_as_many_whole_lines_as_hold_the_words():
    assert quantization.first_words([[1, 2, 3], [4], [5, 6], [7, 8]], 4) == [[1, 2, 3], [5, 6]]
    assert quantization.first_words([[1, 2]], 100) == [[1, 2]]


def test_float32_is_as_faithful_as_the_model_itself(step_bundle, keras_file):
    oov = Bundle(step_bundle).tokenizer.oov_id
    best, perplexity = quantization.keras_answers(keras_file, TEXTS, oov)
    assert [len(answers) for answers in best] == [3, 2]
    found, top1 = quantization.fidelity(load(step_bundle, "onnx", "float32"), TEXTS, best)
    assert (found, top1) == (pytest.approx(perplexity, rel=1e-4), 1.0)


def test_rows_have_their_fidelity_on_this_text(step_bundle, keras_file):
    best, perplexity = quantization.keras_answers(keras_file, TEXTS, None)
    wrong = [np.zeros_like(answers) for answers in best]
    rows = result("float32"), result("int4", reason="refused")
    (row,) = quantization.faithful(step_bundle, report(*rows), TEXTS, wrong, perplexity / 2)
    assert row.perplexity == pytest.approx(perplexity, rel=1e-4)
    assert row.perplexity_increase == pytest.approx(100, rel=1e-3)
    assert row.top1_agreement == 0


def test_the_table_holds_each_size_against_float32():
    rows = result("float32", size_bytes=4_000_000), result("int4", [[[5.0]]], size_bytes=1_000_000)
    lines = markdown_table(quantization.columns(rows), rows)
    assert lines[0] == "| format | precision | size, MB | of float32 | perplexity | change | top-1 | a word, µs |"
    assert lines[3] == "| onnx | `int4` | 1.00 | 0.250 | 50.000 | +0.000 % | 100.0 % | 5 |"

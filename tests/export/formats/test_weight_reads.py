"""The bytes that a word reads, counted in the files that were written."""

import keras
import pytest

from edgeword.bundle.bundle import Bundle
from edgeword_export.formats.weight_reads import Operator, Weight, weights_read
from tests import tiny

EMBEDDING, UNITS, V = 24, 32, tiny.VOCABULARY
GATES = 4 * UNITS * (EMBEDDING + UNITS)
BIASES = 4 * UNITS + V
# Beside the weights, what the converters leave: shapes, indices, zero points, scales.
SLACK = 200


def reads(bundle):
    return {variant.file: variant.weights_read_bytes for variant in Bundle(bundle).manifest.variants}


@pytest.mark.parametrize("file_format", ["tflite", "onnx"])
def test_a_step_reads_every_weight_once_and_one_row_of_the_table(step_bundle, file_format):
    expected = 4 * (GATES + UNITS * V + BIASES + EMBEDDING)
    assert expected <= reads(step_bundle)[f"model.float32.{file_format}"] <= expected + SLACK


@pytest.mark.parametrize("file_format", ["tflite", "onnx"])
def test_integers_are_a_quarter(step_bundle, file_format):
    channels = 8 * UNITS + V
    weights = GATES + UNITS * V + EMBEDDING + 4 * BIASES
    found = reads(step_bundle)[f"model.dynamic-int8.{file_format}"]
    assert weights <= found <= weights + 5 * channels + SLACK


@pytest.mark.parametrize("file_format", ["tflite", "onnx"])
def test_a_window_reads_a_row_for_each_of_its_tokens(window_bundle, file_format):
    rows = tiny.WINDOW * EMBEDDING
    expected = 4 * (3 * EMBEDDING * 32 + 32 * V + 32 + V + rows)
    assert rows < V * EMBEDDING
    assert expected <= reads(window_bundle)[f"model.float32.{file_format}"] <= expected + SLACK


def test_int4_reads_less_than_int8(all_precisions_bundle):
    found = reads(all_precisions_bundle)
    for file_format in ("tflite", "onnx"):
        bytes_of = [found[f"model.{precision}.{file_format}"] for precision in ("int4", "dynamic-int8", "float16")]
        assert bytes_of == sorted(bytes_of)
        assert bytes_of[0] > 0


def test_a_tied_table_is_read_whole(export_tiny):
    """It is looked up and multiplied with: every row of it, once."""
    ids = keras.Input((None,), dtype="int32")
    table = keras.layers.ReversibleEmbedding(V, UNITS, mask_zero=True)
    model = keras.Model(ids, table(keras.layers.LSTM(UNITS, return_sequences=True)(table(ids)), reverse=True))
    bundle = export_tiny(tiny.drawn(model), formats=["onnx"], precisions=["float32"])
    expected = 4 * (8 * UNITS * UNITS + V * UNITS + 4 * UNITS)
    assert expected <= reads(bundle)["model.float32.onnx"] <= expected + 4 * V * UNITS + SLACK


TABLE = {"table": Weight(1000, 10), "matrix": Weight(500, 5)}


def test_a_table_behind_a_cast_is_a_table():
    operators = [
        Operator("Cast", ["table"], ["floats"]),
        Operator("Gather", ["floats", "ids"], ["rows"]),
        Operator("MatMul", ["rows", "matrix"], ["out"]),
    ]
    assert weights_read(operators, TABLE, rows_read=3) == 300 + 500


def test_a_table_that_is_also_multiplied_is_read_whole():
    operators = [Operator("Gather", ["table", "ids"], ["rows"]), Operator("MatMul", ["rows", "table"], ["out"])]
    assert weights_read(operators, TABLE, rows_read=3) == 1000


def test_more_tokens_than_rows_read_the_table_once():
    assert weights_read([Operator("Gather", ["table", "ids"], ["rows"])], TABLE, rows_read=99) == 1000


def test_ids_that_are_constants_are_no_table():
    assert weights_read([Operator("Gather", ["states", "matrix"], ["rows"])], TABLE, rows_read=1) == 500


def test_scales_of_a_table_in_blocks_are_read_by_the_row():
    operators = [Operator("GatherBlockQuantized", ["table", "ids", "matrix"], ["rows"])]
    assert weights_read(operators, TABLE, rows_read=1) == 100 + 100

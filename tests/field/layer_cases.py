"""Many models, one loop: layers and forms as they are built."""

from __future__ import annotations

from typing import Any

from keras import layers

from tests.field import loops, networks, tokens
from tests.field.case import Case
from tests.field.networks import U, functional, lstm, sequential

KERAS = tokens.of_keras(tokens.as_json)
PADDED = "pre-padded windows of 7"


def _plain(build: networks.Build, decode: str = "replay", **options: Any) -> Case:
    return Case(build, KERAS, loops.padded(7), PADDED, decode, **options)  # type: ignore[arg-type]


def _sequential(*middle: Any, decode: str = "replay", mask: bool = False, **options: Any) -> Case:
    return _plain(sequential(*middle, length=7, mask=mask), decode, **options)


def _functional(middle: Any, decode: str = "window", **options: Any) -> Case:
    return _plain(functional(middle, 7), decode, **options)


LAYER_CASES = {
    "GRU": _sequential(lambda: layers.GRU(U)),
    "GRU of old": _sequential(lambda: layers.GRU(U, reset_after=False), saved="model.h5"),
    "SimpleRNN": _sequential(lambda: layers.SimpleRNN(U)),
    "stacked LSTM, dropout": _sequential(
        lambda: layers.LSTM(U, return_sequences=True), lambda: layers.Dropout(0.2), lambda: layers.LSTM(U)
    ),
    "stacked cells": _sequential(lambda: layers.RNN([layers.LSTMCell(U), layers.GRUCell(U)])),
    "LSTM and a hidden Dense": _sequential(
        lambda: layers.LSTM(U), lambda: layers.Dense(U, activation="relu"), layers.BatchNormalization
    ),
    "TimeDistributed": _plain(
        sequential(
            lambda: layers.LSTM(U, return_sequences=True),
            lambda: layers.TimeDistributed(layers.Dense(U, activation="relu")),
            length=7,
        )
    ),
    "logits": _plain(sequential(lambda: layers.LSTM(U), length=7, activation=None)),
    "read backwards": _sequential(lambda: layers.LSTM(U, go_backwards=True), decode="window"),
    "Bidirectional": _sequential(lambda: layers.Bidirectional(layers.LSTM(U)), decode="window"),
    "Bidirectional, masked": _sequential(
        lambda: layers.Bidirectional(layers.LSTM(U)), decode="window", mask=True, saved="model.h5"
    ),
    "Bidirectional and LSTM": _sequential(
        lambda: layers.Bidirectional(layers.LSTM(9, return_sequences=True)), lambda: layers.LSTM(U), decode="window"
    ),
    "Bidirectional, padded to another length": Case(
        sequential(lambda: layers.Bidirectional(layers.GRU(9)), length=7),
        KERAS,
        loops.padded(10),
        "pre-padded windows of 10",
        "window",
        needs_witness=True,
    ),
    "Bidirectional, not padded": Case(
        sequential(lambda: layers.Bidirectional(layers.GRU(9)), length=7),
        KERAS,
        loops.unpadded(7),
        "the last 7 tokens, without padding",
        "window",
        needs_witness=True,
        refused="needs a window of one length, and short texts are shown to it without padding",
    ),
    "Conv1D": _sequential(lambda: layers.Conv1D(U, 3, activation="relu"), layers.GlobalMaxPooling1D, decode="window"),
    "Conv1D and LSTM": _sequential(
        lambda: layers.Conv1D(U, 3, padding="causal"), lambda: layers.LSTM(U), decode="window"
    ),
    "Flatten": _sequential(layers.Flatten, lambda: layers.Dense(U, activation="tanh"), decode="window"),
    "averaged words": _sequential(layers.GlobalAveragePooling1D, decode="window", saved="model.h5"),
    "attention over an LSTM": _functional(networks.attended),
    "heads": _functional(networks.self_attended),
    "ops.mean": _functional(networks.meaned),
    "side by side": _functional(networks.both_branches),
    "residual, the last position by hand": _functional(networks.residual, "replay"),
    "ops between layers": _functional(networks.operated, "replay"),
    "one layer called twice": _plain(networks.twice(7)),
    "a transformer": _plain(networks.transformer(7), "window"),
    "a transformer, read at the last word": Case(
        networks.transformer(7),
        KERAS,
        loops.last_real(7),
        "post-padded windows of 7, read at the last token",
        "window",
        needs_witness=True,
    ),
    "a transformer, not padded": Case(
        networks.transformer(7),
        KERAS,
        loops.last_real(7),
        "post-padded windows of 7, read at the last token",
        "window",
        options={"padding": "post"},
    ),
    "inputs in a list": Case(networks.listed(7), KERAS, loops.padded(7, wrap=lambda x: [x]), PADDED),
    "inputs by name": Case(networks.named(7), KERAS, loops.padded(7, wrap=lambda x: {"tokens": x}), PADDED),
    "two outputs": _plain(networks.with_attention_shown(7), "window"),
    "a model in a model": _plain(networks.nested(7)),
    "mixed precision": _plain(networks.mixed(7, "mixed_float16"), seed=3),
    "bfloat16": _plain(networks.mixed(7, "mixed_bfloat16"), seed=11),
    "bfloat16, words nearly as probable": _plain(
        networks.mixed(7, "mixed_bfloat16"),
        needs_witness=True,
        refused="computes in mixed_bfloat16 and a bundle in float32",
    ),
    "many words wide": Case(
        lstm(30), KERAS, loops.padded(30), "pre-padded windows of 30", told="printed", saved="model.h5"
    ),
}

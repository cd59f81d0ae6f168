"""The law: what is exported agrees with Keras to 1e-3 nats at every position, or is refused in one line."""

from __future__ import annotations

import os

import keras
import numpy as np
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

from edgeword.bundle.manifest import Convention
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import engine_of
from edgeword.errors import EdgewordError
from edgeword.padding import Padding
from edgeword.probabilities import log_softmax
from edgeword_export.formats.writer import writer
from edgeword_export.graphs.graphs import graphs_of
from edgeword_export.proof.decode_mode import decide
from edgeword_export.proof.fidelity import largest_difference
from edgeword_export.proof.prover import Prover
from edgeword_export.source.evaluation import Evaluation
from edgeword_export.source.keras_model import inspect_model, window_of
from edgeword_export.witness.reference import Reference
from edgeword_export.witness.settling import Settled
from tests.export.graphs.random_models import LENGTH, RandomModel, random_model
from tests.tiny import TOKENIZER, VOCABULARY

# `make random-models` tries 500.
MODELS = int(os.environ.get("EDGEWORD_RANDOM_MODELS", "30"))

NATS = 1e-3

# As long as the pieces that an export measures on: three windows.
_random = np.random.default_rng(0)
TEXTS = tuple(tuple(map(int, row)) for row in _random.integers(1, VOCABULARY, (40, 3 * LENGTH)))
PROVEN, UNSEEN = TEXTS[:34], TEXTS[34:]


@settings(
    max_examples=MODELS, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
)
@given(st.data())
def test_what_is_exported_agrees_with_keras(tmp_path_factory, data):
    case = random_model(data.draw)
    path = tmp_path_factory.mktemp("random") / "model.keras"
    case.model.save(path)
    model = keras.models.load_model(path)
    note(f"{path} {case}")
    refused, decoding, decoder = exported(model, case)
    if refused:
        assert "\n" not in refused
        event(f"refused: {refused[:300]}")
        return
    event(f"{decoding.spec.decode.mode} on {decoding.spec.decode.graph}")
    lengths = shown(case, len(UNSEEN[0]))
    for ids, expected in zip(UNSEEN, keras_answers(model, case, lengths), strict=True):
        assert largest_difference(answers(decoder, ids, lengths), expected) <= NATS


def exported(model: keras.Model, case: RandomModel):
    """Why it is refused, or the decoding and a decoder."""
    try:
        return "", *decided(model, case)
    except EdgewordError as error:
        return str(error), None, None


def decided(model: keras.Model, case: RandomModel):
    """Decided as an export decides, on texts that are not those of the test."""
    source = inspect_model(model)
    window = window_of(source, case.length, Padding(side=case.side))
    reference = Reference(source, window, windowed=case.length is not None)
    settled = Settled(reference, Convention("run", "", 0, None, False, None), TOKENIZER)
    prover = Prover(settled, Evaluation("random", PROVEN), TOKENIZER)
    graphs = graphs_of(source, window, reference.windowed)
    decoding = decide(
        graphs, prover, lambda graphs: {case.file_format: writer(case.file_format, graphs.signatures)}, "auto"
    )
    content = decoding.writers[case.file_format].write("float32")
    return decoding, decoder_factory(engine_of(case.file_format).open(content, 1), decoding.spec)()


def shown(case: RandomModel, length: int) -> list[int]:
    """After how many tokens the answers are compared: all, or a few where Keras takes each length by itself."""
    return list(range(1, length + 1)) if case.length else [1, 2, 5, length]


def answers(decoder, ids, lengths):
    decoder.begin()
    rows = []
    for end, token in enumerate(ids, 1):
        decoder.advance(token)
        if end in lengths:
            rows.append(decoder.logits())
    return log_softmax(np.stack(rows))


def keras_answers(model, case, lengths):
    """The owner's own loop, for all texts `[texts, lengths, V]`: the last tokens, padded, read where each ends."""
    if case.length is None:
        rows = [ends(model(np.array([ids[:end] for ids in UNSEEN])).numpy()) for end in lengths]
        return np.stack([logprobs_of(each) for each in rows], axis=1)
    texts = [ids[:end] for ids in UNSEEN for end in lengths]
    rows = model(keras.utils.pad_sequences(texts, case.length, padding=case.side)).numpy()
    if case.side == "post" and rows.ndim == 3:
        last = [min(len(text), case.length) - 1 for text in texts]
        rows = rows[np.arange(len(rows)), last]
    return logprobs_of(ends(rows)).reshape(len(UNSEEN), len(lengths), -1)


def ends(rows):
    return rows[:, -1] if rows.ndim == 3 else rows


def logprobs_of(rows):
    rows = np.asarray(rows, np.float32)
    is_softmax = (rows >= 0).all() and np.allclose(rows.sum(-1), 1, atol=1e-3)
    return np.log(np.maximum(rows, 1e-37)) if is_softmax else log_softmax(rows)

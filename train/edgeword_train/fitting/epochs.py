"""The epochs of a training: chunks, measuring, checkpoints, and when to stop."""

from __future__ import annotations

import time
from dataclasses import dataclass

import keras
import numpy as np

from edgeword_train.errors import RunError
from edgeword_train.fitting.checkpoint import Checkpoint
from edgeword_train.fitting.history import Epoch
from edgeword_train.fitting.learner import Learner, Measured, perplexity
from edgeword_train.fitting.optimizer import learning_rate
from edgeword_train.fitting.plan import Plan
from edgeword_train.fitting.progress import Progress, ProgressCallback, Watch
from edgeword_train.fitting.stopping import stopping_for
from edgeword_train.fitting.streams import Streams
from edgeword_train.models.architecture import build
from edgeword_train.options import TrainingOptions


@dataclass(frozen=True)
class Examples:
    """What a training reads."""

    trained: Streams
    held_out: Streams
    vocabulary: int
    """Number of ids V."""

    def plan(self, parameters: int) -> Plan:
        """What is to be trained."""
        streams, held_out = self.trained, self.held_out.words
        shape = (parameters, streams.rows, streams.length)
        return Plan(streams.words, held_out, self.vocabulary, streams.oov_rate, *shape)


@dataclass(frozen=True)
class Fitted:
    """A trained model with the weights of its kept epoch, and perplexities without dropout."""

    model: keras.Model
    history: list[Epoch]
    kept_epoch: int
    train_perplexity: float
    held_out_perplexity: float


def fit(
    examples: Examples,
    options: TrainingOptions,
    checkpoint: Checkpoint,
    watch: Watch,
    *,
    finish: bool = False,
) -> Fitted:
    """Train from the last checkpoint on, or `finish` with what it holds; equal options and text give equal weights.

    Sets the global seeds of Python, NumPy and TensorFlow, from which Keras draws the first weights.
    """
    keras.utils.set_random_seed(options.seed)
    learner = Learner(build(options, examples.vocabulary), options.weight_drop, options.embedding_dropout)
    watch.announce(examples.plan(learner.model.count_params()))
    history = checkpoint.history()
    if history:
        checkpoint.restore(learner.variables, len(history))
    stopping = stopping_for(options)
    while not finish and not stopping.is_over(history):
        history.append(run_epoch(learner, examples, options, len(history) + 1, watch.progress))
        checkpoint.save(learner.variables, history, stopping.kept_epoch(history))
    if not history:
        raise RunError("no epoch of this run is whole yet, so there is nothing to finish; continue it without --finish")
    kept = stopping.kept_epoch(history)
    checkpoint.restore(learner.variables, kept)
    train_perplexity = learner.measure(examples.trained).perplexity
    return Fitted(learner.model, history, kept, train_perplexity, history[kept - 1].held_out)


def run_epoch(
    learner: Learner, examples: Examples, options: TrainingOptions, epoch: int, report: ProgressCallback
) -> Epoch:
    """One pass over all texts, in an order that depends on the seed and the epoch alone."""
    learner.reseed(options.seed, epoch)
    streams = examples.trained.shuffled(np.random.default_rng((options.seed, epoch)))
    steps, before = options.epochs * streams.steps, (epoch - 1) * streams.steps
    states, loss, words, started = learner.start(streams.rows), 0.0, 0, time.perf_counter()
    for step, chunk in enumerate(streams.chunks(), before):
        total, states = learner.train_chunk(chunk, states, learning_rate(options.learning_rate, step, steps))
        loss, words, seconds = loss + total, words + chunk.words, time.perf_counter() - started
        known = perplexity(loss / max(1, words))
        report(Progress(epoch, options.epochs, words / streams.words, known, words / seconds, seconds))
    found = learner.measure(examples.held_out)
    report(Progress(epoch, options.epochs, 1.0, known, words / seconds, seconds, found.perplexity, found.top3))
    return _epoch(epoch, known, found, seconds, words)


def _epoch(number: int, known: float, found: Measured, seconds: float, words: int) -> Epoch:
    return Epoch(number, known, found.perplexity, seconds, words / seconds, found.top1, found.top3)

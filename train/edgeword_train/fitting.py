"""The epochs of a training: steps, measuring, checkpoints, and when to stop."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import keras
import numpy as np

from edgeword_train.architecture import build_model
from edgeword_train.checkpoint import Checkpoint
from edgeword_train.errors import DivergedError
from edgeword_train.history import Epoch, best_epoch, is_stalled
from edgeword_train.learner import Learner, batches
from edgeword_train.options import TrainingOptions
from edgeword_train.progress import Progress, Report
from edgeword_train.windows import Windows

LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Examples:
    """What a training reads."""

    trained: Windows
    held_out: Windows
    vocabulary: int
    """Number of ids V."""


@dataclass(frozen=True)
class Fitted:
    """A trained model with the weights of its best epoch, and perplexities without dropout."""

    model: keras.Model
    history: list[Epoch]
    train_perplexity: float
    held_out_perplexity: float


def fit(examples: Examples, options: TrainingOptions, checkpoint: Checkpoint, report: Report) -> Fitted:
    """Train from the last checkpoint on; equal options and text give equal weights.

    Sets the global seeds of Python, NumPy and TensorFlow, from which Keras draws the first weights.
    """
    keras.utils.set_random_seed(options.seed)
    learner = Learner(build_model(options, examples.vocabulary), LEARNING_RATE)
    history = checkpoint.history()
    if history:
        checkpoint.restore(learner.variables, len(history))
    while len(history) < options.epochs and not is_stalled(history, options.patience):
        history.append(run_epoch(learner, examples, options, len(history) + 1, report))
        checkpoint.save(learner.variables, history)
    best = best_epoch(history)
    checkpoint.restore(learner.variables, best)
    train_perplexity = learner.perplexity(examples.trained, options.batch)
    return Fitted(learner.model, history, train_perplexity, history[best - 1].held_out)


def run_epoch(
    learner: Learner, examples: Examples, options: TrainingOptions, epoch: int, report: Report
) -> Epoch:
    """One pass over all windows, in an order that depends on the seed and the epoch alone."""
    learner.reseed(options.seed, epoch)
    order = np.random.default_rng((options.seed, epoch)).permutation(len(examples.trained.inputs))
    loss, words, started = 0.0, 0, time.perf_counter()
    for arrays in batches(examples.trained.take(order), options.batch):
        loss += float(learner.train_batch(*arrays))
        words += int(np.count_nonzero(arrays[2]))
        seconds = time.perf_counter() - started
        done = Progress(
            epoch, options.epochs, words / examples.trained.words, _perplexity(loss / words), words / seconds
        )
        report(done)
    held_out = learner.perplexity(examples.held_out, options.batch)
    report(replace(done, held_out=held_out))
    return Epoch(epoch, done.perplexity, held_out, seconds, done.words_per_s)


def _perplexity(loss: float) -> float:
    """Perplexity of a mean loss in nats; DivergedError where it is not a number."""
    if not math.isfinite(loss):
        raise DivergedError(
            "the loss is no longer a number; give fewer --layers or --units, or another --seed"
        )
    return math.exp(min(loss, 700.0))

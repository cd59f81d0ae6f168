"""The epochs of a training: steps, measuring, checkpoints, and when to stop."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import keras
import numpy as np

from edgeword_train.data.windows import Windows
from edgeword_train.fitting.checkpoint import Checkpoint
from edgeword_train.fitting.history import Epoch
from edgeword_train.fitting.learner import Learner, batches, perplexity
from edgeword_train.fitting.progress import Progress, ProgressCallback
from edgeword_train.fitting.stopping import stopping_for
from edgeword_train.models.architecture import build
from edgeword_train.options import TrainingOptions

# On `python-docs`, three epochs at 1e-3 end at a held-out perplexity of 465, at 3e-3 of 336.
LEARNING_RATE = 3e-3

# A small corpus takes smaller batches, so that an epoch has about this many steps.
STEPS = 100
SMALLEST_BATCH, LARGEST_BATCH = 8, 32


@dataclass(frozen=True)
class Examples:
    """What a training reads."""

    trained: Windows
    held_out: Windows
    vocabulary: int
    """Number of ids V."""


@dataclass(frozen=True)
class Fitted:
    """A trained model with the weights of its kept epoch, and perplexities without dropout."""

    model: keras.Model
    history: list[Epoch]
    kept_epoch: int
    train_perplexity: float
    held_out_perplexity: float


def fit(examples: Examples, options: TrainingOptions, checkpoint: Checkpoint, report: ProgressCallback) -> Fitted:
    """Train from the last checkpoint on; equal options and text give equal weights.

    Sets the global seeds of Python, NumPy and TensorFlow, from which Keras draws the first weights.
    """
    keras.utils.set_random_seed(options.seed)
    learner = Learner(build(options, examples.vocabulary), LEARNING_RATE)
    options = replace(options, batch=options.batch or batch_size(examples.trained))
    stopping = stopping_for(options, examples.trained.words)
    history = checkpoint.history()
    if history:
        checkpoint.restore(learner.variables, len(history))
    while not stopping.is_over(history):
        history.append(run_epoch(learner, examples, options, len(history) + 1, report))
        checkpoint.save(learner.variables, history, stopping.kept_epoch(history))
    kept = stopping.kept_epoch(history)
    checkpoint.restore(learner.variables, kept)
    train_perplexity = learner.perplexity(examples.trained)
    return Fitted(learner.model, history, kept, train_perplexity, history[kept - 1].held_out)


def batch_size(windows: Windows) -> int:
    """Windows in a step where the options leave it open."""
    return min(max(len(windows.inputs) // STEPS, SMALLEST_BATCH), LARGEST_BATCH)


def run_epoch(
    learner: Learner, examples: Examples, options: TrainingOptions, epoch: int, report: ProgressCallback
) -> Epoch:
    """One pass over all windows, in an order that depends on the seed and the epoch alone."""
    learner.reseed(options.seed, epoch)
    order = np.random.default_rng((options.seed, epoch)).permutation(len(examples.trained.inputs))
    loss, words, started = 0.0, 0, time.perf_counter()
    for arrays in batches(examples.trained.take(order), options.batch or LARGEST_BATCH):
        loss += float(learner.train_batch(*arrays))
        words += int(np.count_nonzero(arrays[2]))
        seconds = time.perf_counter() - started
        share = words / examples.trained.words
        done = Progress(epoch, options.epochs, share, perplexity(loss / words), words / seconds)
        report(done)
    held_out = learner.perplexity(examples.held_out)
    report(replace(done, held_out=held_out))
    return Epoch(epoch, done.perplexity, held_out, seconds, done.words_per_s)

"""The step in PyTorch: Embedding, LSTM, Linear with the same weights, the state carried, one thread."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from studies.peers.ways.loops import Loaded, stepping

State = tuple[torch.Tensor, torch.Tensor]


class NextWord(torch.nn.Module):
    """`(token [1, 1], hidden, cell) → (logits [1, V], hidden, cell)`."""

    def __init__(self, vocabulary: int, embedding: int, units: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, embedding)
        self.lstm = torch.nn.LSTM(embedding, units)
        self.dense = torch.nn.Linear(units, vocabulary)

    def forward(self, token: torch.Tensor, hidden: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """One step."""
        output, (hidden, cell) = self.lstm(self.embedding(token), (hidden, cell))
        return self.dense(output[0]), hidden, cell


def build(folder: Path, quantized: bool, traced: bool) -> Loaded:
    """Eager, or traced by `torch.jit.trace` with what speeds it up; float32, or LSTM and Linear dynamic int8."""
    torch.set_num_threads(1)
    model = _with_weights(folder / "weights.npz")
    units = model.lstm.hidden_size
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # torch.ao and torch.jit announce their successors
        step = _quantized(model) if quantized else model
        step = _traced(step, _start(units)) if traced else step
    return Loaded(stepping(_inference(step), lambda: _start(units)), f"torch {torch.__version__}")


def _with_weights(file: Path) -> NextWord:
    """Keras' gates i, f, c, o are torch's i, f, g, o; its matrices are transposed, and its one bias is torch's two."""
    weights = np.load(file)
    embedding, kernel, recurrent, bias, dense, dense_bias = (torch.from_numpy(weights[n]) for n in weights.files)
    model = NextWord(*embedding.shape, len(recurrent)).eval()
    model.load_state_dict(
        {
            "embedding.weight": embedding,
            "lstm.weight_ih_l0": kernel.T.contiguous(),
            "lstm.weight_hh_l0": recurrent.T.contiguous(),
            "lstm.bias_ih_l0": bias,
            "lstm.bias_hh_l0": torch.zeros_like(bias),
            "dense.weight": dense.T.contiguous(),
            "dense.bias": dense_bias,
        }
    )
    return model


def _quantized(model: NextWord) -> torch.nn.Module:
    kinds = {torch.nn.LSTM, torch.nn.Linear}
    return torch.ao.quantization.quantize_dynamic(model, kinds, dtype=torch.qint8)


def _traced(model: torch.nn.Module, state: State) -> Any:
    traced = torch.jit.trace(model, (torch.tensor([[1]]), *state))
    return torch.jit.optimize_for_inference(traced)


def _start(units: int) -> State:
    return torch.zeros(1, 1, units), torch.zeros(1, 1, units)


def _inference(model: Callable[..., Any]) -> Callable[[int, State], tuple[Any, State]]:
    @torch.inference_mode()
    def step(token: int, state: State) -> tuple[Any, State]:
        logits, hidden, cell = model(torch.tensor([[token]]), *state)
        return logits, (hidden, cell)

    return step

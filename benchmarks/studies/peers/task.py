"""What all peers are asked, and what the Keras model answers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

WINDOW = 20
"""Length of the padded window."""
PROMPT_WORDS = 3
WINDOW_WORDS = 12
"""Prompt and words fit the window. Beyond it a padded loop forgets the first words, and a step does not."""
STEP_WORDS = 200
QUESTIONS = 200


@dataclass(frozen=True)
class Task:
    """The prompt and its greedy words, and short prompts with the one word that follows each."""

    prompt: list[int]
    words: list[int]
    """The first are the notebook's own; the rest continue them, by the NumPy step."""
    questions: list[list[int]]
    answers: list[int]

    def save(self, folder: Path) -> None:
        """Write `task.json`."""
        (folder / "task.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Task:
        """Read `task.json`."""
        return cls(**json.loads((folder / "task.json").read_text(encoding="utf-8")))

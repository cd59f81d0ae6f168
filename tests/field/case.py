"""A case: a model, its owner's numbering and loop, and what is expected of edgeword."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import keras

import edgeword
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.manifest import Manifest
from edgeword_export.exporting import export
from tests.field.corpus import CHARACTER_PROMPTS, PROMPTS, TOLD
from tests.field.loops import Loop
from tests.field.networks import Build, drawn
from tests.field.tokens import Tokens

# How often an owner adds the answer that would tell two conventions apart.
_ROUNDS = 6
DECODES = {"step": ("step", "step"), "replay": ("window", "step"), "window": ("window", "window")}


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    build: Build
    tokens: Tokens
    loop: Loop
    convention: str
    """What the witness finds, in the manifest's words."""
    decode: Literal["step", "replay", "window"] = "replay"
    needs_witness: bool = False
    """Whether edgeword cannot guess it: without a witness it is right, refused, or says "guessed"."""
    saved: str = "model.keras"
    told: Literal["jsonl", "tabs", "pairs", "printed", "function"] = "jsonl"
    """How the owner gives the answers; `printed` has the prompt in front."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the owner says with either."""
    refused: str | None = None
    """What the one line says where edgeword cannot do it even so."""
    seed: int = 1
    unsaid: tuple[int, ...] | None = None
    """In the place of the numbering's own: () for a model that says padding, too."""

    @functools.cached_property
    def model(self) -> keras.Model:
        """The model as its owner has it."""
        keras.utils.set_random_seed(self.seed)
        unsaid = self.tokens.unsaid if self.unsaid is None else self.unsaid
        return drawn(self.build(self.tokens.size), self.tokens.size, unsaid, self.seed)

    @functools.cached_property
    def prompts(self) -> tuple[str, ...]:
        """What the owner tries."""
        return PROMPTS if self.tokens.joiner else CHARACTER_PROMPTS

    @functools.cached_property
    def answers(self) -> dict[str, str]:
        """What the owner's loop says after each prompt."""
        says = self.loop(self.model, self.tokens)
        return {prompt: says(prompt) for prompt in self.prompts}

    def export(self, folder: Path, *, witness: bool) -> Manifest:
        """Save the model as its owner does, and export it; what edgeword asks for is added to the answers."""
        self.model.save(folder / self.saved)
        kept = self.tokens.keep(folder)
        if not witness:
            return self._exported(folder / "bundle", tokenizer=kept)
        prompts = [self.prompts[place] for place in TOLD]
        for number in range(_ROUNDS):
            bundle = folder / f"bundle {number}"
            manifest = self._exported(bundle, tokenizer=kept, says=self._says(folder, prompts))
            if manifest.convention.rival is None:
                break
            prompts.append(manifest.convention.rival)
        bundle.rename(folder / "bundle")
        return manifest

    def _exported(self, bundle: Path, **options: Any) -> Manifest:
        model = bundle.parent / self.saved
        return export(model, bundle, **{"precisions": ["float32"], **self.options, **options}).manifest

    def _says(self, folder: Path, prompts: Sequence[str]) -> Any:
        told = [(prompt, self.loop(self.model, self.tokens)(prompt)) for prompt in prompts]
        if self.told == "function":
            return self.loop(self.model, self.tokens)
        if self.told == "pairs":
            return told
        if self.told == "printed":
            return [(prompt, prompt + self.tokens.joiner + text) for prompt, text in told]
        tabs = self.told == "tabs"
        file = folder / ("says.txt" if tabs else "says.jsonl")
        lines = (f"{p}\t{t}" if tabs else json.dumps({"prompt": p, "text": t}) for p, t in told)
        file.write_text("\n".join(lines), encoding="utf-8")
        return file

    def differing(self, bundle: Path) -> list[tuple[str, str, str, str]]:
        """(engine, prompt, the owner's words, the bundle's) wherever they are not the same."""
        return [
            (variant.format, prompt, " ".join(self.words(text)), said)
            for variant in Bundle(bundle).manifest.variants
            for lm in [edgeword.load(bundle, engine={"tflite": "litert", "onnx": "onnx"}[variant.format])]
            for prompt, text in self.answers.items()
            for said in [" ".join(lm.generate(prompt, len(text) if not self.tokens.joiner else 20).words)]
            if said != " ".join(self.words(text))
        ]

    def words(self, text: str) -> list[str]:
        """The words of an answer; of what has none, nothing."""
        return text.split() if self.tokens.joiner else list(text)

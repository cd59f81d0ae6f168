"""A bundle's variants opened without the choice, and decoders on them."""

from __future__ import annotations

from pathlib import Path

from edgeword.bundle.bundle import Bundle
from edgeword.decoding.decoder import Decoder
from edgeword.decoding.factory import decoder_factory
from edgeword.engines.engine import ENGINES, LoadedVariant


def open_variant(path: Path, engine: str = "litert", precision: str = "float32") -> LoadedVariant:
    bundle, chosen = Bundle(path), ENGINES[engine]
    variant = next(v for v in bundle.manifest.variants if (v.format, v.precision) == (chosen.format, precision))
    return chosen.open(bundle.read(variant), 1)


def decoder_of(path: Path, engine: str = "litert", precision: str = "float32") -> Decoder:
    """On a loaded variant of its own."""
    return decoder_factory(open_variant(path, engine, precision), Bundle(path).spec)()

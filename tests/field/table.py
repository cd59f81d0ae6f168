"""The table: every case under its name, and those that stand for their kind in every run of the tests."""

from __future__ import annotations

from tests.field.case import Case
from tests.field.character_cases import CHARACTER_CASES
from tests.field.layer_cases import LAYER_CASES
from tests.field.loop_cases import LOOP_CASES
from tests.field.number_cases import NUMBER_CASES

CASES: dict[str, Case] = {**LOOP_CASES, **NUMBER_CASES, **LAYER_CASES, **CHARACTER_CASES}

FOR_EVERY_RUN = (
    "one less",
    "words that are said and not read",
    "TextVectorization, cut and padded",
    "one-hot, filled up by spaces",
)

"""Options of generation: their ranges, what contradicts what, and which of them leave greedy plain."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

import pytest

from edgeword.errors import UsageError
from edgeword.generation.options import GenerationOptions, Keywords

NAN, INFINITY = float("nan"), float("inf")

OUT_OF_RANGE = [
    ("temperature", (-0.1, NAN, INFINITY, 10**400, "1", True, None)),
    ("top_k", (-1, 1.5, "3", True, None)),
    ("top_p", (0, -0.1, 1.1, NAN, "x")),
    ("min_p", (-0.1, 1.1, NAN)),
    ("repetition_penalty", (0, -1, NAN, INFINITY, 10**400)),
    ("no_repeat_ngram", (-1, 2.0, False)),
    ("beams", (0, -1, 1.0, True)),
    ("length_penalty", (NAN, INFINITY, -(10**400), "1")),
    ("stop", ("", [""], 3, [3], None)),
    ("min_words", (-1, 0.5)),
    ("max_words", (0, -1, True, 1.5, "3")),
    ("allow", ("word", 3, [3])),
    ("deny", ("word", None, [None])),
    ("seed", (-1, 2**64, 1.0, "1")),
]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OUT_OF_RANGE for value in values])
def test_a_value_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(UsageError, match=rf"^{name} (is|holds) .*(give|leave)") as error:
        GenerationOptions(**{name: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 1e-9},
        {"temperature": 100, "top_k": 10**9, "top_p": 1e-9, "min_p": 1},
        {"top_k": 0, "top_p": 1, "min_p": 0, "beams": 1, "seed": 2**64 - 1},
        {"repetition_penalty": 0.5, "no_repeat_ngram": 1},
        {"beams": 8, "length_penalty": -1.5, "repetition_penalty": 1.2},
        {"min_words": 20},
        {"temperature": 0, "top_k": 40, "top_p": 0.9},  # the limit of small temperatures
    ],
)
def test_a_value_at_its_limit_is_taken(options):
    GenerationOptions(**options)


@pytest.mark.parametrize("drawn", [{"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.5}, {"min_p": 0.5}])
def test_beams_and_drawing_exclude_each_other(drawn):
    with pytest.raises(UsageError, match="beams and .* exclude each other"):
        GenerationOptions(beams=2, **drawn)


def test_more_words_at_least_than_at_most_are_refused():
    with pytest.raises(UsageError, match="min_words is 21, above max_words, 20"):
        GenerationOptions(min_words=21)


def test_texts_and_words_may_come_in_any_collection():
    options = GenerationOptions(stop=["end", "."], allow=["a", "b"], deny=iter(["c"]))
    assert options == GenerationOptions(stop=("end", "."), allow={"b", "a"}, deny={"c"})
    assert GenerationOptions(stop=".").stop == (".",)
    assert isinstance(hash(options), int)


@pytest.mark.parametrize(
    ("options", "plain"),
    [
        ({}, True),
        ({"stop": ["."], "allow": {"a"}, "deny": {"b"}, "seed": 1, "top_k": 5}, True),
        ({"temperature": 0.1}, False),
        ({"beams": 2}, False),
        ({"repetition_penalty": 1.1}, False),
        ({"no_repeat_ngram": 2}, False),
    ],
)
def test_greedy_is_plain_where_nothing_alters_the_order_of_words(options, plain):
    assert GenerationOptions(**options).is_plain_greedy is plain


def test_the_typed_keywords_are_the_options():
    names = {field.name for field in fields(GenerationOptions)}
    assert set(get_type_hints(Keywords)) == names - {"max_words"}

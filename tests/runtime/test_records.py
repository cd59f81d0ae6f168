"""Records: what is written is what is read, and whatever else is refused by the path of what does not fit."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeword.errors import EdgewordError, UsageError
from edgeword.records import RecordError, is_int, parse_json, read_record


@dataclass(frozen=True)
class Leaf:
    kind: Literal["oak", "ash"]
    width: float
    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise UsageError(f"count is {self.count}")


@dataclass(frozen=True)
class Tree:
    name: str
    tall: bool
    leaf: Leaf
    leaves: tuple[Leaf, ...]
    rings: tuple[int, ...]
    place: tuple[float, float]
    age: int | None
    oldest: Leaf | None
    notes: Mapping[str, Any]
    anything: Any


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
LEAVES = st.builds(Leaf, st.sampled_from(["oak", "ash"]), NUMBERS, st.integers(0, 2**70))
TREES = st.builds(
    Tree,
    name=st.text(max_size=9),
    tall=st.booleans(),
    leaf=LEAVES,
    leaves=st.lists(LEAVES, max_size=3).map(tuple),
    rings=st.lists(st.integers(), max_size=4).map(tuple),
    place=st.tuples(NUMBERS, NUMBERS),
    age=st.none() | st.integers(),
    oldest=st.none() | LEAVES,
    notes=st.dictionaries(st.text(max_size=5), JSON, max_size=3),
    anything=JSON,
)
LEAF: dict[str, Any] = {"kind": "oak", "width": 1.5, "count": 3}
TREE: dict[str, Any] = {
    "name": "one",
    "tall": True,
    "leaf": LEAF,
    "leaves": [LEAF, LEAF],
    "rings": [1, 2],
    "place": [0.5, -0.5],
    "age": None,
    "oldest": None,
    "notes": {},
    "anything": [None],
}


def read(data: Any) -> Tree:
    return read_record(Tree, parse_json(json.dumps(data)), "tree")


def refusal(data: Any) -> str:
    with pytest.raises(RecordError) as caught:
        read(data)
    return str(caught.value)


@given(TREES)
def test_what_is_written_is_what_is_read(tree):
    text = json.dumps(dataclasses.asdict(tree), allow_nan=False)
    again = read_record(Tree, parse_json(text), "tree")
    assert again == tree
    assert json.dumps(dataclasses.asdict(again)) == text


@given(TREES, st.sampled_from(sorted(TREE)))
def test_a_key_that_is_missing_is_named(tree, key):
    data = dataclasses.asdict(tree)
    del data[key]
    assert refusal(data) == f"tree misses '{key}'"


@given(TREES, st.text(max_size=9).filter(lambda key: key not in TREE))
def test_a_key_that_is_unknown_is_named(tree, key):
    assert refusal({**dataclasses.asdict(tree), key: 1}) == f"tree has the unknown key {key!r}"


@given(TREES, JSON)
def test_a_key_that_occurs_twice_is_named(tree, value):
    text = json.dumps(dataclasses.asdict(tree))
    with pytest.raises(RecordError, match="the key 'tall' occurs twice"):
        parse_json(f'{text[:-1]}, "tall": {json.dumps(value)}}}')


@given(st.sampled_from(sorted(TREE)), JSON)
def test_any_value_in_any_place_is_read_or_refused(key, value):
    """Never another error, and never a value of another kind."""
    try:
        found = read(TREE | {key: value})
    except RecordError as error:
        assert f"tree.{key}" in str(error)  # noqa: PT017 (both ends are right)
    else:
        assert json.loads(json.dumps(dataclasses.asdict(found)[key])) == value


WRONG = {
    # path in the data, value, what is said
    "no string": (("name",), 7, "tree.name is not a string"),
    "null for a string": (("name",), None, "tree.name is not a string"),
    "a number for a flag": (("tall",), 1, "tree.tall is not true or false"),
    "true for an integer": (("leaf", "count"), True, "tree.leaf.count is not an integer"),
    "a fraction for an integer": (("leaf", "count"), 3.0, "tree.leaf.count is not an integer"),
    "true for a number": (("leaf", "width"), True, "tree.leaf.width is not a number"),
    "text for a number": (("leaf", "width"), "1.5", "tree.leaf.width is not a number"),
    "an endless integer for a number": (("leaf", "width"), 10**400, "tree.leaf.width is not a number"),
    "an unknown choice": (("leaf", "kind"), "elm", "tree.leaf.kind is 'elm', not one of oak, ash"),
    "a list for a choice": (("leaf", "kind"), ["oak"], "tree.leaf.kind is ['oak'], not one of oak, ash"),
    "null for an object": (("leaf",), None, "tree.leaf is not an object"),
    "a list for an object": (("leaf",), [], "tree.leaf is not an object"),
    "an object for a list": (("leaves",), {}, "tree.leaves is not a list"),
    "text for a list": (("rings",), "12", "tree.rings is not a list"),
    "an item of another kind": (("rings", 1), "2", "tree.rings[1] is not an integer"),
    "an unknown key in an item": (("leaves", 1, "hue"), 1, "tree.leaves[1] has the unknown key 'hue'"),
    "too few of a fixed number": (("place",), [1.0], "tree.place has 1 items, not 2"),
    "too many of a fixed number": (("place",), [1, 2, 3], "tree.place has 3 items, not 2"),
    "one of a fixed number": (("place", 1), None, "tree.place[1] is not a number"),
    "neither null nor integer": (("age",), "old", "tree.age is not an integer"),
    "neither null nor object": (("oldest",), 3, "tree.oldest is not an object"),
    "a list for facts": (("notes",), [], "tree.notes is not an object"),
    "what the record itself refuses": (("leaf", "count"), -3, "tree.leaf: count is -3"),
    "what an item refuses": (("leaves", 0, "count"), -3, "tree.leaves[0]: count is -3"),
}


@pytest.mark.parametrize(("path", "value", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named_by_its_path(path, value, message):
    data = json.loads(json.dumps(TREE))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert refusal(data) == message


@pytest.mark.parametrize("data", [None, [], "tree", 3, True])
def test_what_is_no_object_is_no_record(data):
    assert refusal(data) == "tree is not an object"


def test_an_integer_may_stand_for_a_number():
    found = read(TREE | {"place": [1, 2], "leaf": LEAF | {"width": 3}})
    assert [type(value) for value in (*found.place, found.leaf.width)] == [float] * 3


NO_JSON = {
    "nothing": ("", "not JSON"),
    "half a text": ('{"a": ', "not JSON"),
    "two texts": ("{} {}", "not JSON"),
    "single quotes": ("{'a': 1}", "not JSON"),
    "a byte order mark": ("\ufeff{}", "not JSON"),
    "a text that is too deep": ("[" * 100_000, "not JSON"),
    "an integer of 5,000 digits": ("9" * 5000, "not JSON"),
    "NaN": ('{"a": NaN}', "NaN is no JSON number"),
    "Infinity": ("[Infinity]", "Infinity is no JSON number"),
    "-Infinity": ("[1, -Infinity]", "-Infinity is no JSON number"),
    "a number that overflows": ("[1e999]", "1e999 is out of range"),
    "a key twice": ('{"a": 1, "b": {"c": 1, "d": 2, "c": 1}}', "the key 'c' occurs twice"),
}


@pytest.mark.parametrize(("text", "fragment"), NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_refused(text, fragment):
    with pytest.raises(RecordError) as caught:
        parse_json(text)
    assert fragment in str(caught.value)
    assert len(str(caught.value)) < 200


@given(JSON)
def test_json_is_parsed_as_json(value):
    assert parse_json(json.dumps(value)) == value


def test_a_record_error_is_ours_and_a_value_error():
    assert issubclass(RecordError, EdgewordError)
    assert issubclass(RecordError, ValueError)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, True), (-(2**80), True), (True, False), (1.0, False), ("1", False), (math.nan, False)]
)
def test_whole_numbers(value, expected):
    assert is_int(value) is expected

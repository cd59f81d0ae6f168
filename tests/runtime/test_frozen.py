"""Records that are quick to define behave as frozen dataclasses."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from edgeword.frozen import frozen, frozen_identity


@frozen
class Quick:
    """A record."""

    number: int
    name: str = "x"
    items: list[int] = dataclasses.field(default_factory=list)
    hidden: int = dataclasses.field(default=3, repr=False, compare=False)


@dataclasses.dataclass(frozen=True)
class Slow:
    """The same, by `dataclasses`."""

    number: int
    name: str = "x"
    items: list[int] = dataclasses.field(default_factory=list)
    hidden: int = dataclasses.field(default=3, repr=False, compare=False)


CALLS = {
    "by position": ((1, "y"), {}),
    "by name": ((), {"name": "y", "number": 1}),
    "both": ((1,), {"items": [2], "hidden": 9}),
    "all": ((1, "y", [3], 4), {}),
    "nothing": ((), {}),
    "too many": ((1, "y", [3], 4, 5), {}),
    "unknown": ((1,), {"age": 3}),
    "twice": ((1,), {"number": 3}),
}


@pytest.mark.parametrize(("args", "given"), CALLS.values(), ids=CALLS)
def test_it_is_made_as_a_dataclass_is(args, given):
    try:
        expected = vars(Slow(*args, **given))
    except TypeError:
        with pytest.raises(TypeError, match=r"Quick\(\)"):
            Quick(*args, **given)
    else:
        assert vars(Quick(*args, **given)) == expected


def test_each_has_its_own_default_that_can_change():
    assert Quick(1).items is not Quick(1).items


def test_it_reads_and_compares_as_a_dataclass_does():
    quick = Quick(1)
    assert repr(quick) == repr(Slow(1)).replace("Slow", "Quick")
    assert quick == Quick(1, hidden=4)
    assert quick != Quick(2)
    assert quick != Slow(1)
    assert dataclasses.asdict(quick) == dataclasses.asdict(Slow(1))
    assert dataclasses.replace(quick, number=2) == Quick(2)
    assert pickle.loads(pickle.dumps(quick)) == copy.copy(quick) == quick  # noqa: S301


def test_it_cannot_be_changed():
    quick = Quick(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="number"):
        quick.number = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="number"):
        del quick.number


def test_equal_ones_have_one_hash():
    @frozen
    class Point:
        """Two numbers."""

        x: int
        y: int

    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2


def test_what_holds_arrays_is_equal_to_itself_alone():
    @frozen_identity
    class Held:
        """A value."""

        value: int

    held = Held(1)
    assert held == held  # noqa: PLR0124
    assert held != Held(1)
    assert len({held, Held(1)}) == 2


def test_what_follows_the_fields_is_checked():
    @frozen
    class Positive:
        """A number above 0."""

        number: int

        def __post_init__(self) -> None:
            if self.number <= 0:
                raise ValueError("not above 0")

    assert Positive(1).number == 1
    with pytest.raises(ValueError, match="not above 0"):
        Positive(0)

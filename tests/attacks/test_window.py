"""Hostile windows of a manifest: refused as the spec is read."""

import pytest

from edgeword.bundle.spec import MAX_WINDOW, Window
from edgeword.errors import UsageError
from edgeword.padding import Padding


@pytest.mark.parametrize("length", [-1, 0, MAX_WINDOW + 1, 10**9, 2**63])
def test_a_window_outside_its_range_is_refused(length: int) -> None:
    with pytest.raises(UsageError, match=f"length is {length}"):
        Window(length, Padding("pre", "pre", 0), masked=False)


@pytest.mark.parametrize("length", [1, MAX_WINDOW])
def test_the_ends_of_the_range_are_windows(length: int) -> None:
    assert Window(length, Padding("pre", "pre", 0), masked=False).length == length

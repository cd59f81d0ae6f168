"""Which weights get 8 bits in an int4 file."""

import numpy as np

from edgeword_export.formats.products import Moments, Product, allotted

RANDOM = np.random.default_rng(0)


def product(outputs: int, scale: float = 1.0, *, seen: bool = True) -> Product:
    """Weights of 16 inputs; the larger the inputs, the more a rounding changes."""
    inputs = RANDOM.normal(0, scale, (200, 16)).astype(np.float32)
    weights = RANDOM.normal(size=(16, outputs)).astype(np.float32)
    moments = Moments()
    if seen:
        moments.add(inputs)
    return Product(weights, moments.mean())


def block_of(inputs: int, bits: int, small: bool) -> int:
    return 2 if small else inputs


def bits(**products: Product) -> dict[str, int]:
    return {name: found.bits for name, found in allotted(products, block_of).items()}


def test_what_4_bits_change_much_gets_8():
    assert bits(calm=product(80, 0.01), logits=product(20)) == {"calm": 4, "logits": 8}


def test_a_file_stays_small_whatever_changes():
    assert bits(calm=product(20, 0.01), logits=product(80)) == {"calm": 4, "logits": 4}


def test_of_two_the_one_that_changes_more_gets_8():
    found = bits(calm=product(60, 0.01), less=product(20, 0.5), more=product(20, 5.0))
    assert found == {"calm": 4, "less": 4, "more": 8}


def test_what_large_blocks_change_much_gets_small_ones():
    found = allotted({"calm": product(20, 0.01), "logits": product(80)}, block_of)
    assert {name: each.block for name, each in found.items()} == {"calm": 16, "logits": 2}


def test_what_does_not_fit_leaves_room_for_what_does():
    assert bits(calm=product(60, 0.01), large=product(80, 5.0), fits=product(20, 0.5)) == {
        "calm": 4,
        "large": 4,
        "fits": 8,
    }


def test_unseen_inputs_leave_4_bits():
    assert bits(calm=product(80, 0.01), loop=product(20, seen=False)) == {"calm": 4, "loop": 4}


def test_moments_are_those_of_all_rows():
    inputs, moments = RANDOM.normal(size=(4, 5, 3)).astype(np.float32), Moments()
    assert moments.mean() is None
    for part in (inputs[:1], inputs[1:]):
        moments.add(part)
    rows = inputs.reshape(-1, 3)
    np.testing.assert_allclose(moments.mean(), rows.T @ rows / 20, rtol=1e-5)

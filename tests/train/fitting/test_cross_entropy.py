"""The loss and its gradients against TensorFlow's own operation."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from edgeword_train.fitting import cross_entropy as module
from edgeword_train.fitting.cross_entropy import cross_entropy, fastest_dtype


def plain(hidden, kernel, bias, targets):
    logits = tf.matmul(hidden, kernel, transpose_b=True) + bias
    return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))


@pytest.mark.parametrize(("dtype", "tolerance"), [(tf.float32, 1e-5), (tf.bfloat16, 3e-2)])
@pytest.mark.parametrize("size", [0.1, 3.0])
def test_loss_and_gradients_are_those_of_a_softmax(dtype, tolerance, size):
    random = np.random.default_rng(0)
    given = [tf.constant(random.normal(0, size, shape), tf.float32) for shape in ((6, 4), (9, 4), (9,))]
    targets = tf.constant([0, 3, 3, 8, 1, 3])
    results = []
    for loss in (plain, lambda *arguments: cross_entropy(*arguments, dtype)):
        with tf.GradientTape() as tape:
            tape.watch(given)
            total = 0.5 * loss(*given, targets)
        results.append([total, *tape.gradient(total, given)])
    for wanted, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max())


@pytest.mark.parametrize(
    ("flags", "dtype"), [("avx2 avx512_bf16", tf.bfloat16), ("avx2 fma", tf.float32), (None, tf.float32)]
)
def test_narrow_products_only_where_the_machine_has_them(flags, dtype, tmp_path, monkeypatch):
    file = tmp_path / "cpuinfo"
    if flags is not None:
        file.write_text(f"flags : {flags}\n", "ascii")
    monkeypatch.setattr(module, "_CPU", file)
    assert fastest_dtype() == dtype

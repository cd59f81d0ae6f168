"""The loss over the vocabulary, which is most of the arithmetic of a training.

With logits l `[N, V]` and targets y, loss = log Σ exp(l) - l_y and its gradient is exp(l) / Σ exp(l) - onehot(y).
Nothing of `[N, V]` is normalized here: both gradients are products with exp(l) itself, divided where they are narrow.
TensorFlow's own operation took 42 % of a step in passes over that array.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

_CPU = Path("/proc/cpuinfo")


def fastest_dtype() -> Any:
    """bfloat16 where this machine multiplies it in hardware, else float32; what is measured is always float32."""
    try:
        flags = _CPU.read_text("ascii", errors="ignore")
    except OSError:
        return tf.float32
    return tf.bfloat16 if "avx512_bf16" in flags or "amx_bf16" in flags else tf.float32


def cross_entropy(hidden: Any, kernel: Any, bias: Any, targets: Any, dtype: Any = tf.float32) -> Any:
    """In nats, summed over the targets `[N]`: hidden `[N, U]`, kernel `[V, U]`, bias `[V]`, products in `dtype`."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def loss(hidden: Any, kernel: Any, bias: Any) -> tuple[Any, Any]:
        named = tf.gather(kernel, targets)
        wanted = tf.reduce_sum(hidden * named, axis=1) + tf.gather(bias, targets)
        # All logits are taken relative to the target's, as a softmax allows, so that exp does not overflow.
        shift = tf.cast(wanted, dtype)
        ones = tf.ones_like(shift)[:, None]
        left = tf.concat([tf.cast(hidden, dtype), ones, -shift[:, None]], axis=1)
        right = tf.concat([kernel, bias[:, None], tf.ones_like(bias)[:, None]], axis=1)
        right = tf.cast(right, dtype)
        powers = tf.exp(tf.matmul(left, right, transpose_b=True))
        sums = tf.cast(tf.matmul(powers, tf.ones((tf.shape(bias)[0], 1), dtype)), tf.float32)
        total = tf.reduce_sum(tf.math.log(sums[:, 0]) + tf.cast(shift, tf.float32) - wanted)

        def gradient(upstream: Any) -> tuple[Any, Any, Any]:
            share = upstream / sums
            weighted = tf.cast(tf.concat([hidden, tf.ones_like(sums)], axis=1) * share, dtype)
            both = tf.cast(tf.matmul(powers, weighted, transpose_a=True), tf.float32)
            seen = tf.concat([hidden, tf.ones_like(sums)], axis=1) * upstream
            both -= tf.math.unsorted_segment_sum(seen, targets, tf.shape(kernel)[0])
            back = tf.cast(tf.matmul(powers, right[:, : kernel.shape[1]]), tf.float32) * share - named * upstream
            return back, both[:, :-1], both[:, -1]

        return total, gradient

    return loss(hidden, kernel, bias)

"""How training uses several cores: each works on its own part of the batch, one operation at a time.

TensorFlow's own way gives every operation to all cores and waits for the slowest. The operations of these networks
last about a millisecond, so much of the time goes into handing out and waiting, all the more on a busy machine. With
one thread for an operation and as many parts as there are cores, the cores meet once a step, where gradients are added
(measured on two cores, see bench/NOTES.md).
"""

from __future__ import annotations

import os

import tensorflow as tf

SMALLEST_PART = 8  # pictures: below, the matrix products are too small to be fast


def one_core_per_operation(batch_size: int) -> None:
    """Has TensorFlow run each operation on one core, where batches can be cut into as many parts as there are cores.

    It holds for the whole process and must come before TensorFlow's first operation: later it changes nothing, and
    `parts` then says 1. `TF_NUM_INTRAOP_THREADS` in the environment has precedence.
    """
    if "TF_NUM_INTRAOP_THREADS" in os.environ or batch_size < SMALLEST_PART * _cores():
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
    except RuntimeError:
        return  # TensorFlow is running already


def parts(pictures: int) -> list[int]:
    """The sizes of the parts that a batch of so many pictures is cut into, as alike as can be."""
    count = 1
    if tf.config.threading.get_intra_op_parallelism_threads() == 1:
        count = max(1, min(_cores(), pictures // SMALLEST_PART))
    whole, rest = divmod(pictures, count)
    return [whole + (part < rest) for part in range(count)]


def _cores() -> int:
    own = tf.config.threading.get_inter_op_parallelism_threads()
    return own or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)

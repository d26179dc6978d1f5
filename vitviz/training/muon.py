"""Muon: momentum, made orthogonal, for the kernels of the blocks; Adam for everything else."""

from __future__ import annotations

import tensorflow as tf

from vitviz.training.adam import Adam

MOMENTUM = 0.95
RMS = 0.2  # of an update's entries, as large as Adam's usually are, so that Adam's rates suit (arXiv 2502.16982)
STEPS, A, B, C = 5, 3.4445, -4.7750, 2.0315  # of the Newton–Schulz iteration


class Muon:
    """Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon; scaled as in arXiv 2502.16982).

    The mathematics of `keras.optimizers.Muon`. A kernel of attention is a matrix of its input by all heads together.
    Kernels of one shape go through the iteration together, as one stack.
    """

    def __init__(self, weights: dict[str, tf.Variable], weight_decay: float) -> None:
        self.weights = weights
        self.weight_decay = weight_decay
        self.matrices = {name: matrix_shape(name, weight.shape) for name, weight in weights.items() if acts_on(name)}
        self.adam = Adam({name: weights[name] for name in weights if name not in self.matrices}, weight_decay)
        self.momentum = {name: tf.Variable(tf.zeros_like(weights[name])) for name in self.matrices}
        self.first, self.second = self.adam.first | self.momentum, self.adam.second

    def apply(self, gradients: dict[str, tf.Tensor], rate: tf.Tensor, number: tf.Tensor) -> None:
        """One update of the weights.

        Args:
            gradients: float32, each of the shape of the weight of its name; one for every weight.
            rate: the learning rate, a float32 scalar.
            number: counts the updates from 1, a float32 scalar.

        Raises:
            KeyError: a weight has no gradient.
        """
        self.adam.apply({name: gradients[name] for name in self.adam.weights}, rate, number)
        for shape in sorted(set(self.matrices.values())):
            names = [name for name, its in self.matrices.items() if its == shape]
            ahead = []
            for name in names:
                momentum = self.momentum[name].assign(MOMENTUM * self.momentum[name] + gradients[name])
                ahead.append(tf.reshape(gradients[name] + MOMENTUM * momentum, shape))  # Nesterov's look ahead
            updates = orthogonalised(tf.stack(ahead)) * (RMS * max(shape) ** 0.5)
            for name, update in zip(names, tf.unstack(updates), strict=True):
                weight = self.weights[name]
                weight.assign_sub(rate * (self.weight_decay * weight + tf.reshape(update, weight.shape)))


def acts_on(name: str) -> bool:
    """Whether Muon acts on the weight of this name: on the kernels of the blocks."""
    return name.startswith("block_") and name.rsplit("/", 1)[-1].endswith("kernel")


def matrix_shape(name: str, shape: tf.TensorShape) -> tuple[int, int]:
    """Rows and columns of a kernel, all heads together: in columns for queries, keys and values, in rows for output."""
    outputs = shape[-1:] if name.endswith("output_kernel") else shape[1:]
    return shape.num_elements() // outputs.num_elements(), outputs.num_elements()


def orthogonalised(matrices: tf.Tensor) -> tf.Tensor:
    """Nearly U·Vᵀ of each matrix U·S·Vᵀ, `(count, rows, columns)`: its singular values come out between 0.7 and 1.2."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = tf.linalg.matrix_transpose(matrices) if tall else matrices
    x = x / (tf.norm(x, axis=(1, 2), keepdims=True) + 1e-7)
    for _ in range(STEPS):
        square = tf.matmul(x, x, transpose_b=True)
        x = A * x + tf.matmul(B * square + C * tf.matmul(square, square), x)
    return tf.linalg.matrix_transpose(x) if tall else x

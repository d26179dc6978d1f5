"""Adam with decoupled weight decay, one fused kernel per weight."""

from __future__ import annotations

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Keras' defaults, which the tutorial uses


class Adam:
    """Adam (arXiv 1412.6980, with the bias correction folded into the rate) and AdamW (arXiv 1711.05101).

    The mathematics of `keras.optimizers.Adam`. TensorFlow's `ResourceApplyAdam` does for one weight in one pass what
    Keras spells out in nine operations. Only kernels decay, not biases, norms or positions.
    """

    def __init__(self, weights: dict[str, tf.Variable], weight_decay: float) -> None:
        self.weights = weights
        self.weight_decay = weight_decay
        self.first = {name: tf.Variable(tf.zeros_like(weight)) for name, weight in weights.items()}
        self.second = {name: tf.Variable(tf.zeros_like(weight)) for name, weight in weights.items()}

    def apply(self, gradients: dict[str, tf.Tensor], rate: tf.Tensor, number: tf.Tensor) -> None:
        """One update of the weights.

        Args:
            gradients: float32, each of the shape of the weight of its name; weights without one stay.
            rate: the learning rate, a float32 scalar.
            number: counts the updates from 1, a float32 scalar.

        Raises:
            KeyError: there is no weight of that name.
        """
        for name, gradient in gradients.items():
            weight = self.weights[name]
            if self.weight_decay and decays(name):
                weight.assign_sub(weight * (rate * self.weight_decay))
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle, m=self.first[name].handle, v=self.second[name].handle,
                beta1_power=BETA_1**number, beta2_power=BETA_2**number,
                lr=rate, beta1=BETA_1, beta2=BETA_2, epsilon=EPSILON, grad=gradient,
            )  # fmt: skip


def decays(name: str) -> bool:
    """Whether weight decay acts on the weight of this name: on kernels, and on the TokenFuser's mixing matrix."""
    last = name.rsplit("/", 1)[-1]
    return "kernel" in last or last == "mix"

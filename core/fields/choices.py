"""The names that a configuration chooses from."""

from __future__ import annotations

from types import MappingProxyType

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "softsign", "elu", "gelu_tanh", "identity")
LOSSES = ("mse", "mae", "huber", "cross_entropy", "binary_cross_entropy")
CLASS_LOSSES = ("cross_entropy", "binary_cross_entropy")  # those that only classes can have
# What a loss on logits does in one step with the activation before it, where both together are simple.
FUSED = MappingProxyType({"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"})
OPTIMIZERS = (
    "sgd",
    "momentum",
    "nesterov",
    "adagrad",
    "rmsprop",
    "adam",
    "adamw",
    "rprop",
    "irprop_minus",
)
RPROP_FAMILY = ("rprop", "irprop_minus")
SCHEDULES = ("constant", "step", "exponential", "cosine", "linear", "one_cycle", "range_test")
RANGE_TEST = "range_test"  # the schedule whose epochs are single steps
INITIALIZERS = (
    "auto",
    "he_normal",
    "he_uniform",
    "glorot_normal",
    "glorot_uniform",
    "lecun_normal",
    "lecun_uniform",
    "torch",
    "uniform",
)
# The short names stand for the distribution that each paper proposed.
INITIALIZER_ALIASES = MappingProxyType(
    {"he": "he_normal", "glorot": "glorot_uniform", "lecun": "lecun_normal"}
)

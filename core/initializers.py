"""First weights depend on configuration and seed alone; each layer draws from a generator of its own."""

from __future__ import annotations

import math

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.configuration import Configuration
from core.layout import Layout
from core.streams import Stream, generator

# He et al. (2015) derive the factor 2 for rectifiers; the others here are close to one.
RECTIFIERS = ("relu", "leaky_relu", "elu", "gelu_tanh")


def initial_row(configuration: Configuration, seed: int, layout: Layout) -> FloatArray:
    """Return one run's parameters (layout.width,), drawn in float64 and then cast."""
    last = len(layout.sizes) - 2
    parameters: dict[str, FloatArray] = {}
    for layer in range(last + 1):
        follower = configuration.output_activation if layer == last else configuration.activation
        weight, bias = _draw(
            configuration, follower, seed, layer, layout.sizes[layer], layout.sizes[layer + 1]
        )
        parameters[f"layers.{layer}.weight"] = weight
        parameters[f"layers.{layer}.bias"] = bias
    return layout.pack(parameters, np.dtype(configuration.dtype))


def _draw(
    configuration: Configuration, follower: str | None, seed: int, layer: int, fan_in: int, fan_out: int
) -> tuple[Float64Array, Float64Array]:
    """Return weight (fan_in, fan_out) and bias (fan_out,) of one layer; the weight is drawn first."""
    numbers = generator(seed, Stream.WEIGHTS, layer=layer)
    shape = (fan_in, fan_out)
    name = configuration.initializer
    if name == "auto":
        name = "he_normal" if follower in RECTIFIERS else "glorot_uniform"
    if name == "torch":
        bound = 1.0 / math.sqrt(fan_in)
        return numbers.uniform(-bound, bound, shape), numbers.uniform(-bound, bound, fan_out)
    if name == "uniform":
        scale = configuration.init_scale or 0.0
        weight = numbers.uniform(-scale, scale, shape)
        biases = numbers.uniform(-scale, scale, fan_out) if configuration.init_biases else np.zeros(fan_out)
        return weight, biases
    family, distribution = name.rsplit("_", 1)
    deviation = math.sqrt(_variance(family, fan_in, fan_out))
    if distribution == "normal":
        return numbers.standard_normal(shape) * deviation, np.zeros(fan_out)
    bound = deviation * math.sqrt(3.0)  # a uniform number within +-b has variance b^2 / 3
    return numbers.uniform(-bound, bound, shape), np.zeros(fan_out)


def _variance(family: str, fan_in: int, fan_out: int) -> float:
    """Return the variance that keeps signals at their size, by the paper of that name (see FIELDS)."""
    if family == "he":
        return 2.0 / fan_in
    if family == "glorot":
        return 2.0 / (fan_in + fan_out)
    return 1.0 / fan_in

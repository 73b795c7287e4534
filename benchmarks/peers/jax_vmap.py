"""JAX: an epoch is one compiled program that scans over batches, vmapped over rates and over seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np

from benchmarks.peers.protocol import Prepared, serve
from benchmarks.peers.task import Task

Tree = Any  # of JAX arrays


def prepare(task: Task) -> Prepared:
    """Put data and first weights where JAX computes; the first training compiles."""
    inputs, targets = jnp.asarray(task.inputs), jnp.asarray(task.targets)
    rates = jnp.asarray(task.rates, jnp.float32)
    orders = [jnp.asarray(task.orders[:, epoch]) for epoch in range(task.epochs)]
    first = jax.block_until_ready(_first_parameters(task))
    train_epoch = _epoch(task)

    def train() -> np.ndarray:
        parameters = jax.tree.map(jnp.copy, first)
        state = _first_state(task.optimizer, parameters)
        losses = jnp.zeros(())
        for order in orders:
            parameters, state, losses = train_epoch(parameters, state, rates, inputs, targets, order)
        return np.asarray(losses).reshape(-1) / len(task.classes)

    return Prepared(train)


def _first_parameters(task: Task) -> Tree:
    """Weights and biases of every layer, (seeds, rates, ...)."""
    repeated = [np.repeat(weight[:, None], len(task.rates), axis=1) for weight in task.weights]
    return [(jnp.asarray(weight), jnp.zeros((*weight.shape[:2], weight.shape[3]))) for weight in repeated]


def _first_state(optimizer: str, parameters: Tree) -> Tree:
    slots = {"sgd": 0, "momentum": 1, "adam": 2}[optimizer]
    return jnp.zeros(()), tuple(jax.tree.map(jnp.zeros_like, parameters) for _ in range(slots))


def _epoch(task: Task) -> Callable[..., tuple[Tree, Tree, jax.Array]]:
    """One epoch of all runs, compiled: whole batches in a scan, then the short one."""
    step = _step(task)
    whole = len(task.classes) // task.batch * task.batch

    def train_epoch(
        parameters: Tree,
        state: Tree,
        rates: jax.Array,
        inputs: jax.Array,
        targets: jax.Array,
        order: jax.Array,
    ) -> tuple[Tree, Tree, jax.Array]:
        def body(carry: Tree, rows: jax.Array) -> tuple[Tree, jax.Array]:
            parameters, (count, slots) = carry
            count = count + 1
            parameters, slots, losses = step(parameters, slots, rates, count, inputs[rows], targets[rows])
            return (parameters, (count, slots)), losses * rows.shape[1]

        batches = order[:, :whole].reshape(order.shape[0], -1, task.batch).swapaxes(0, 1)
        carry, losses = jax.lax.scan(body, (parameters, state), batches)
        total = losses.sum(axis=0)
        if whole < order.shape[1]:
            carry, last = body(carry, order[:, whole:])
            total = total + last
        return *carry, total

    return jax.jit(train_epoch, donate_argnums=(0, 1))


def _step(task: Task) -> Callable[..., tuple[Tree, Tree, jax.Array]]:
    """One step of all runs (seeds, rates): batches differ by seed, rates within a seed."""
    loss, update = LOSSES[task.loss], UPDATES[task.optimizer]

    def step(
        parameters: Tree,
        slots: Tree,
        rate: jax.Array,
        count: jax.Array,
        inputs: jax.Array,
        targets: jax.Array,
    ) -> tuple[Tree, Tree, jax.Array]:
        value, gradients = jax.value_and_grad(loss)(parameters, inputs, targets)
        parameters, slots = update(parameters, gradients, slots, rate, count)
        return parameters, slots, value

    over_rates = jax.vmap(step, in_axes=(0, 0, 0, None, None, None))
    return jax.vmap(over_rates, in_axes=(0, 0, None, None, 0, 0))


def _outputs(parameters: Tree, inputs: jax.Array) -> jax.Array:
    for weight, bias in parameters[:-1]:
        inputs = jax.nn.relu(inputs @ weight + bias)
    weight, bias = parameters[-1]
    return inputs @ weight + bias


def _mse(parameters: Tree, inputs: jax.Array, targets: jax.Array) -> jax.Array:
    return jnp.mean((_outputs(parameters, inputs) - targets) ** 2)


def _cross_entropy(parameters: Tree, inputs: jax.Array, targets: jax.Array) -> jax.Array:
    return -jnp.mean(jnp.sum(targets * jax.nn.log_softmax(_outputs(parameters, inputs)), axis=1))


def _sgd(
    parameters: Tree, gradients: Tree, slots: Tree, rate: jax.Array, _count: jax.Array
) -> tuple[Tree, Tree]:
    return jax.tree.map(lambda w, g: w - rate * g, parameters, gradients), slots


def _momentum(
    parameters: Tree, gradients: Tree, slots: Tree, rate: jax.Array, _count: jax.Array
) -> tuple[Tree, Tree]:
    velocity = jax.tree.map(lambda v, g: 0.9 * v + g, slots[0], gradients)
    return jax.tree.map(lambda w, v: w - rate * v, parameters, velocity), (velocity,)


def _adam(
    parameters: Tree, gradients: Tree, slots: Tree, rate: jax.Array, count: jax.Array
) -> tuple[Tree, Tree]:
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, slots[0], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, slots[1], gradients)
    first_scale, second_scale = 1 / (1 - 0.9**count), 1 / (1 - 0.999**count)
    parameters = jax.tree.map(
        lambda w, m, v: w - rate * (m * first_scale) / (jnp.sqrt(v * second_scale) + 1e-8),
        parameters,
        first,
        second,
    )
    return parameters, (first, second)


LOSSES = {"mse": _mse, "cross_entropy": _cross_entropy}
UPDATES = {"sgd": _sgd, "momentum": _momentum, "adam": _adam}

if __name__ == "__main__":
    serve(prepare, {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "products": "XLA's own (Eigen)"})

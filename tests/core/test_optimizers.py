"""Optimizers do, step by step, what their papers and PyTorch's documentation write down."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.configuration import Configuration, resolve
from core.fields import RPROP_FAMILY
from core.optimizers import OPTIMIZERS, State, initial_state

RUNS, WIDTH, STEPS = 3, 5, 25
FLOAT64 = np.dtype(np.float64)
Path = list[np.ndarray]


def configurations(**values: object) -> list[Configuration]:
    return [resolve({"learning_rate": 0.02 * (run + 1), **values}, task="regression") for run in range(RUNS)]


def draws() -> tuple[np.ndarray, list[np.ndarray]]:
    numbers = np.random.default_rng(21)
    return numbers.standard_normal((RUNS, WIDTH)), [
        numbers.standard_normal((RUNS, WIDTH)) for _ in range(STEPS)
    ]


def taken(settings: list[Configuration], gradient: np.ndarray) -> np.ndarray:
    """Return a gradient as the optimizer takes it, some multiplied with the learning rate."""
    if not OPTIMIZERS[settings[0].optimizer].rated:
        return gradient.copy()
    rated: np.ndarray = gradient * np.array([[each.learning_rate] for each in settings])
    return rated


def follow(settings: list[Configuration]) -> Path:
    parameters, gradients = draws()
    optimizer = OPTIMIZERS[settings[0].optimizer](settings, FLOAT64)
    state: State = initial_state(settings[0].optimizer, parameters)
    path = []
    for step, gradient in enumerate(gradients, start=1):
        before = parameters.copy()
        change = optimizer.update(parameters, taken(settings, gradient), state, step)
        assert np.array_equal(before - change, parameters)
        path.append(parameters.copy())
    return path


def expected(settings: list[Configuration], rule: Callable[[Configuration, np.ndarray, Path], Path]) -> Path:
    parameters, gradients = draws()
    runs = [rule(c, parameters[run], [g[run] for g in gradients]) for run, c in enumerate(settings)]
    return [np.stack([run[step] for run in runs]) for step in range(STEPS)]


def sgd(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    path = []
    for g in gradients:
        w = w - c.learning_rate * g
        path.append(w)
    return path


def pytorch_momentum(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    """torch.optim.SGD with dampening 0: b_1 = g_1, b_t = mu b_(t-1) + g_t, w = w - lr b_t."""
    path, b = [], None
    for g in gradients:
        b = g if b is None else (c.momentum or 0.0) * b + g
        w = w - c.learning_rate * b
        path.append(w)
    return path


def pytorch_nesterov(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    """torch.optim.SGD with nesterov: as above, but g_t + mu b_t is subtracted."""
    path, b = [], None
    mu = c.momentum or 0.0
    for g in gradients:
        b = g if b is None else mu * b + g
        w = w - c.learning_rate * (g + mu * b)
        path.append(w)
    return path


def algorithm_1(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    """Kingma and Ba (2015), Algorithm 1, line by line."""
    assert c.beta1 is not None
    assert c.beta2 is not None
    assert c.epsilon is not None
    path, m, v = [], np.zeros(WIDTH), np.zeros(WIDTH)
    for t, g in enumerate(gradients, start=1):
        m = c.beta1 * m + (1 - c.beta1) * g
        v = c.beta2 * v + (1 - c.beta2) * g**2
        m_hat = m / (1 - c.beta1**t)
        v_hat = v / (1 - c.beta2**t)
        w = w - c.learning_rate * m_hat / (np.sqrt(v_hat) + c.epsilon)
        path.append(w)
    return path


def pytorch_adagrad(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    """torch.optim.Adagrad without lr_decay: state_sum += g^2, w = w - lr g / (sqrt(state_sum) + eps)."""
    assert c.epsilon is not None
    path, state_sum = [], np.zeros(WIDTH)
    for g in gradients:
        state_sum = state_sum + g**2
        w = w - c.learning_rate * g / (np.sqrt(state_sum) + c.epsilon)
        path.append(w)
    return path


def pytorch_rmsprop(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    """torch.optim.RMSprop: v = alpha v + (1 - alpha) g^2, w = w - lr g / (sqrt(v) + eps)."""
    assert c.decay is not None
    assert c.epsilon is not None
    path, v = [], np.zeros(WIDTH)
    for g in gradients:
        v = c.decay * v + (1 - c.decay) * g**2
        w = w - c.learning_rate * g / (np.sqrt(v) + c.epsilon)
        path.append(w)
    return path


def rprop_plus(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    """Igel and Huesken (2003), Algorithm 1 (Rprop+), weight by weight."""
    assert c.eta_plus is not None
    assert c.eta_minus is not None
    assert c.step_max is not None
    assert c.step_min is not None
    w, path = w.copy(), []
    delta, before, change = np.full(WIDTH, c.learning_rate), np.zeros(WIDTH), np.zeros(WIDTH)
    for g in gradients:
        for i in range(WIDTH):
            slope = g[i]
            if before[i] * slope > 0:
                delta[i] = min(delta[i] * c.eta_plus, c.step_max)
                change[i] = -np.sign(slope) * delta[i]
                w[i] += change[i]
            elif before[i] * slope < 0:
                delta[i] = max(delta[i] * c.eta_minus, c.step_min)
                w[i] -= change[i]
                slope = 0.0
            else:
                change[i] = -np.sign(slope) * delta[i]
                w[i] += change[i]
            before[i] = slope
        path.append(w.copy())
    return path


def irprop_minus(c: Configuration, w: np.ndarray, gradients: Path) -> Path:
    """Igel and Huesken (2003), Algorithm 4 (iRprop-), weight by weight; torch.optim.Rprop."""
    assert c.eta_plus is not None
    assert c.eta_minus is not None
    assert c.step_max is not None
    assert c.step_min is not None
    w, path = w.copy(), []
    delta, before = np.full(WIDTH, c.learning_rate), np.zeros(WIDTH)
    for g in gradients:
        for i in range(WIDTH):
            slope = g[i]
            if before[i] * slope > 0:
                delta[i] = min(delta[i] * c.eta_plus, c.step_max)
            elif before[i] * slope < 0:
                delta[i] = max(delta[i] * c.eta_minus, c.step_min)
                slope = 0.0
            w[i] -= np.sign(slope) * delta[i]
            before[i] = slope
        path.append(w.copy())
    return path


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"optimizer": "sgd"}, sgd),
        ({"optimizer": "momentum"}, pytorch_momentum),
        ({"optimizer": "momentum", "momentum": 0.0}, pytorch_momentum),
        ({"optimizer": "nesterov", "momentum": 0.7}, pytorch_nesterov),
        ({"optimizer": "adam"}, algorithm_1),
        ({"optimizer": "adam", "beta1": 0.5, "beta2": 0.9, "epsilon": 0.1}, algorithm_1),
        ({"optimizer": "adam", "beta1": 0.0, "beta2": 0.0}, algorithm_1),
        ({"optimizer": "adamw", "weight_decay": 0.0}, algorithm_1),  # the decay stands in core.regularization
        ({"optimizer": "adagrad"}, pytorch_adagrad),
        ({"optimizer": "adagrad", "epsilon": 0.1}, pytorch_adagrad),
        ({"optimizer": "rmsprop"}, pytorch_rmsprop),
        ({"optimizer": "rmsprop", "decay": 0.5, "epsilon": 0.1}, pytorch_rmsprop),
        ({"optimizer": "rmsprop", "decay": 0.0}, pytorch_rmsprop),
        ({"optimizer": "rprop"}, rprop_plus),
        ({"optimizer": "rprop", "eta_plus": 3.0, "eta_minus": 0.9, "step_max": 0.2}, rprop_plus),
        ({"optimizer": "rprop", "step_min": 0.01}, rprop_plus),
        ({"optimizer": "irprop_minus"}, irprop_minus),
        ({"optimizer": "irprop_minus", "eta_plus": 2.0, "step_max": 0.2, "step_min": 0.01}, irprop_minus),
    ],
    ids=lambda given: getattr(given, "__name__", str(given)),
)
def test_every_step_is_the_published_one(
    values: dict[str, object], rule: Callable[[Configuration, np.ndarray, Path], Path]
) -> None:
    settings = configurations(**values)
    np.testing.assert_allclose(follow(settings), expected(settings, rule), rtol=1e-12, atol=1e-14)


def test_adam_keeps_different_betas_of_different_runs_apart() -> None:
    settings = [
        resolve(
            {"optimizer": "adam", "beta1": beta1, "beta2": beta2, "learning_rate": 0.01}, task="regression"
        )
        for beta1, beta2 in ((0.9, 0.999), (0.5, 0.99), (0.9, 0.9))
    ]
    np.testing.assert_allclose(follow(settings), expected(settings, algorithm_1), rtol=1e-12, atol=1e-14)


def test_adam_leaves_a_weight_without_gradient_where_it_is_in_float32() -> None:
    settings = configurations(optimizer="adam", epsilon=1e-30)
    parameters = np.ones((RUNS, WIDTH), np.float32)
    state = initial_state("adam", parameters)
    OPTIMIZERS["adam"](settings, np.dtype(np.float32)).update(parameters, np.zeros_like(parameters), state, 1)
    assert (parameters == 1.0).all()


@pytest.mark.parametrize("name", ["adagrad", "rmsprop"])
def test_a_weight_without_any_gradient_stays_where_it_is(name: str) -> None:
    settings = configurations(optimizer=name)
    parameters = np.ones((RUNS, WIDTH), np.float32)
    state = initial_state(name, parameters)
    OPTIMIZERS[name](settings, np.dtype(np.float32)).update(parameters, np.zeros_like(parameters), state, 1)
    assert (parameters == 1.0).all()


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name not in RPROP_FAMILY])
def test_other_rates_take_the_place_of_the_configurations(name: str) -> None:
    told, meant = configurations(optimizer=name), configurations(optimizer=name, learning_rate=0.005)
    parameters, gradients = draws()
    expected, state = parameters.copy(), initial_state(name, parameters)
    changed, rates = OPTIMIZERS[name](told, FLOAT64), np.full(RUNS, 0.005)
    changed.set_rates(rates, rates)
    changed.update(parameters, taken(meant, gradients[0]), state, 1)
    fresh = initial_state(name, parameters)
    OPTIMIZERS[name](meant, FLOAT64).update(expected, taken(meant, gradients[0]), fresh, 1)
    assert np.array_equal(parameters, expected)


@pytest.mark.parametrize(("name", "ahead"), [("momentum", False), ("nesterov", True)])
def test_a_velocity_keeps_its_size_when_the_rate_changes(name: str, ahead: bool) -> None:
    """PyTorch's forms under rates that change with every step: v = mu v + g, w -= rate (g + mu v) or v."""
    settings = configurations(optimizer=name, momentum=0.8)
    parameters, gradients = draws()
    state, w, v = initial_state(name, parameters), parameters.copy(), np.zeros_like(parameters)
    optimizer = OPTIMIZERS[name](settings, FLOAT64)
    rates = [np.array([0.1, 0.2, 0.3]) * 0.9**step for step in range(STEPS)]
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        optimizer.set_rates(rate, rates[max(0, step - 2)])
        optimizer.update(parameters, gradient * rate[:, None], state, step)
        v = 0.8 * v + gradient
        w = w - rate[:, None] * (gradient + 0.8 * v if ahead else v)
        np.testing.assert_allclose(parameters, w, rtol=1e-12, atol=1e-14)

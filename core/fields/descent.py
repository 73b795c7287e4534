"""Fields of the steps that change the weights: the optimizer, its settings, batches and epochs."""

from __future__ import annotations

from types import MappingProxyType

from core.fields.choices import OPTIMIZERS, RPROP_FAMILY
from core.fields.field import Field, among

LEARNING_RATES = MappingProxyType(
    {
        "sgd": 0.1,
        "momentum": 0.05,
        "nesterov": 0.05,
        "adagrad": 0.01,
        "rmsprop": 0.001,
        "adam": 0.001,
        "adamw": 0.001,
        "rprop": 0.1,
        "irprop_minus": 0.1,
    }
)

OPTIMIZER = (
    Field(
        name="optimizer",
        kind="choice",
        choices=OPTIMIZERS,
        default="sgd",
        text="sgd: w -= rate * g. momentum: v = mu v + g, w -= rate * v (PyTorch's form of Polyak 1964); "
        "nesterov: the same v, w -= rate * (g + mu v) (Sutskever et al. 2013, PyTorch's form). adagrad: "
        "s += g^2 from 0, w -= rate * g / (sqrt(s) + epsilon) (Duchi et al. 2011). rmsprop: s = decay s "
        "+ (1 - decay) g^2, w -= rate * g / (sqrt(s) + epsilon) (Tieleman and Hinton 2012, PyTorch's "
        "form: not centered, no momentum). adam: Kingma and Ba (2015), Algorithm 1; adamw: the same "
        "with weight_decay beside it (Loshchilov and Hutter 2019, Algorithm 2). rprop: Rprop+ with "
        "weight backtracking (Riedmiller and Braun 1993): a sign change halves the step, undoes the "
        "last change and skips the next comparison; irprop_minus: iRprop- (Igel and Huesken 2003, "
        "PyTorch's Rprop): a sign change halves the step and leaves the weight where it is for once. "
        "Both need the full batch.",
    ),
    Field(
        name="learning_rate",
        kind="number",
        default=0.1,
        default_by=("optimizer", LEARNING_RATES),
        minimum=0.0,
        open_minimum=True,
        maximum=1e6,
        free=True,
        text="Step size; for rprop and irprop_minus the size of every weight's first step. Default by "
        "optimizer: sgd 0.1, momentum and nesterov 0.05, adagrad 0.01, rmsprop, adam and adamw 0.001, "
        "rprop and irprop_minus 0.1.",
    ),
)

SETTINGS = (
    Field(
        name="momentum",
        kind="number",
        default=0.9,
        minimum=0.0,
        maximum=1.0,
        open_maximum=True,
        chooser="optimizer",
        used_with=among("momentum", "nesterov"),
        used_text="optimizer is momentum or nesterov",
        free=True,
        text="mu, the share of the velocity that is kept at each step (PyTorch's form). Keras and "
        "scikit-learn have the rate within the velocity: the same steps while the rate stays, others "
        "along a schedule.",
    ),
    Field(
        name="beta1",
        kind="number",
        default=0.9,
        minimum=0.0,
        maximum=1.0,
        open_maximum=True,
        chooser="optimizer",
        used_with=among("adam", "adamw"),
        used_text="optimizer is adam or adamw",
        free=True,
        text="Decay of the first moment (Kingma and Ba 2015).",
    ),
    Field(
        name="beta2",
        kind="number",
        default=0.999,
        minimum=0.0,
        maximum=1.0,
        open_maximum=True,
        chooser="optimizer",
        used_with=among("adam", "adamw"),
        used_text="optimizer is adam or adamw",
        free=True,
        text="Decay of the second moment (Kingma and Ba 2015).",
    ),
    Field(
        name="epsilon",
        kind="number",
        default=1e-8,
        default_by=("optimizer", MappingProxyType({"adagrad": 1e-10})),
        minimum=1e-30,  # below, it would vanish in float32 and an untouched weight become 0 / 0
        maximum=1.0,
        chooser="optimizer",
        used_with=among("adagrad", "rmsprop", "adam", "adamw"),
        used_text="optimizer is adagrad, rmsprop, adam or adamw",
        free=True,
        text="Added outside the root; in adam and adamw after bias correction (Kingma and Ba 2015, Algorithm "
        "1; PyTorch), where Keras and scikit-learn add it before. Default by optimizer, as PyTorch's: "
        "adagrad 1e-10, the others 1e-8.",
    ),
    Field(
        name="decay",
        kind="number",
        default=0.99,
        minimum=0.0,
        maximum=1.0,
        open_maximum=True,
        chooser="optimizer",
        used_with=among("rmsprop"),
        used_text="optimizer is rmsprop",
        free=True,
        text="Share of the mean square that is kept at each step; PyTorch's alpha, with its default (Keras "
        "calls it rho, and takes 0.9).",
    ),
    Field(
        name="eta_plus",
        kind="number",
        default=1.2,
        minimum=1.0,
        maximum=100.0,
        chooser="optimizer",
        used_with=among(*RPROP_FAMILY),
        used_text="optimizer is rprop or irprop_minus",
        free=True,
        text="Factor of a weight's step while its derivative keeps its sign (Riedmiller and Braun 1993).",
    ),
    Field(
        name="eta_minus",
        kind="number",
        default=0.5,
        minimum=0.0,
        open_minimum=True,
        maximum=1.0,
        chooser="optimizer",
        used_with=among(*RPROP_FAMILY),
        used_text="optimizer is rprop or irprop_minus",
        free=True,
        text="Factor of a weight's step once its derivative has changed its sign (Riedmiller and Braun "
        "1993).",
    ),
    Field(
        name="step_max",
        kind="number",
        default=50.0,
        minimum=0.0,
        open_minimum=True,
        maximum=1e6,
        chooser="optimizer",
        used_with=among(*RPROP_FAMILY),
        used_text="optimizer is rprop or irprop_minus",
        free=True,
        text="Largest step (Riedmiller and Braun 1993; PyTorch).",
    ),
    Field(
        name="step_min",
        kind="number",
        default=0.0,
        minimum=0.0,
        maximum=1e6,
        chooser="optimizer",
        used_with=among(*RPROP_FAMILY),
        used_text="optimizer is rprop or irprop_minus",
        free=True,
        text="Smallest step. PyTorch, and Riedmiller and Braun (1993), take 1e-6.",
    ),
    Field(
        name="initial_step_max",
        kind="number",
        default=None,
        minimum=0.0,
        open_minimum=True,
        maximum=1e6,
        chooser="optimizer",
        used_with=among(*RPROP_FAMILY),
        used_text="optimizer is rprop or irprop_minus",
        free=True,
        text="With it, each weight's first step is drawn uniformly between learning_rate and this; null: all "
        "are learning_rate.",
    ),
    Field(
        name="batch_size",
        kind="batch_size",
        default=32,
        default_by=("optimizer", MappingProxyType(dict.fromkeys(RPROP_FAMILY, "full"))),
        minimum=1,
        maximum=1_000_000_000,
        text="Examples per step, drawn without replacement. The last short batch is kept and averaged over "
        'its own size. "full" takes all training examples in their own order, one step per epoch; rprop '
        "and irprop_minus need it.",
    ),
    Field(
        name="epochs",
        kind="integer",
        default=30,
        minimum=1,
        maximum=1_000_000,
        text="Passes over the training examples, counted from 1. An epoch's train_loss is the mean over its "
        "examples as they were trained on, each before the step that it led to and with dropout on; with "
        "stop_progress it is evaluated after the epoch.",
    ),
)

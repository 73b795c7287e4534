"""Fields that hold a network back: penalties, decay, dropout and clipping; off by default."""

from __future__ import annotations

from types import MappingProxyType

from core.fields.choices import RPROP_FAMILY
from core.fields.field import Field, not_among

REGULARIZATION = (
    Field(
        name="l1",
        kind="number",
        default=0.0,
        neutral=0.0,
        minimum=0.0,
        maximum=1e6,
        free=True,
        switch=True,
        text="lambda of the penalty lambda sum |W| on weights, not on biases; its derivative is 0 at 0. "
        "Losses are reported without it. 0: none.",
    ),
    Field(
        name="l2",
        kind="number",
        default=0.0,
        neutral=0.0,
        minimum=0.0,
        maximum=1e6,
        free=True,
        switch=True,
        text="lambda of the penalty (lambda / 2) sum W^2 on weights, not on biases. Losses are reported "
        "without it. scikit-learn's alpha is lambda times the batch size with cross_entropy, and half "
        "of that times the outputs with mse; weight_decay in PyTorch's SGD is lambda, with biases "
        "included. 0: none.",
    ),
    Field(
        name="weight_decay",
        kind="number",
        default=0.0,
        default_by=("optimizer", MappingProxyType({"adamw": 0.01})),
        neutral=0.0,
        minimum=0.0,
        maximum=1e6,
        chooser="optimizer",
        used_with=not_among(*RPROP_FAMILY),
        used_text="optimizer is not rprop or irprop_minus, which have no rate to decay with",
        free=True,
        switch=True,
        text="Decoupled decay, w -= rate * weight_decay * w beside the optimizer's change, both taken at the "
        "w before it, on weights, not on biases (Loshchilov and Hutter 2019, Algorithm 2, in PyTorch's "
        "form, where the decay is multiplied with the rate; PyTorch's AdamW includes biases). The rate "
        "is the schedule's. Default: 0.01 for adamw (PyTorch), else 0: none.",
    ),
    Field(
        name="dropout",
        kind="number",
        default=0.0,
        neutral=0.0,
        minimum=0.0,
        maximum=1.0,
        open_maximum=True,
        chooser="hidden_layers",
        used_with=lambda layers: layers not in ((), []),
        used_text="hidden_layers is not empty",
        free=True,
        switch=True,
        text="Probability with which each output of a hidden layer is dropped in training, never an input of "
        "the network; the others are divided by 1 - dropout (inverted, as in PyTorch and Keras; "
        "Srivastava et al. 2014). Runs with one seed compare their own probability with the same "
        "numbers. 0: none.",
    ),
    Field(
        name="gradient_clip",
        kind="number",
        default=None,
        minimum=0.0,
        open_minimum=True,
        maximum=1e12,
        chooser="optimizer",
        used_with=not_among(*RPROP_FAMILY),
        used_text="optimizer is not rprop or irprop_minus, which see only the gradient's sign",
        free=True,
        switch=True,
        text="Where the gradient, penalties included, is longer than this, it is shortened to this length: "
        "the global norm, over weights and biases of all layers (Pascanu et al. 2013; PyTorch divides by "
        "the norm + 1e-6). The norm that is reported is the one before. null: none.",
    ),
    Field(
        name="class_weight",
        kind="choice",
        choices=("balanced",),
        default=None,
        text="balanced: in training, an example counts n / (classes * examples of its class), over the n "
        "training rows and the classes among them (scikit-learn's formula), in the training loss too. A "
        "batch's mean divides by its examples, where PyTorch's cross-entropy and scikit-learn's networks "
        "divide by their weights. Validation counts all alike. null: so does training.",
    ),
)

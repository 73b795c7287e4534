"""FIELDS is the one source of what a configuration may say: types, ranges, defaults, conventions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from core.errors import FieldFault

ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "softsign", "elu", "gelu_tanh", "identity")
LOSSES = ("mse", "cross_entropy")
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam")
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
DEFAULT_LEARNING_RATES = MappingProxyType({"sgd": 0.1, "momentum": 0.05, "nesterov": 0.05, "adam": 0.001})

MAX_LAYERS = 16
MAX_WIDTH = 65_536

Kind = Literal["choice", "number", "integer", "layers", "batch_size"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What one field of a configuration may hold, and why."""

    name: str
    kind: Kind
    text: str  # the convention and its source, shown to people as it stands
    default: object  # None where the default follows from other fields, as `text` says
    choices: tuple[str, ...] = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    open_minimum: bool = False  # the minimum itself is refused
    open_maximum: bool = False  # the maximum itself is refused
    chooser: str | None = None  # the field whose value decides whether this one is used at all
    used_with: Callable[[object], bool] = lambda _: True
    used_text: str = ""
    free: bool = False  # runs that differ only here may train in one population

    @property
    def allowed(self) -> str:
        """What the field may hold, in words."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "layers":
            return (
                f"a list of at most {MAX_LAYERS} whole numbers from 1 to {MAX_WIDTH}; [] is a linear network"
            )
        if self.kind == "batch_size":
            return f'a whole number from 1 to {self.maximum:,.0f}, or "full"'
        if self.kind == "integer":
            return f"a whole number from {self.minimum:,.0f} to {self.maximum:,.0f}"
        lower = f"{'above' if self.open_minimum else 'at least'} {self.minimum:g}"
        upper = f"{'below' if self.open_maximum else 'at most'} {self.maximum:g}"
        return f"a finite number {lower} and {upper}"

    def parse(self, value: object) -> object:
        """Return the value in the type that the core uses.

        Raises: ValueError if it may not stand here; the message leaves field and allowed values to `fault`.
        """
        if self.kind == "choice":
            return self._parse_choice(value)
        if self.kind == "layers":
            return _parse_layers(value)
        if self.kind == "batch_size" and value == "full":
            return "full"
        if self.kind in {"integer", "batch_size"}:
            return _parse_integer(value, int(self.minimum), int(self.maximum))
        return self._parse_number(value)

    def fault(self, message: str, value: object) -> FieldFault:
        """Return a fault of this field, with what is allowed beside it."""
        return FieldFault(self.name, message, value, self.allowed)

    def _parse_choice(self, value: object) -> str:
        name = INITIALIZER_ALIASES.get(value, value) if isinstance(value, str) else value
        if not isinstance(name, str) or name not in self.choices:
            raise ValueError(f"{_shown(value)} is not one of the choices")
        return name

    def _parse_number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{_shown(value)} is not a number")  # noqa: TRY004 one kind for callers
        try:
            number = float(value) + 0.0  # -0.0 and 0.0 are one configuration
        except OverflowError:
            raise ValueError(f"{_shown(value)} is out of range") from None
        if not math.isfinite(number):
            raise ValueError(f"{_shown(value)} is not finite")
        below = number <= self.minimum if self.open_minimum else number < self.minimum
        above = number >= self.maximum if self.open_maximum else number > self.maximum
        if below or above:
            raise ValueError(f"{_shown(value)} is out of range")
        return number


def _parse_integer(value: object, minimum: int, maximum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{_shown(value)} is not a whole number")  # noqa: TRY004 one kind for callers
    if not minimum <= value <= maximum:
        raise ValueError(f"{_shown(value)} is out of range")
    return int(value)


def _parse_layers(value: object) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{_shown(value)} is not a list")  # noqa: TRY004 one kind for callers
    if len(value) > MAX_LAYERS:
        raise ValueError(f"{len(value)} layers are too many")
    return tuple(_parse_integer(width, 1, MAX_WIDTH) for width in value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"


def _with_optimizers(*names: str) -> Callable[[object], bool]:
    return lambda optimizer: optimizer in names


_ALL = (
    Field(
        name="hidden_layers",
        kind="layers",
        default=(64,),
        text="Widths of the hidden layers, from the input on; [] is a linear network.",
    ),
    Field(
        name="activation",
        kind="choice",
        choices=ACTIVATIONS,
        default="relu",
        chooser="hidden_layers",
        used_with=lambda layers: layers not in ((), []),
        used_text="hidden_layers is not empty",
        text="Activation after every hidden layer. relu'(0) = 0; leaky_relu has slope 0.01 below 0; elu has "
        "alpha 1; softsign is x / (1 + |x|); gelu_tanh is the tanh form of Hendrycks and Gimpel (2016).",
    ),
    Field(
        name="output_activation",
        kind="choice",
        choices=("softmax", *ACTIVATIONS),
        default=None,
        text="Activation after the last layer. null follows the loss: softmax for cross_entropy (fused with "
        "it, on logits), identity for mse.",
    ),
    Field(
        name="loss",
        kind="choice",
        choices=LOSSES,
        default=None,
        text="mse is the mean over outputs and over the batch, without a factor 1/2 (PyTorch, Keras); "
        "cross_entropy is the natural logarithm, summed over classes, averaged over the batch. Default: "
        "cross_entropy for classification, mse for regression. scikit-learn descends the sum of squares: its "
        "rate = 2 * ours / outputs.",
    ),
    Field(
        name="initializer",
        kind="choice",
        choices=INITIALIZERS,
        default="auto",
        free=True,
        text="First weights. auto: he_normal for layers before relu, leaky_relu, elu or gelu_tanh, "
        "glorot_uniform for the rest. he (he_normal): standard deviation sqrt(2 / fan_in), uniform bound "
        "sqrt(6 / fan_in) (He et al. 2015); glorot (glorot_uniform): bound sqrt(6 / (fan_in + fan_out)) "
        "(Glorot and Bengio 2010, equation 16); lecun (lecun_normal): standard deviation 1 / sqrt(fan_in) "
        "(LeCun et al. 1998). Normals are not truncated, biases 0. torch: weights and biases uniform within "
        "1 / sqrt(fan_in) (torch.nn.Linear); uniform: weights uniform within init_scale, biases 0.",
    ),
    Field(
        name="init_scale",
        kind="number",
        default=0.1,
        minimum=0.0,
        maximum=1e6,
        chooser="initializer",
        used_with=lambda initializer: initializer == "uniform",
        used_text="initializer is uniform",
        free=True,
        text="First weights are uniform between -init_scale and init_scale.",
    ),
    Field(
        name="optimizer",
        kind="choice",
        choices=OPTIMIZERS,
        default="sgd",
        text="sgd: w -= rate * g. momentum: v = mu v + g, w -= rate * v (PyTorch's form of Polyak 1964); "
        "nesterov: the same v, w -= rate * (g + mu v) (Sutskever et al. 2013, PyTorch's form). adam: Kingma "
        "and Ba (2015), Algorithm 1.",
    ),
    Field(
        name="learning_rate",
        kind="number",
        default=None,
        minimum=0.0,
        open_minimum=True,
        maximum=1e6,
        free=True,
        text="Step size. Default by optimizer: sgd 0.1, momentum and nesterov 0.05, adam 0.001.",
    ),
    Field(
        name="momentum",
        kind="number",
        default=0.9,
        minimum=0.0,
        maximum=1.0,
        open_maximum=True,
        chooser="optimizer",
        used_with=_with_optimizers("momentum", "nesterov"),
        used_text="optimizer is momentum or nesterov",
        free=True,
        text="mu, the share of the velocity that is kept at each step (PyTorch's form).",
    ),
    Field(
        name="beta1",
        kind="number",
        default=0.9,
        minimum=0.0,
        maximum=1.0,
        open_maximum=True,
        chooser="optimizer",
        used_with=_with_optimizers("adam"),
        used_text="optimizer is adam",
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
        used_with=_with_optimizers("adam"),
        used_text="optimizer is adam",
        free=True,
        text="Decay of the second moment (Kingma and Ba 2015).",
    ),
    Field(
        name="epsilon",
        kind="number",
        default=1e-8,
        minimum=1e-30,  # below, it would vanish in float32 and an untouched weight become 0 / 0
        maximum=1.0,
        chooser="optimizer",
        used_with=_with_optimizers("adam"),
        used_text="optimizer is adam",
        free=True,
        text="Added outside the root, after bias correction (Kingma and Ba 2015, Algorithm 1; PyTorch).",
    ),
    Field(
        name="batch_size",
        kind="batch_size",
        default=32,
        minimum=1,
        maximum=1_000_000_000,
        text="Examples per step, drawn without replacement. The last short batch is kept and averaged over "
        'its own size. "full" takes all training examples in their own order, one step per epoch.',
    ),
    Field(
        name="epochs",
        kind="integer",
        default=30,
        minimum=1,
        maximum=1_000_000,
        text="Passes over the training examples, counted from 1.",
    ),
    Field(
        name="dtype",
        kind="choice",
        choices=("float32", "float64"),
        default="float32",
        text="Type of parameters and arithmetic; losses are summed over steps in float64 either way.",
    ),
)

FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _ALL})

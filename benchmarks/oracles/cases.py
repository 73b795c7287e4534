"""What is compared with another library: configurations, all small, of a few epochs, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Values = Mapping[str, object]

ODD, EVEN = 17, 20  # training rows: the last batch of 5 is short, or is not


@dataclass(frozen=True, slots=True)
class Case:
    """One training; `values` are our configuration, which a peer's program converts to its own settings.

    A default that both libraries are said to share is left out of `values`, so that either takes its own.
    """

    name: str
    table: str  # of benchmarks.oracles.inputs.tables
    values: Values
    train_rows: int = ODD
    seed: int = 7


def case(name: str, table: str = "numbers", train_rows: int = ODD, **values: object) -> Case:
    """Return a case with everything named in which libraries have no default in common."""
    full = values.get("optimizer") in {"rprop", "irprop_minus"}
    common: dict[str, object] = {
        "hidden_layers": [4, 3],
        "activation": "tanh",
        "loss": "cross_entropy" if table == "classes" else "mse",
        "initializer": "torch",
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "batch_size": "full" if full else 5,
        "epochs": 4,
        "dtype": "float64",
    }
    if values.get("hidden_layers") == []:
        del common["activation"]
    return Case(name, table, {**common, **values}, train_rows)


_OPTIMIZERS = (
    case("sgd"),
    case("sgd, full batch", batch_size="full"),
    case("sgd, no short batch", train_rows=EVEN),
    case("momentum", optimizer="momentum", momentum=0.9, learning_rate=0.03),
    case("nesterov", optimizer="nesterov", momentum=0.8, learning_rate=0.03),
    case("adagrad", optimizer="adagrad", learning_rate=0.05),
    case("adagrad, epsilon", optimizer="adagrad", learning_rate=0.05, epsilon=0.01),
    case("rmsprop", optimizer="rmsprop", learning_rate=0.01),
    case("rmsprop, decay and epsilon", optimizer="rmsprop", learning_rate=0.01, decay=0.8, epsilon=0.01),
    case("adam", optimizer="adam", learning_rate=0.02),
    case("adam, betas and epsilon", optimizer="adam", learning_rate=0.02, beta1=0.7, beta2=0.9, epsilon=0.01),
    case("adamw", optimizer="adamw", learning_rate=0.02),
    case("adamw, decay", optimizer="adamw", learning_rate=0.02, weight_decay=0.3),
    case("irprop_minus", optimizer="irprop_minus", learning_rate=0.05, step_min=1e-6, epochs=12),
    case(
        "irprop_minus, factors and bounds",
        optimizer="irprop_minus",
        learning_rate=0.05,
        eta_plus=1.7,
        eta_minus=0.3,
        step_min=0.01,
        step_max=0.2,
        epochs=12,
    ),
)
_LOSSES = (
    case("mae", loss="mae"),
    case("huber", loss="huber", learning_rate=0.2),
    case("cross_entropy", "classes"),
    case("binary_cross_entropy", "classes", loss="binary_cross_entropy", learning_rate=0.3),
    *(case(f"{loss} of classes", "classes", loss=loss) for loss in ("mse", "mae", "huber")),
    case("mse behind a sigmoid", "classes", loss="mse", output_activation="sigmoid", learning_rate=0.5),
    case(
        "mae at residuals of 0", "zeros", loss="mae", hidden_layers=[], initializer="uniform", init_scale=0.0
    ),
)
_ACTIVATIONS = (
    *(
        case(activation, activation=activation)
        for activation in ("relu", "leaky_relu", "sigmoid", "softsign", "elu", "gelu_tanh", "identity")
    ),
    # All inputs of one row are 0 and so are the first biases: a slope at 0 decides what the biases become.
    *(
        case(
            f"{activation} at 0",
            "zeros",
            hidden_layers=[4],
            activation=activation,
            initializer="glorot",
            batch_size="full",
        )
        for activation in ("relu", "leaky_relu", "softsign", "elu", "gelu_tanh")
    ),
    case("a linear network", hidden_layers=[]),
)
_REGULARIZATION = (
    case("l2", l2=0.05),
    case("l2 with adam", optimizer="adam", learning_rate=0.02, l2=0.05),
    case("l1", l1=0.02),
    case("l1 at weights of 0", hidden_layers=[], initializer="uniform", init_scale=0.0, l1=0.02),
    case("gradient_clip", gradient_clip=0.2),
    case("gradient_clip with momentum", optimizer="momentum", momentum=0.9, gradient_clip=0.4),
    case("class_weight", "classes", class_weight="balanced"),
    case("class_weight, two losses", "classes", class_weight="balanced", loss="binary_cross_entropy"),
    case("dropout", dropout=0.4),
)
_SCHEDULES = (
    case("step", learning_rate_schedule="step", step_size=2),
    case("step, gamma", learning_rate_schedule="step", step_size=1, gamma=0.6),
    case("exponential", learning_rate_schedule="exponential", gamma=0.7),
    case("cosine", learning_rate_schedule="cosine"),
    case("cosine, end_factor", learning_rate_schedule="cosine", end_factor=0.2),
    case("linear", learning_rate_schedule="linear", end_factor=0.1),
    case("one_cycle", learning_rate_schedule="one_cycle"),
    case(
        "one_cycle, settings",
        learning_rate_schedule="one_cycle",
        pct_start=0.6,
        div_factor=5.0,
        final_div_factor=30.0,
        optimizer="momentum",
        momentum=0.9,
    ),
    case("warm-up", warmup_epochs=2),
    case("warm-up before cosine", warmup_epochs=1.5, learning_rate_schedule="cosine"),
    case("nesterov along cosine", optimizer="nesterov", momentum=0.9, learning_rate_schedule="cosine"),
    case("adam along one_cycle", optimizer="adam", learning_rate_schedule="one_cycle"),
    case("adamw along linear", optimizer="adamw", learning_rate_schedule="linear", end_factor=0.0),
)
PYTORCH = (*_OPTIMIZERS, *_LOSSES, *_ACTIVATIONS, *_REGULARIZATION, *_SCHEDULES)

_ALIKE = {"optimizer": "adam", "learning_rate": 0.02, "epsilon": 1e-30}
SCIKIT_LEARN = (
    case("sgd"),
    case("momentum", optimizer="momentum", momentum=0.9, learning_rate=0.03),
    case("nesterov", optimizer="nesterov", momentum=0.8, learning_rate=0.03),
    case("adam", **_ALIKE),
    case("adam, betas", beta1=0.7, beta2=0.9, **_ALIKE),
    case("l2", train_rows=EVEN, l2=0.05),
    case("relu", activation="relu"),
    case("sigmoid", activation="sigmoid"),
    case("identity", activation="identity"),
    case("sgd on classes", "classes"),
    case("momentum on classes", "classes", optimizer="momentum", momentum=0.9),
    case("adam on classes", "classes", **_ALIKE),
    case("l2 on classes", "classes", train_rows=EVEN, l2=0.05),
    case("binary_cross_entropy", "classes", loss="binary_cross_entropy", learning_rate=0.3),
)

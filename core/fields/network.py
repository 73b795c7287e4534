"""Fields of the network itself: layers, activations, loss and first weights."""

from __future__ import annotations

from core.fields.choices import ACTIVATIONS, INITIALIZERS, LOSSES
from core.fields.field import Field, among

FIRST = (
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
        text="Activation after every hidden layer. relu'(0) = 0; leaky_relu has slope 0.01 below 0 and at 0; "
        "elu has alpha 1; softsign is x / (1 + |x|): all as in PyTorch. gelu_tanh is the tanh form of "
        "Hendrycks and Gimpel (2016), PyTorch's GELU with approximate tanh and not its default.",
    ),
    Field(
        name="output_activation",
        kind="choice",
        choices=("softmax", *ACTIVATIONS),
        default=None,
        text="Activation after the last layer. null follows the loss: softmax for cross_entropy and sigmoid "
        "for binary_cross_entropy (each fused with it, on logits), identity for mse, mae and huber.",
    ),
    Field(
        name="loss",
        kind="choice",
        choices=LOSSES,
        default=None,
        text="Each is averaged over the batch. mse is the mean over outputs of (y - t)^2, without a factor "
        "1/2 (PyTorch, Keras). mae is the mean over outputs of |y - t|, its derivative 0 at 0. huber is "
        "the mean over outputs of (y - t)^2 / 2 up to |y - t| = 1 and of |y - t| - 1/2 beyond (Huber "
        "1964, with delta 1). cross_entropy is the natural logarithm, summed over classes. "
        "binary_cross_entropy is the mean over outputs of -t ln p - (1 - t) ln(1 - p), p the sigmoid of "
        "a logit: one output per class, each a yes or no of its own, also where there are two classes; "
        "the largest is the answer. mse, mae and huber see classes as one-hot targets. Default: "
        "cross_entropy for classification, mse for regression. A sweep standardizes numeric targets: "
        "losses are in those units, RMSE and MAE in the user's. scikit-learn reports half of our mse and "
        "descends half the sum of squares: its rate = 2 * ours / outputs; it sums "
        "binary_cross_entropy over outputs: its rate = ours / outputs.",
    ),
    Field(
        name="initializer",
        kind="choice",
        choices=INITIALIZERS,
        default="auto",
        free=True,
        text="First weights. auto: he_normal for layers before relu, leaky_relu, elu or gelu_tanh, "
        "glorot_uniform for the rest. he (he_normal): standard deviation sqrt(2 / fan_in), uniform "
        "bound sqrt(6 / fan_in) (He et al. 2015); glorot (glorot_uniform): bound sqrt(6 / (fan_in + "
        "fan_out)) (Glorot and Bengio 2010, equation 16), standard deviation sqrt(2 / (fan_in + "
        "fan_out)); lecun (lecun_normal): standard deviation 1 / sqrt(fan_in), uniform bound "
        "sqrt(3 / fan_in) (LeCun et al. 1998). Normals are not truncated (Keras's are), biases 0. torch: "
        "weights and biases uniform within 1 / sqrt(fan_in) (torch.nn.Linear); uniform: weights uniform "
        "within init_scale, biases 0 unless init_biases is set.",
    ),
    Field(
        name="init_scale",
        kind="number",
        default=0.1,
        minimum=0.0,
        maximum=1e6,
        chooser="initializer",
        used_with=among("uniform"),
        used_text="initializer is uniform",
        free=True,
        text="First weights are uniform between -init_scale and init_scale.",
    ),
    Field(
        name="init_biases",
        kind="flag",
        default=False,
        neutral=False,
        chooser="initializer",
        used_with=among("uniform"),
        used_text="initializer is uniform",
        text="Whether first biases are drawn within init_scale as well, after the layer's weights; else they "
        "are 0.",
    ),
)

LAST = (
    Field(
        name="dtype",
        kind="choice",
        choices=("float32", "float64"),
        default="float32",
        text="Type of parameters and arithmetic; losses are summed over steps in float64 either way.",
    ),
)

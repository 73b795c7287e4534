"""A run is evaluated to the same bits alone as in a population, and compared with a constant predictor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.arrays import Float64Array, FloatArray, IntArray, aligned
from core.batches import Batches, Table, with_ones
from core.configuration import Configuration
from core.errors import ShapeError
from core.examples import Examples
from core.fields import CLASS_LOSSES
from core.layout import Layout
from core.members import EVALUATION_ROWS, check_task
from core.metrics import Metrics, classification_metrics, r_squared, regression_metrics
from core.network import Network, layer_sizes
from core.passes import Pass, Tally
from core.rows import RowSets, spans

CHUNKS_AT_ONCE = 8  # between two looks whether to stop


class Evaluator:
    """Loss and score of all runs of a population on their rows, in chunks whose size never changes."""

    def __init__(
        self,
        configuration: Configuration,
        layout: Layout,
        table: Table,
        weights: FloatArray,
        rows: RowSets,
        spread: Float64Array | None,
        class_weights: FloatArray | None = None,
    ) -> None:
        """Prepare to evaluate `weights` (runs, width) as they are at each call; as in Tally and Pass."""
        self._spans = spans(rows.count, EVALUATION_ROWS)
        self._runs, self._spread = weights.shape[0], spread
        self._batches = Batches(table, self._spans, rows.sharing)
        self._order = rows.order(0)
        self._passes = {
            size: Pass(
                configuration, layout, weights, None, size, sharing=rows.sharing, class_weights=class_weights
            )
            for size in {stop - start for start, stop in self._spans}
        }

    def measure(self, outputs: Float64Array | None = None) -> tuple[Float64Array, Float64Array]:
        """Return loss and score (runs,), and fill `outputs` (runs, rows, outputs) with each run's."""
        found = self.measure_unless(lambda: False, outputs)
        assert found is not None, "nobody said stop"  # noqa: S101
        return found

    def measure_unless(
        self, should_stop: Callable[[], bool], outputs: Float64Array | None = None
    ) -> tuple[Float64Array, Float64Array] | None:
        """The same, or None once `should_stop`, which is asked now and then, says yes."""
        self._batches.begin(self._order)
        tally = Tally(self._runs, self._spans, self._spread)
        for chunk, (start, stop) in enumerate(self._spans):
            if chunk % CHUNKS_AT_ONCE == 0 and should_stop():
                return None
            done = self._passes[stop - start]
            done.forward(self._batches[chunk])
            tally.add(done, chunk)
            if outputs is not None:
                outputs[:, start:stop] = done.outputs.transpose(0, 2, 1)
        return tally.loss(), tally.score()


@dataclass(frozen=True, eq=False)
class Evaluated:
    """How runs did on their rows.

    Shapes:
        loss, score  (runs,) the score is accuracy or R2
        outputs      (runs, rows, outputs) as the networks give them: logits where the loss takes them
    """

    loss: Float64Array
    score: Float64Array
    outputs: Float64Array


class Trained:
    """Trained networks of one shape, laid side by side to be evaluated together.

    Of the configuration is read what runs of one population have in common: shape, activations, loss, dtype.
    """

    def __init__(
        self,
        configuration: Configuration,
        parameters: Sequence[Mapping[str, FloatArray]],
        examples: Examples,
    ) -> None:
        """Take each network's parameters.

        Raises: ShapeError if they have other shapes than the configuration says, DataError if that needs
        classes and the examples are numbers.
        """
        check_task(configuration, examples)
        self._configuration, self._examples = configuration, examples
        dtype = np.dtype(configuration.dtype)
        self._layout = Layout(layer_sizes(configuration, examples.features, examples.outputs))
        self._weights = aligned(np.stack([self._layout.pack(each, dtype) for each in parameters]))
        with np.errstate(all="ignore"):
            self._table = Table.of(examples, dtype, joins_bias=self._layout.joins_bias)

    def on(self, rows: Sequence[IntArray]) -> Evaluated:
        """Evaluate each network on its rows, to the bits that it has alone.

        Raises: ShapeError if there are no rows, not equally many or not for each network; DataError if a row
        does not exist.
        """
        counts = [chosen.size for chosen in rows]
        if len(set(counts)) != 1 or len(counts) != len(self._weights) or not counts[0]:
            raise ShapeError(
                f"{len(self._weights)} networks are to be evaluated on {counts} rows; "
                "allowed: equally many for each, and at least one"
            )
        for chosen in {id(each): each for each in rows}.values():
            self._examples.check_rows(chosen)
        outputs = np.empty((len(rows), counts[0], self._examples.outputs))
        with np.errstate(all="ignore"):
            about_mean = spread(self._examples, rows)
            evaluator = Evaluator(
                self._configuration, self._layout, self._table, self._weights, RowSets(rows), about_mean
            )
            loss, score = evaluator.measure(outputs)
        return Evaluated(loss, score, outputs)


def evaluate(
    configuration: Configuration, parameters: Mapping[str, FloatArray], examples: Examples, rows: IntArray
) -> Metrics:
    """Return all metrics of one trained network on these rows; loss and score equal validation's to the bit.

    Raises: ShapeError if there are no rows, or the parameters have other shapes than the configuration says;
    DataError if a row does not exist.
    """
    found = Trained(configuration, [parameters], examples).on([rows])
    loss, answers = float(found.loss[0]), found.outputs[0]
    with np.errstate(all="ignore"):
        if examples.task == "classification":
            return classification_metrics(
                loss, answers.argmax(axis=1), examples.classes[rows], examples.outputs
            )
        return regression_metrics(loss, float(found.score[0]), answers - examples.numbers[rows])


def predict(
    configuration: Configuration, parameters: Mapping[str, FloatArray], inputs: Float64Array
) -> Float64Array:
    """Return the outputs (rows, outputs) for these inputs (rows, features).

    They are probabilities under softmax, summing to 1, and where sigmoid is fused with binary_cross_entropy:
    there each class has one of its own.

    Raises: ShapeError if the inputs are no table, or the parameters have other shapes than it and the
    configuration say.
    """
    if inputs.ndim != 2:
        raise ShapeError(f"inputs have shape {inputs.shape}; allowed: (rows, features)")
    dtype = np.dtype(configuration.dtype)
    last = parameters.get(f"layers.{len(configuration.hidden_layers)}.bias")
    outputs = 1 if last is None else last.size
    layout = Layout(layer_sizes(configuration, inputs.shape[1], outputs))
    weights = layout.pack(parameters, dtype)[None]
    answers = np.empty((inputs.shape[0], outputs))
    with np.errstate(all="ignore"):
        values = inputs.astype(dtype, order="C")
        if layout.joins_bias:
            values = with_ones(values)
        for start, stop in spans(inputs.shape[0], EVALUATION_ROWS):
            network = Network(configuration, layout, weights, None, stop - start)
            answers[start:stop] = network.forward(values[None, start:stop])[0].T
        if configuration.output_activation == "softmax":
            powers = np.exp(answers - answers.max(axis=1, keepdims=True))
            answers = powers / powers.sum(axis=1, keepdims=True)
        elif configuration.loss == "binary_cross_entropy":
            answers = 1.0 / (1.0 + np.exp(-answers))
    return answers


@np.errstate(all="ignore")  # targets whose squares overflow show in the run's report, not in warnings
def constant_predictor(examples: Examples, train_rows: IntArray, rows: IntArray, loss: str) -> Metrics:
    """Return the metrics on `rows` of always answering the class frequencies, or means, of `train_rows`.

    Its cross-entropy is infinite where `rows` hold a class that `train_rows` do not. It answers the mean also
    where the loss is mae or huber, whose least value another constant would reach.
    """
    if examples.task == "regression":
        numbers = examples.numbers
        residual = _means(numbers[train_rows]) - numbers[rows]
        r2 = r_squared(np.sum(residual**2, axis=0)[None], _squares_about_mean(numbers, [rows]))
        return regression_metrics(_mean_loss(loss, residual), float(r2[0]), residual)
    counts = np.bincount(examples.classes[train_rows], minlength=examples.outputs)
    frequencies = counts / train_rows.size
    classes = examples.classes[rows]
    if loss in CLASS_LOSSES:
        right = np.eye(examples.outputs, dtype=np.bool_)[classes]
        binary = loss == "binary_cross_entropy"
        shares = np.where(right, frequencies, 1.0 - frequencies) if binary else frequencies[classes]
        value = float(np.mean(-np.log(shares)))
    else:
        value = _mean_loss(loss, frequencies - np.eye(examples.outputs)[classes])
    predicted = np.full(rows.size, int(counts.argmax()), np.int64)
    return classification_metrics(value, predicted, classes, examples.outputs)


def spread(examples: Examples, rows: Sequence[IntArray]) -> Float64Array | None:
    """Return what R2 compares with (runs, outputs): squares of each run's targets about their mean, summed.

    None in classification.
    """
    return None if examples.task == "classification" else _squares_about_mean(examples.numbers, rows)


def _mean_loss(loss: str, residual: Float64Array) -> float:
    """Return mse, mae or huber of these residuals (rows, outputs)."""
    sizes = np.abs(residual)
    if loss == "mae":
        return float(np.mean(sizes))
    if loss == "huber":
        return float(np.mean(np.where(sizes < 1.0, sizes**2 / 2.0, sizes - 0.5)))
    return float(np.mean(residual**2))


def _squares_about_mean(numbers: Float64Array, rows: Sequence[IntArray]) -> Float64Array:
    chosen = (numbers[run] for run in rows)
    return np.stack([((values - _means(values)) ** 2).sum(axis=0) for values in chosen])


def _means(numbers: Float64Array) -> Float64Array:
    """Return the mean of each column; of equal numbers it is that number, which a rounded sum may miss.

    Three times 0.1 adds up to more than 0.3: what is constant would seem to vary by 1e-17.
    """
    constant = (numbers == numbers[0]).all(axis=0)
    means: Float64Array = np.where(constant, numbers[0], numbers.mean(axis=0))
    return means

"""A network has two kinds of layers, each with a forward and a backward pass over all runs at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.activations import FUNCTIONS
from core.arrays import FloatArray, empty
from core.errors import CoreError
from core.layout import LayerTensors
from core.rows import Sharing

# Measured: of more columns than this the BLAS product with a transposed view takes up to four times as long.
COLUMNS = 64

# What every fully connected layer computes, and its derivatives, by the chain rule. The layer is
#   y^j = sum_i w_i^j x_i + b^j,   so   dy^j/dw_i^j = x_i,   dy^j/db^j = 1,   dy^j/dx_i = w_i^j.
# A weight or bias reaches E through its own output alone, an input through every output, a term for each:
#   dE/dw_i^j = x_i dE/dy^j        dE/db^j = dE/dy^j        dE/dx_i = sum_j w_i^j dE/dy^j
# Over a batch, a row per example in X, Y and D = dE/dY, D already divided by the batch size, they are
#   Y = X W + b        dW = X^T D        db = sum of D's rows        dX = D W^T
# and with a one at the end of every row of X, and b as one more row of W, Y = X W and dW = X^T D hold it all.


class FullyConnected:
    """y^j = sum_i w_i^j x_i + b^j: every output adds up every input, each with its own weight.

    Shapes:
        inputs   (runs, batch, inputs); in a first layer with `joined` tensors (sets, batch, inputs + 1)
        outputs  (runs, batch, outputs)
    """

    def __init__(
        self, tensors: LayerTensors, gradients: LayerTensors | None, batch: int, sharing: Sharing | None
    ) -> None:
        """Prepare for batches of one size; without `gradients` there is only a forward pass.

        A first layer is told with `sharing` which runs see the same inputs.
        """
        self._tensors, self._gradients = tensors, gradients
        runs, _, outputs = tensors.weight.shape
        self._outputs = empty((runs, batch, outputs), tensors.weight.dtype)
        self._ones = np.ones((1, 1, batch), tensors.weight.dtype)
        self._inputs: FloatArray | None = None
        self._input_gradient: FloatArray | None = None
        self._back = tensors.weight.transpose(0, 2, 1)
        self._split = None if sharing is None else Kept(sharing.split)
        if sharing is not None:
            self._products = list(
                zip(sharing.parts, sharing.split(_joined(tensors)), sharing.split(self._outputs), strict=True)
            )
            self._slots = sharing.split(_joined(gradients)) if gradients is not None else []

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return Y for every run; the result is overwritten by the next call."""
        self._inputs = inputs
        if self._split is None:
            np.matmul(inputs, self._tensors.weight, out=self._outputs)
            return np.add(self._outputs, self._tensors.bias, out=self._outputs)
        for part, joined, outputs in self._products:
            np.matmul(inputs[part], joined, out=outputs)
        return self._outputs

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Write dE/dW and dE/db for the inputs of the last forward pass, and return dE/dX.

        Shapes:
            gradient  (runs, batch, outputs), dE/dY
            returned  (runs, batch, inputs), dE/dX, overwritten by the next call
        """
        self.differentiate(gradient)
        if self._input_gradient is None:
            runs, batch, _ = gradient.shape
            self._input_gradient = empty((runs, batch, self._back.shape[2]), gradient.dtype)
        return np.matmul(gradient, self._back, out=self._input_gradient)

    def differentiate(self, gradient: FloatArray) -> None:
        """Write dE/dW and dE/db alone: nobody asks a first layer for the derivative with respect to the data.

        Raises: CoreError if there was no forward pass, or the layer was made for forward passes only.
        """
        inputs, slots = _ready(self._inputs, self._gradients)
        if self._split is None:
            np.matmul(inputs.transpose(0, 2, 1), gradient, out=slots.weight)
            # A product with ones adds the rows three times as fast as a reduction does.
            np.matmul(self._ones, gradient, out=slots.bias)
            return
        shares = self._split.of(gradient)
        for (part, _, _), share, slot in zip(self._products, shares, self._slots, strict=True):
            np.matmul(inputs[part].swapaxes(-1, -2), share, out=slot)


class LastFullyConnected:
    """The same, with outputs in rows and examples in columns: few outputs multiply faster that way.

    Shapes:
        inputs   (runs, batch, inputs); (sets, batch, inputs) where it is the first layer, too
        outputs  (runs, outputs, batch)
    """

    def __init__(
        self, tensors: LayerTensors, gradients: LayerTensors | None, batch: int, sharing: Sharing | None
    ) -> None:
        """Prepare, as in FullyConnected."""
        self._tensors, self._gradients = tensors, gradients
        runs, outputs, _ = tensors.weight.shape
        self._outputs = empty((runs, outputs, batch), tensors.weight.dtype)
        self._ones = np.ones((1, batch, 1), tensors.weight.dtype)
        self._inputs: FloatArray | None = None
        self._input_gradient: FloatArray | None = None
        sharing = sharing or Sharing([0])  # behind other layers every run has inputs of its own, all in one
        self._columns = [slice(start, start + COLUMNS) for start in range(0, batch, COLUMNS)]
        self._parts = sharing.parts
        self._products = [
            (weight, place[..., examples])
            for weight, place in zip(sharing.split(tensors.weight), sharing.split(self._outputs), strict=True)
            for examples in self._columns
        ]
        self._slots = sharing.split(gradients.weight) if gradients is not None else []
        self._upright = Kept(self._turn)
        self._shares = Kept(sharing.split)
        self._by_example = Kept(lambda gradient: [gradient.transpose(0, 2, 1)])

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return Y^T for every run; the result is overwritten by the next call."""
        self._inputs = inputs
        for (weight, outputs), upright in zip(self._products, self._upright.of(inputs), strict=True):
            np.matmul(weight, upright, out=outputs)
        return np.add(self._outputs, self._tensors.bias, out=self._outputs)

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Write dE/dW and dE/db for the inputs of the last forward pass, and return dE/dX.

        Shapes:
            gradient  (runs, outputs, batch), dE/dY^T
            returned  (runs, batch, inputs), dE/dX, overwritten by the next call
        """
        self.differentiate(gradient)
        weight = self._tensors.weight
        if self._input_gradient is None:
            runs, _, inputs = weight.shape
            self._input_gradient = empty((runs, gradient.shape[2], inputs), gradient.dtype)
        (by_example,) = self._by_example.of(gradient)
        if weight.shape[1] == 1:  # Measured: the sum over one output is no work for a matrix product.
            return np.multiply(by_example, weight, out=self._input_gradient)
        return np.matmul(by_example, weight, out=self._input_gradient)

    def differentiate(self, gradient: FloatArray) -> None:
        """Write dE/dW and dE/db alone.

        Raises: CoreError, as in FullyConnected.
        """
        inputs, slots = _ready(self._inputs, self._gradients)
        for part, share, weight in zip(self._parts, self._shares.of(gradient), self._slots, strict=True):
            np.matmul(share, inputs[part], out=weight)
        np.matmul(gradient, self._ones, out=slots.bias)

    def _turn(self, inputs: FloatArray) -> list[FloatArray]:
        """Return inputs (..., batch, inputs) as each product takes them (..., inputs, columns)."""
        return [
            inputs[part][..., examples, :].swapaxes(-1, -2)
            for part in self._parts
            for examples in self._columns
        ]


class Kept:
    """Views of one array, kept for as long as the same array comes again, as a layer's neighbours' do.

    Measured: making them anew took a sixth of the time of a small network's step.
    """

    def __init__(self, make: Callable[[FloatArray], list[FloatArray]]) -> None:
        self._make = make
        self._array: FloatArray | None = None
        self._views: list[FloatArray] = []

    def of(self, array: FloatArray) -> list[FloatArray]:
        """Return the views of an array."""
        if array is not self._array:
            self._array, self._views = array, self._make(array)
        return self._views


def _joined(tensors: LayerTensors) -> FloatArray:
    if tensors.joined is None:
        raise CoreError("only the first of several layers has its bias beside its weight")
    return tensors.joined


def _ready(inputs: FloatArray | None, gradients: LayerTensors | None) -> tuple[FloatArray, LayerTensors]:
    if gradients is None or inputs is None:
        raise CoreError("a backward pass needs room for gradients and a forward pass before it")
    return inputs, gradients


class Activation:
    """y_i = s(x_i): every number on its own, no parameters.

    Shapes:
        inputs, outputs  (runs, batch, units), or (runs, outputs, batch) after the last fully connected layer
    """

    outputs: FloatArray  # of the last forward pass

    def __init__(self, name: str, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        self.name = name
        self._function = FUNCTIONS[name](shape, dtype)

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return s(inputs); the inputs are overwritten where s allows it."""
        self.outputs = self._function.forward(inputs)
        return self.outputs

    # Each y_i depends on x_i alone, so the sum of the chain rule has one term: dE/dx_i = s'(x_i) dE/dy_i.
    def backward(self, gradient: FloatArray) -> FloatArray:
        """Turn dE/dY into dE/dX in place, for the inputs of the last forward pass."""
        return self._function.backward(gradient)

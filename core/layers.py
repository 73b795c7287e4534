"""A network has two kinds of layers, each with a forward and a backward pass over all runs at once."""

from __future__ import annotations

import numpy as np

from core.activations import FUNCTIONS
from core.arrays import FloatArray
from core.errors import CoreError
from core.layout import LayerTensors


class FullyConnected:
    """y^j = sum_i w_i^j x_i + b^j: every output adds up every input, each with its own weight.

    Shapes:
        inputs   (runs, batch, inputs), or (1, batch, inputs) where all runs see the same examples
        weight   (runs, inputs, outputs)
        bias     (runs, 1, outputs)
        outputs  (runs, batch, outputs)
    """

    def __init__(self, tensors: LayerTensors, gradients: LayerTensors | None, batch: int) -> None:
        """Prepare for batches of one size; without `gradients` there is only a forward pass."""
        runs, _, outputs = tensors.weight.shape
        self._weight, self._bias = tensors
        self._gradients = gradients
        self._ones = np.ones((1, 1, batch), tensors.weight.dtype)
        self._inputs: FloatArray | None = None
        self._outputs = np.empty((runs, batch, outputs), tensors.weight.dtype)
        self._input_gradient: FloatArray | None = None

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return Y = X W + b for every run; the result is overwritten by the next call."""
        self._inputs = inputs
        np.matmul(inputs, self._weight, out=self._outputs)
        return np.add(self._outputs, self._bias, out=self._outputs)

    # From dE/dy^j of every output to the derivatives of all that made it, by the chain rule. The layer is
    #   y^j = sum_i w_i^j x_i + b^j,   so   dy^j/dw_i^j = x_i,   dy^j/db^j = 1,   dy^j/dx_i = w_i^j.
    # A weight or bias reaches E through its own output alone, an input through every output, a term for each:
    #   dE/dw_i^j = x_i dE/dy^j        dE/db^j = dE/dy^j        dE/dx_i = sum_j w_i^j dE/dy^j
    # Over a batch, a row per example in X and in D = dE/dY, D already divided by the batch size, they are
    #   dW = X^T D                     db = sum of D's rows     dX = D W^T
    def backward(self, gradient: FloatArray) -> FloatArray:
        """Write dE/dW and dE/db for the inputs of the last forward pass, and return dE/dX.

        Shapes:
            gradient  (runs, batch, outputs), dE/dY
            returned  (runs, batch, inputs), dE/dX, overwritten by the next call
        """
        self.differentiate(gradient)
        if self._input_gradient is None:
            runs, batch, _ = gradient.shape
            self._input_gradient = np.empty((runs, batch, self._weight.shape[1]), gradient.dtype)
        return np.matmul(gradient, self._weight.transpose(0, 2, 1), out=self._input_gradient)

    def differentiate(self, gradient: FloatArray) -> None:
        """Write dE/dW and dE/db alone: nobody asks a first layer for the derivative with respect to the data.

        Raises: CoreError if there was no forward pass, or the layer was made for forward passes only.
        """
        if self._gradients is None or self._inputs is None:
            raise CoreError("a backward pass needs room for gradients and a forward pass before it")
        np.matmul(self._inputs.transpose(0, 2, 1), gradient, out=self._gradients.weight)
        # A product with ones adds the rows three times as fast as a reduction does.
        np.matmul(self._ones, gradient, out=self._gradients.bias)


class Activation:
    """y_i = s(x_i): every number on its own, no parameters.

    Shapes:
        inputs, outputs  (runs, batch, units)
    """

    def __init__(self, name: str, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        self._function = FUNCTIONS[name](shape, dtype)

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return s(inputs); the inputs are overwritten where s allows it."""
        return self._function.forward(inputs)

    # Each y_i depends on x_i alone, so the sum of the chain rule has one term: dE/dx_i = s'(x_i) dE/dy_i.
    def backward(self, gradient: FloatArray) -> FloatArray:
        """Turn dE/dY into dE/dX in place, for the inputs of the last forward pass."""
        return self._function.backward(gradient)

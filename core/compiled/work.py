"""The chains of one pass: forward, backward, and both with the loss between them and an update behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.arrays import FloatArray, IntArray, empty
from core.batches import Batch
from core.compiled.chain import Chain
from core.compiled.network import CompiledNetwork, Update
from core.compiled.program import AT_ONCE, Code, Kernel, loss


class Work:
    """What a pass does by compiled steps, to batches of one size.

    Shapes:
        outputs, gradient  (runs, outputs, batch) of the last batch; `gradient` only by a compiled loss
        sums, hits         (AT_ONCE, runs) by a compiled loss, of the last batches that were done in one go;
                           hits say nothing where there are no classes
        by_output          (AT_ONCE, runs, outputs) squares that a compiled squared error has summed
    """

    outputs: FloatArray

    def __init__(
        self,
        kernel: Kernel,
        network: CompiledNetwork,
        shape: tuple[int, int, int],
        dtype: np.dtype,
        *,
        code: Code | None,
        scale: FloatArray,
        class_weights: FloatArray | None,
        lose: Callable[[FloatArray], FloatArray],
    ) -> None:
        """Prepare; `code` is the loss's, whose derivative is multiplied with `scale`.

        Where it is None, `lose` takes the outputs and returns the derivative with respect to them.
        """
        self._kernel, self._network, self._runs, self._dtype = kernel, network, shape[0], dtype
        self._code, self._scale, self._lose = code, scale, lose
        self._class_weights = class_weights
        self.gradient = empty(shape, dtype)
        self.sums = np.empty((AT_ONCE, shape[0]), dtype)
        self.by_output = np.empty((AT_ONCE, *shape[:2]), dtype)
        self.hits: IntArray = np.zeros((AT_ONCE, shape[0]), np.int64)
        self._forward: Chain | None = None
        self._backward: tuple[FloatArray, Chain] | None = None
        self._learning: dict[bool, Chain] = {}

    def forward(self, batch: Batch) -> None:
        """Set `outputs`, and what a compiled loss finds."""
        if self._forward is not None:
            self._forward.run([batch])
            return
        chain = self._chain(batch)
        self.outputs = self._network.forward(chain, batch.inputs)
        if self._code is not None:
            self._add_loss(chain, batch)
        chain.close()
        self._forward = chain

    def backward(self, gradient: FloatArray, batch: Batch) -> None:
        """Write the derivatives of every parameter for the batch of the last forward pass."""
        if self._backward is not None and self._backward[0] is gradient:
            self._backward[1].run([batch])
            return
        chain = self._chain(batch)
        self._network.backward(chain, gradient, None)
        chain.close()
        self._backward = gradient, chain

    def learn(self, batches: Sequence[Batch], update: Update | None) -> None:
        """Go forward and backward; with `update` the weights are changed on the way.

        Several batches are learned in one go where `learns_at_once`.
        """
        chain = self._learning.get(update is not None)
        if chain is not None:
            chain.run(batches)
            return
        (batch,) = batches  # the first time
        chain = self._chain(batch)
        self.outputs = self._network.forward(chain, batch.inputs)
        if self._code is None:
            gradient = chain.call(self._lose, self.outputs)
        else:
            self._add_loss(chain, batch)
            gradient = self.gradient
        self._network.backward(chain, gradient, update)
        chain.close()
        self._learning[update is not None] = chain

    @property
    def learns_at_once(self) -> bool:
        """Whether several batches can be learned in one go, which shows after the first with an update."""
        chain = self._learning.get(True)
        return chain is not None and chain.is_one_program

    def _chain(self, first: Batch) -> Chain:
        return Chain(self._kernel, self._runs, self._dtype, first)

    def _add_loss(self, chain: Chain, batch: Batch) -> None:
        assert self._code is not None  # noqa: S101 - asked before
        chain.add(
            loss(
                self._code,
                self.outputs,
                batch,
                self.gradient,
                self._scale,
                self.sums,
                self.hits,
                by_output=self.by_output,
                class_weights=self._class_weights,
            )
        )

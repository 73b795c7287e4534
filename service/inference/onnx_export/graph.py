"""An ONNX graph grows node by node, and no two of its tensors ever share a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

OPSET = 17  # of ai.onnx: read by ONNX Runtime from 1.12 on
ML_OPSET = 3  # of ai.onnx.ml
IR_VERSION = 8
ML = "ai.onnx.ml"
ROWS = "rows"  # the name of the dimension that is left open


class Graph:
    """Inputs, nodes, constants and outputs; onnx itself is loaded by the first graph, not at start-up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._taken: set[str] = set()
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def take(self, column: str, kind: np.dtype, doc: str) -> str:
        """Add an input (rows, 1), called as the column is; columns come before everything else."""
        self._inputs.append(_described(self._unique(column), kind, (ROWS, 1), doc))
        return column

    def give(self, tensor: str, name: str, kind: np.dtype, shape: Sequence[int | str], doc: str) -> str:
        """Let a tensor be an output; its name is the one asked for unless a column has it."""
        unique = self._unique(name)
        self._append("Identity", [tensor], unique, "", {})
        self._outputs.append(_described(unique, kind, shape, doc))
        return unique

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant tensor."""
        from onnx import numpy_helper

        unique = self._unique(name)
        plain = values.astype(object) if values.dtype.kind == "U" else np.asarray(values, order="C")
        self._constants.append(numpy_helper.from_array(plain, unique))
        return unique

    def node(self, operator: str, *operands: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; the output's name."""
        result = self._unique(f"{operator.lower()}_{len(self._nodes)}")
        self._append(operator, operands, result, domain, attributes)
        return result

    def cast(self, tensor: str, kind: np.dtype) -> str:
        """Add a cast."""
        return self.node("Cast", tensor, to=_type(kind))

    def model(self, doc: str, metadata: Mapping[str, str]) -> ModelProto:
        """The finished model."""
        from onnx import helper

        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, self._constants, doc_string=doc
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)],
            ir_version=IR_VERSION,
            producer_name="backsweep",
            doc_string=doc,
        )
        helper.set_model_props(model, dict(metadata))
        return model

    def _append(
        self, operator: str, operands: Sequence[str], result: str, domain: str, attributes: Mapping[str, Any]
    ) -> None:
        from onnx import helper

        name = f"node_{len(self._nodes)}"
        node = helper.make_node(operator, list(operands), [result], name, domain=domain, **attributes)
        self._nodes.append(node)

    def _unique(self, name: str) -> str:
        chosen, count = name, 1
        while chosen in self._taken:
            count += 1
            chosen = f"{name}_{count}"
        self._taken.add(chosen)
        return chosen


def _described(name: str, kind: np.dtype, shape: Sequence[int | str], doc: str) -> ValueInfoProto:
    from onnx import helper

    return helper.make_tensor_value_info(name, _type(kind), list(shape), doc)


def _type(kind: np.dtype) -> int:
    from onnx import TensorProto, helper

    return TensorProto.STRING if kind.kind == "U" else helper.np_dtype_to_tensor_dtype(kind)

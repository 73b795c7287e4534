"""An expression is a tree of six kinds of nodes, walked with a stack of its own: none is too deep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

Operator = Literal["+", "-", "*", "/", "**"]


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """What all kinds have: a hash of everything below, by which unlike trees are told apart at once."""

    fingerprint: int = field(init=False, repr=False)

    def _mark(self, *contents: object) -> None:
        object.__setattr__(self, "fingerprint", hash((type(self).__name__, *contents)))


@dataclass(frozen=True, slots=True, eq=False)
class Number(_Node):
    """A number as it was written: 0.1 is one tenth, and is computed with as the nearest float64."""

    value: Fraction

    def __post_init__(self) -> None:
        self._mark(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Constant(_Node):
    """`pi` or `e`."""

    name: str

    def __post_init__(self) -> None:
        self._mark(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Variable(_Node):
    """A name whose value is given from outside."""

    name: str

    def __post_init__(self) -> None:
        self._mark(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Negate(_Node):
    """A minus sign before its operand."""

    operand: Tree

    def __post_init__(self) -> None:
        self._mark(self.operand.fingerprint)


@dataclass(frozen=True, slots=True, eq=False)
class Binary(_Node):
    """Two operands with an operator between them."""

    operator: Operator
    left: Tree
    right: Tree

    def __post_init__(self) -> None:
        self._mark(self.operator, self.left.fingerprint, self.right.fingerprint)


@dataclass(frozen=True, slots=True, eq=False)
class Call(_Node):
    """An elementary function of its arguments."""

    function: str
    arguments: tuple[Tree, ...]

    def __post_init__(self) -> None:
        self._mark(self.function, *(argument.fingerprint for argument in self.arguments))


Tree: TypeAlias = Number | Constant | Variable | Negate | Binary | Call


@dataclass(frozen=True, eq=False)
class Expression:
    """A parsed text; `variables` are its names in the order of their first appearance."""

    text: str
    tree: Tree
    variables: tuple[str, ...]


def children(node: Tree) -> tuple[Tree, ...]:
    """Return the operands of a node, from left to right."""
    match node:
        case Negate(operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Call(_, arguments):
            return arguments
        case _:
            return ()


def postorder(tree: Tree) -> list[Tree]:
    """Return every node once, operands before what is made of them; a subtree used twice is listed once."""
    ordered: list[Tree] = []
    seen: set[Tree] = set()
    stack: list[tuple[Tree, bool]] = [(tree, False)]
    while stack:
        node, ready = stack.pop()
        if node in seen:
            continue
        if ready:
            seen.add(node)
            ordered.append(node)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(children(node)))
    return ordered


def size(tree: Tree) -> int:
    """Return how many nodes the tree has when written out, a subtree used twice counted twice."""
    sizes: dict[Tree, int] = {}
    for node in postorder(tree):
        sizes[node] = 1 + sum(sizes[child] for child in children(node))
    return sizes[tree]


def same(one: Tree, other: Tree) -> bool:
    """Tell whether two trees are alike, node by node."""
    pairs = [(one, other)]
    while pairs:
        one, other = pairs.pop()
        if one is other:
            continue
        if one.fingerprint != other.fingerprint or _label(one) != _label(other):
            return False
        pairs.extend(zip(children(one), children(other), strict=True))
    return True


def substitute(tree: Tree, trees: Mapping[str, Tree]) -> Tree:
    """Return the tree with variables replaced."""
    made: dict[Tree, Tree] = {}
    for node in postorder(tree):
        match node:
            case Variable(name):
                made[node] = trees.get(name, node)
            case Negate(operand):
                made[node] = Negate(made[operand])
            case Binary(operator, left, right):
                made[node] = Binary(operator, made[left], made[right])
            case Call(function, arguments):
                made[node] = Call(function, tuple(made[argument] for argument in arguments))
            case _:
                made[node] = node
    return made[tree]


def _label(node: Tree) -> tuple[object, ...]:
    """Return what a node is, without its operands."""
    match node:
        case Number(value):
            return (Number, value)
        case Constant(name) | Variable(name):
            return (type(node), name)
        case Negate():
            return (Negate,)
        case Binary(operator, _, _):
            return (Binary, operator)
        case Call(function, arguments):
            return (Call, function, len(arguments))

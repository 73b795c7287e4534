"""Trees are built in the form that people would write: numbers in front, like terms and powers together.

Used for formulas that are shown, never for what is computed: 0*log(x) becomes 0 and x/x becomes 1 also where
log(x) and x/x are not defined.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from core.expressions.tree import Binary, Negate, Number, Tree, same

ZERO = Number(Fraction(0))
ONE = Number(Fraction(1))

MAX_EXPONENT = 64  # above, a number's power is left as it stands
MAX_FOLDED_BITS = 64  # longer numbers are not worked out
MAX_COMPARED = 16  # terms or factors searched for one that is alike: formulas of a hundred took seconds


class Factor(NamedTuple):
    """One factor of a product, or with / one divisor."""

    operator: Literal["*", "/"]
    tree: Tree


class Product(NamedTuple):
    """A coefficient, times and divided by other trees in their order."""

    coefficient: Fraction
    factors: tuple[Factor, ...]


def number(value: int | Fraction) -> Number:
    """Return a number's node."""
    return Number(Fraction(value))


def is_zero(tree: Tree) -> bool:
    """Tell whether a tree is the number 0."""
    return isinstance(tree, Number) and not tree.value


def add(left: Tree, right: Tree) -> Tree:
    """Return the sum."""
    if is_zero(left) or is_zero(right):
        return right if is_zero(left) else left
    return _sum([*_terms(left), *_terms(right)])


def subtract(left: Tree, right: Tree) -> Tree:
    """Return the difference."""
    return add(left, negate(right))


def negate(tree: Tree) -> Tree:
    """Return the tree with the other sign, that of every term where it is a sum."""
    return _sum(Product(-term.coefficient, term.factors) for term in _terms(tree))


def multiply(left: Tree, right: Tree) -> Tree:
    """Return the product."""
    if is_zero(left) or is_zero(right):
        return ZERO
    one, other = _product(left), _product(right)
    factors = list(one.factors)
    for factor in other.factors:
        _join(factors, factor)
    return _built(Product(one.coefficient * other.coefficient, tuple(factors)))


def divide(left: Tree, right: Tree) -> Tree:
    """Return the quotient; numbers are divided where that leaves a whole one, or nothing else below."""
    if is_zero(left):
        return ZERO
    above, below = _product(left), _product(right)
    if not below.coefficient:
        return Binary("/", left, right)
    if not below.factors:
        return _built(Product(above.coefficient / below.coefficient, above.factors))
    coefficient = above.coefficient / below.coefficient
    divisor = Product(Fraction(1), tuple(each for each in below.factors if each.operator == "*"))
    if coefficient.denominator != 1 and divisor.factors:
        coefficient, divisor = above.coefficient, Product(below.coefficient, divisor.factors)
    factors = list(above.factors)
    for operator, tree in below.factors:
        if operator == "/":
            _join(factors, Factor("*", tree))
    if divisor.factors:
        _join(factors, Factor("/", _built(divisor)))
    return _built(Product(coefficient, tuple(factors)))


def power(base: Tree, exponent: Tree) -> Tree:
    """Return the power, without an exponent of 1, and without a base where the exponent is 0."""
    if isinstance(exponent, Number):
        if exponent.value == 0:
            return ONE
        if exponent.value == 1:
            return base
        whole = exponent.value.denominator == 1 and 0 < exponent.value <= MAX_EXPONENT
        if isinstance(base, Number) and whole:
            value = base.value ** int(exponent.value)
            if _short(value):
                return number(value)
    return Binary("**", base, exponent)


def _sum(terms: Iterable[Product]) -> Tree:
    gathered: list[Product] = []
    for term in terms:
        compared = enumerate(gathered[:MAX_COMPARED])
        alike = next((place for place, known in compared if _alike(known, term)), None)
        if alike is None:
            gathered.append(term)
        else:
            coefficient = gathered[alike].coefficient + term.coefficient
            gathered[alike] = Product(coefficient, term.factors)
    gathered = [term for term in gathered if term.coefficient]
    if not gathered:
        return ZERO
    # A number stands last, as in 3*x**2 - 2, but no minus first where it can be helped, as in 5 - x.
    gathered.sort(key=lambda term: not term.factors)
    first = next((place for place, term in enumerate(gathered) if term.coefficient > 0), 0)
    gathered.insert(0, gathered.pop(first))
    tree = _built(gathered[0])
    for coefficient, factors in gathered[1:]:
        operator: Literal["+", "-"] = "-" if coefficient < 0 else "+"
        tree = Binary(operator, tree, _built(Product(abs(coefficient), factors)))
    return tree


def _terms(tree: Tree) -> list[Product]:
    """Return the terms of a sum from left to right, one where the tree is no sum."""
    terms = []
    while isinstance(tree, Binary) and tree.operator in {"+", "-"}:
        coefficient, factors = _product(tree.right)
        terms.append(Product(-coefficient if tree.operator == "-" else coefficient, factors))
        tree = tree.left
    return [_product(tree), *reversed(terms)]


def _alike(one: Product, other: Product) -> bool:
    return len(one.factors) == len(other.factors) and all(
        first.operator == second.operator and same(first.tree, second.tree)
        for first, second in zip(one.factors, other.factors, strict=True)
    )


def _product(tree: Tree) -> Product:
    """Return the tree as a coefficient and factors, one factor where it is no product."""
    written: list[Factor] = []  # from right to left
    coefficient = Fraction(1)
    while True:
        if isinstance(tree, Negate):
            coefficient, tree = -coefficient, tree.operand
        elif isinstance(tree, Binary) and tree.operator in {"*", "/"}:
            operator: Literal["*", "/"] = "*" if tree.operator == "*" else "/"
            scale, factor = _scale(operator, tree.right)
            coefficient *= scale
            if factor is not None:
                written.append(Factor(operator, factor))
            tree = tree.left
        else:
            break
    scale, factor = _scale("*", tree)
    if factor is not None:
        written.append(Factor("*", factor))
    factors: list[Factor] = []
    for each in reversed(written):
        _join(factors, each)
    return Product(coefficient * scale, tuple(factors))


def _scale(operator: str, tree: Tree) -> tuple[Fraction, Tree | None]:
    """Return what a factor adds to the coefficient, and what is left of it."""
    sign = Fraction(1)
    while isinstance(tree, Negate):
        sign, tree = -sign, tree.operand
    if not isinstance(tree, Number) or (operator == "/" and not tree.value):
        return sign, tree
    return sign * (tree.value if operator == "*" else 1 / tree.value), None


def _join(factors: list[Factor], factor: Factor) -> None:
    """Add a factor at the end, cancel it, or add it to the exponent of a power of the same base."""
    base, exponent = _base_and_exponent(factor.tree)
    for place, (operator, known) in enumerate(factors[:MAX_COMPARED]):
        if operator != factor.operator:
            if same(known, factor.tree):
                del factors[place]
                return
            continue
        known_base, known_exponent = _base_and_exponent(known)
        if exponent and known_exponent and same(base, known_base):
            factors[place] = Factor(operator, power(base, number(exponent + known_exponent)))
            return
    factors.append(factor)


def _base_and_exponent(tree: Tree) -> tuple[Tree, int]:
    """Return base and positive whole exponent; an exponent of 0 stands for any other."""
    if not isinstance(tree, Binary) or tree.operator != "**":
        return tree, 1
    if isinstance(tree.right, Number) and tree.right.value > 0 and tree.right.value.denominator == 1:
        return tree.left, int(tree.right.value)
    return tree, 0


def _built(product: Product) -> Tree:
    coefficient, factors = product
    if not coefficient:
        return ZERO
    tree: Tree
    rest: Sequence[Factor] = factors
    if coefficient in {1, -1} and factors and factors[0].operator == "*":
        tree, rest = factors[0].tree, factors[1:]
        tree = Negate(tree) if coefficient < 0 else tree
    else:
        tree = number(coefficient)
    for operator, factor in rest:
        tree = Binary(operator, tree, factor)
    return tree


def _short(value: Fraction) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_FOLDED_BITS

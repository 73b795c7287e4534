"""The grammar of expressions is our own, read by recursive descent: nothing is ever given to eval.

    expression := term (("+" | "-") term)*
    term       := signed (("*" | "/") signed)*
    signed     := "-" signed | power
    power      := atom ("**" signed)?
    atom       := number | name | function "(" expression ("," expression)* ")" | "(" expression ")"

As in Python, -a**2 is -(a**2) and a**b**c is a**(b**c).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from core.expressions.elementary import CONSTANTS, ELEMENTARY
from core.expressions.errors import ExpressionError
from core.expressions.tokens import Token, number, tokenize
from core.expressions.tree import Binary, Call, Constant, Expression, Negate, Number, Operator, Tree, Variable

MAX_DEPTH = 32  # parentheses, functions, signs and exponents inside each other
MAX_NODES = 500  # numbers, names, operators and functions
MAX_VARIABLES = 16

OPERAND = "a number, a name, a function, - or ("


def parse(text: str) -> Expression:
    """Read an expression.

    Raises: ExpressionError, and nothing else, whatever the text.
    """
    return _Parser(text).expression()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokenize(text))
        self._next = 0
        self._depth = 0
        self._nodes = 0
        self._variables: dict[str, None] = {}

    def expression(self) -> Expression:
        tree = self._sum()
        token = self._token
        if token.kind != "end":
            raise self._unexpected(token)
        return Expression(self._text, tree, tuple(self._variables))

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _sum(self) -> Tree:
        left = self._term()
        while token := self._take("+", "-"):
            left = self._made(token, Binary(cast("Operator", token.text), left, self._term()))
        return left

    def _term(self) -> Tree:
        left = self._signed()
        while token := self._take("*", "/"):
            left = self._made(token, Binary(cast("Operator", token.text), left, self._signed()))
        return left

    def _signed(self) -> Tree:
        if token := self._take("-"):
            with self._deeper(token):
                return self._made(token, Negate(self._signed()))
        return self._power()

    def _power(self) -> Tree:
        base = self._atom()
        if token := self._take("**"):
            with self._deeper(token):
                return self._made(token, Binary("**", base, self._signed()))
        return base

    def _atom(self) -> Tree:
        token = self._token
        if token.kind == "number":
            self._next += 1
            return self._made(token, Number(number(self._text, token)))
        if token.kind == "name":
            self._next += 1
            return self._call(token) if self._token.text == "(" else self._name(token)
        if self._take("("):
            with self._deeper(token):
                inside = self._sum()
            self._close(token)
            return inside
        raise self._error(token, f"{token} stands where an operand belongs", OPERAND)

    def _name(self, token: Token) -> Tree:
        name = token.text
        if name in CONSTANTS:
            return self._made(token, Constant(name))
        if name in ELEMENTARY:
            usage = ELEMENTARY[name].usage(name)
            raise self._error(token, f"{name} is a function and stands without its argument", usage)
        if name not in self._variables and len(self._variables) == MAX_VARIABLES:
            problem = f"{name} is one variable too many"
            raise self._error(token, problem, f"at most {MAX_VARIABLES} different variables")
        self._variables[name] = None
        return self._made(token, Variable(name))

    def _call(self, token: Token) -> Tree:
        function = ELEMENTARY.get(token.text)
        if function is None:
            nearest = difflib.get_close_matches(token.text, ELEMENTARY, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise self._error(token, f"there is no function {token}{hint}", ", ".join(ELEMENTARY))
        opening = self._token
        self._next += 1
        with self._deeper(opening):
            arguments = [self._sum()]
            while self._take(","):
                arguments.append(self._sum())
        if len(arguments) != function.arguments:
            problem = f"{token.text} is given {len(arguments)} arguments"
            raise self._error(token, problem, function.usage(token.text))
        self._close(opening)
        return self._made(token, Call(token.text, tuple(arguments)))

    def _close(self, opening: Token) -> None:
        token = self._token
        if self._take(")"):
            return
        if token.kind == "end":
            raise self._error(opening, "'(' is never closed", "a ) for every (")
        raise self._unexpected(token)

    def _take(self, *operators: str) -> Token | None:
        token = self._token
        if token.kind != "operator" or token.text not in operators:
            return None
        self._next += 1
        return token

    def _made(self, token: Token, node: Tree) -> Tree:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            problem = f"the expression has more than {MAX_NODES} parts"
            raise self._error(token, problem, f"at most {MAX_NODES} numbers, names, operators and functions")
        return node

    @contextmanager
    def _deeper(self, token: Token) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            allowed = f"{MAX_DEPTH} parentheses, functions, signs and exponents inside each other"
            raise self._error(token, "the expression is nested too deeply", allowed)
        yield
        self._depth -= 1

    def _unexpected(self, token: Token) -> ExpressionError:
        if token.text == ")":
            return self._error(token, "')' closes nothing", "a ( for every )")
        if token.text == ",":
            return self._error(
                token, "',' stands outside a function of two arguments", "min(a, b), max(a, b)"
            )
        return self._error(token, f"{token} stands where an operator belongs", "+ - * / **; 2*x needs its *")

    def _error(self, token: Token, problem: str, allowed: str) -> ExpressionError:
        return ExpressionError(self._text, token.position, problem, allowed)

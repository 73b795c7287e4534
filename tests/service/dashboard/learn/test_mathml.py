"""Formulas are drawn as they are read, and whatever else comes is text."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from service.dashboard.learn.mathml import LONGEST, mathml


def drawn(text: str) -> str:
    """The elements of a formula without those that only group."""
    return re.sub(r"</?mrow>|<math[^>]*>|</math>| (stretchy|[lr]space)=\"\w+\"", "", str(mathml(text)))


def test_a_derivative_is_a_fraction() -> None:
    assert drawn("dE/dc0") == (
        "<mfrac><mo>∂</mo><mi>E</mi><mo>∂</mo><msub><mi>c</mi><mn>0</mn></msub></mfrac>"
    )


def test_a_weight_has_its_ends_below() -> None:
    assert drawn("w(i0->a0)") == "<msub><mi>w</mi><mtext>i0→a0</mtext></msub>"


def test_a_quotient_takes_the_whole_product_before_it_and_no_parentheses() -> None:
    assert drawn("2 * (a + b) / (3 * c)") == (
        "<mfrac><mn>2</mn><mo>·</mo><mo>(</mo><mi>a</mi><mo>+</mo><mi>b</mi><mo>)</mo>"
        "<mn>3</mn><mo>·</mo><mi>c</mi></mfrac>"
    )


@pytest.mark.parametrize("power", ["a^2", "a**2"])
def test_a_power_stands_above(power: str) -> None:
    assert drawn(power) == "<msup><mi>a</mi><mn>2</mn></msup>"


def test_powers_bind_from_the_right_and_before_a_sign() -> None:
    assert drawn("-a**2**3") == ("<mo>−</mo><msup><mi>a</mi><msup><mn>2</mn><mn>3</mn></msup></msup>")


HARMFUL = [
    "<script>alert(1)</script>", '"><img src=x>', "((", "a **", "1 /", ")", "|", "a & b", "", "(" * 5000,
    "x" * LONGEST
]  # fmt: skip


@pytest.mark.parametrize("text", HARMFUL)
def test_anything_is_well_formed_and_harmless(text: str) -> None:
    element = ET.fromstring(str(mathml(text)))  # noqa: S314 - our own output
    assert element.get("alttext") == text
    known = {"math", "mrow", "mi", "mn", "mo", "mtext", "msub", "msup", "mfrac"}
    assert {each.tag for each in element.iter()} <= known
    for each in element.iter():
        if each.tag in ("msub", "msup", "mfrac"):
            assert len(each) == 2

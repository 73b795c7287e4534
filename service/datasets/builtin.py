"""Eight small tables come with Backsweep and are found by name alone, never by a path."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from service.datasets import csv_text, generated
from service.datasets.description import Description, describe
from service.datasets.table import Table
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import did_you_mean

_FOLDER = Path(__file__).parent / "builtin"
_CC0 = "CC0 1.0"
_CC_BY = "CC BY 4.0"


@dataclass(frozen=True, slots=True)
class Builtin:
    """A table that is always there: what it is about, what is predicted by default, and whose it is."""

    name: str
    title: str
    target: str
    licence: str
    source: str


BUILTINS = {
    table.name: table
    for table in (
        Builtin(
            "digits",
            "Handwritten digits as 8 x 8 images",
            "digit",
            _CC_BY,
            "E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, https://doi.org/10.24432/C50P49",
        ),
        Builtin(
            "iris",
            "Three species of iris by their sepals and petals",
            "species",
            _CC_BY,
            "R. A. Fisher (1936), Iris, https://doi.org/10.24432/C56C76",
        ),
        Builtin(
            "wine",
            "Three cultivars by chemical analysis of their wine",
            "cultivar",
            _CC_BY,
            "S. Aeberhard and M. Forina (1992), Wine, https://doi.org/10.24432/C5PC7J",
        ),
        Builtin(
            "breast_cancer",
            "Benign and malignant tumours by their cells' nuclei",
            "diagnosis",
            _CC_BY,
            "W. Wolberg et al. (1993), Breast Cancer Wisconsin (Diagnostic), https://doi.org/10.24432/C5DW2B",
        ),
        Builtin(
            "diabetes",
            "Progression of diabetes after a year (a number)",
            "progression",
            "none stated by the source",
            "B. Efron et al. (2004), Least Angle Regression, Annals of Statistics 32(2), 407-499",
        ),
        Builtin(
            "xor",
            "Points of a square; the class says whether exactly one coordinate is negative",
            "xor",
            _CC0,
            "M. Minsky and S. Papert (1969), Perceptrons; points drawn by service/datasets/generated.py",
        ),
        Builtin(
            "two_spirals",
            "Two spirals about each other",
            "spiral",
            _CC0,
            "K. J. Lang and M. J. Witbrock (1988), Learning to tell two spirals apart; by their formula",
        ),
        Builtin(
            "moons",
            "Two half circles that reach into each other",
            "moon",
            _CC0,
            "scikit-learn's make_moons; points drawn by service/datasets/generated.py",
        ),
    )
}


def names() -> tuple[str, ...]:
    """The built-in tables' names."""
    return tuple(BUILTINS)


def load(name: str) -> Table:
    """The built-in table of this name; an unknown name is a fault at `dataset` with the nearest one."""
    if name not in BUILTINS:
        message = f"no dataset is called {name!r}{did_you_mean(name, names())}"
        raise InvalidSubmission([Fault("dataset", message, name, ", ".join(names()))])
    return _read(name)


@cache
def description_of(name: str) -> Description:
    """What is shown of the built-in table of this name."""
    return describe(load(name))


@cache
def _read(name: str) -> Table:
    about = BUILTINS[name]
    if name in generated.GENERATORS:
        return generated.table(name, about.target, about.licence, about.source)
    text = (_FOLDER / f"{name}.csv").read_text(encoding="utf-8")
    return csv_text.read(text, name=name, licence=about.licence, source=about.source)

"""How a sweep's rows are divided, as a submission says it; `service.datasets.split` then picks the rows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

SplitMethod = Literal["shuffled", "stratified", "ordered", "column"]
PARTS = ("train", "validation", "test")
DEFAULT_FRACTIONS = (0.7, 0.15, 0.15)  # train, validation, test
MAX_SEED = 2**53 - 1


def _share_kind(value: object) -> str:
    return "<rows>" if isinstance(value, int) else "<fraction>"


Share = Annotated[
    Annotated[int, Field(ge=0, le=MAX_SEED), Tag("<rows>")]
    | Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Tag("<fraction>")],
    Discriminator(_share_kind),
    # Not oneOf, which pydantic would write: 0 and 1 are both.
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "integer", "minimum": 0, "maximum": MAX_SEED},
            ]
        }
    ),
]


class SplitSettings(BaseModel):
    """Three fractions that add up to 1, or three numbers of rows, and how the rows are picked."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    train: Share | None = Field(
        default=None,
        description="Fraction (0.7) or number of rows (1000) to train on; by default what the others leave.",
    )
    validation: Share | None = Field(
        default=None,
        description="Fraction or number of rows that settings are compared on; 0 if others are given.",
    )
    test: Share | None = Field(
        default=None,
        description="Fraction or number of rows that are touched only at the end; 0 if others are given.",
    )
    method: SplitMethod | None = Field(
        default=None,
        description="shuffled, stratified (each class in proportion; the default for classes), ordered "
        "(first rows train, last test), or column (a text column says train, validation or test).",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=MAX_SEED,
        description="Draws the test rows, which are the same in every run of the sweep.",
    )
    resample: bool | None = Field(
        default=None,
        description="Whether each run's seed draws its own validation rows from those outside the test set; "
        "true for shuffled and stratified unless said otherwise, impossible for ordered and column.",
    )
    column: str | None = Field(
        default=None, max_length=200, description="The column that says which part a row belongs to."
    )

    @model_validator(mode="after")
    def _parts_agree(self) -> SplitSettings:
        given = [share for share in (self.train, self.validation, self.test) if share is not None]
        if self.method == "column":
            if self.column is None:
                raise PydanticCustomError("split", "method 'column' needs the name of a column in `column`")
            if given:
                raise PydanticCustomError(
                    "split", "the column decides the parts; train, validation and test cannot be given too"
                )
        elif self.column is not None:
            raise PydanticCustomError("split", "`column` belongs to method 'column'")
        if self.resample and self.method in ("ordered", "column"):
            raise PydanticCustomError(
                "split", "method '{method}' fixes the rows; resample must be false", {"method": self.method}
            )
        self._shares_agree(given)
        return self

    def _shares_agree(self, given: list[int | float]) -> None:
        fractions = [share for share in given if isinstance(share, float) and share != 0]
        counts = [share for share in given if isinstance(share, int) and share != 0]
        if fractions and counts:
            raise PydanticCustomError(
                "split", "parts are either all fractions or all numbers of rows, not both"
            )
        if self.train == 0:
            raise PydanticCustomError("split", "without training rows there is nothing to train")
        total = sum(fractions)
        if fractions and self.train is not None and abs(total - 1) > 1e-9:
            raise PydanticCustomError(
                "split", "the fractions add up to {total}, not to 1", {"total": round(total, 9)}
            )
        if fractions and self.train is None and total >= 1:
            raise PydanticCustomError("split", "validation and test leave no rows to train on")

    @property
    def is_default(self) -> bool:
        """Whether no part was named."""
        return self.train is None and self.validation is None and self.test is None

    @property
    def fractions(self) -> tuple[float, float, float] | None:
        """Train, validation and test as fractions, or None where rows are counted.

        All parts left out means 0.7, 0.15 and 0.15. A lone 1 is the fraction: JSON does not tell 1 from 1.0.
        """
        if self.is_default:
            return DEFAULT_FRACTIONS
        validation, test = self.validation or 0, self.test or 0
        if all(isinstance(share, float) or share in (0, None) for share in (self.train, validation, test)):
            return (
                1 - validation - test if self.train is None else float(self.train),
                float(validation),
                float(test),
            )
        if (self.train, validation, test) == (1, 0, 0):
            return (1.0, 0.0, 0.0)
        return None

    def counts(self, rows: int) -> tuple[int, int, int]:
        """How many of `rows` rows train, validate and test."""
        fractions = self.fractions
        if fractions is not None:
            train, validation, test = largest_remainder(fractions, rows)
            return train, validation, test
        validation, test = int(self.validation or 0), int(self.test or 0)
        return (rows - validation - test if self.train is None else int(self.train)), validation, test


def largest_remainder(fractions: tuple[float, ...], total: int) -> list[int]:
    """`total` divided by these fractions: quotas rounded down, then one more to the largest remainders.

    This is Hamilton's method; ties go to the earlier part.
    """
    quotas = [total * fraction for fraction in fractions]
    # 0.15 * 100 is 15.000000000000002 and 0.29 * 100 is 28.999999999999996: a quota this near to a whole
    # number is one.
    floors = [
        round(quota) if abs(quota - round(quota)) < 1e-12 * max(1, total) else int(quota) for quota in quotas
    ]
    order = sorted(range(len(quotas)), key=lambda index: (-(quotas[index] - floors[index]), index))
    for index in order[: total - sum(floors)]:
        floors[index] += 1
    return floors

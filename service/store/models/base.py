"""Types and naming that every table shares, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Double, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only in a column of type INTEGER.
KeyType = BigInteger().with_variant(Integer, "sqlite")
JsonType = JSON().with_variant(JSONB, "postgresql")
JsonOrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

Key = Annotated[int, mapped_column(KeyType, primary_key=True)]
PublicId = Annotated[str, mapped_column(String(38), unique=True)]  # "r_" + UUIDv7
Sha256 = Annotated[str, mapped_column(String(64))]  # lower-case hexadecimal
Instant = Annotated[int, mapped_column(BigInteger)]  # milliseconds since 1970-01-01T00:00Z, database clock
Count = Annotated[int, mapped_column(BigInteger, default=0, server_default="0")]
Name = Annotated[str, mapped_column(String(200))]
Word = Annotated[str, mapped_column(String(40))]  # a member of one of the project's own enumerations
Document = Annotated[dict[str, Any], mapped_column(JsonType)]
Prose = Annotated[str, mapped_column(Text)]
Blob = Annotated[bytes, mapped_column(LargeBinary)]
Number = Annotated[float, mapped_column(Double)]


class Base(DeclarativeBase):
    """The root of the tables; their schema is made by migrations/ alone."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def one_of(column: str, members: type[StrEnum]) -> CheckConstraint:
    """The constraint that `column` holds one of `members`."""
    words = ", ".join(f"'{member.value}'" for member in members)
    return CheckConstraint(f"{column} IN ({words})", name=column)

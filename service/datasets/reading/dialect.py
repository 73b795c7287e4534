"""A CSV file's first record says what separates its fields and what its columns are called."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass

from service.datasets.cells import NUMBER
from service.datasets.reading.limits import MAX_FIELD, Limits
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import normalized

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
SAMPLE = 50  # records below the header that are asked which separator fits them
_QUOTED = re.compile(rb'"[^"]*"')
_PIECE = 2**22  # bytes that are decoded together


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the header says, and where the records below it begin."""

    separator: str
    titles: tuple[str, ...]
    start: int  # first byte below the header
    line: int  # its line; lines count from 1


SAVED_AS_CSV = "CSV in UTF-8, as which a spreadsheet can save a sheet"
# What files begin with that are often sent in place of CSV; the rest of them is no text.
OTHERS = (
    (codecs.BOM_UTF16_LE, "UTF-16 text", "UTF-8"),
    (codecs.BOM_UTF16_BE, "UTF-16 text", "UTF-8"),
    (b"PK\x03\x04", "a ZIP archive, such as an Excel or OpenDocument workbook", SAVED_AS_CSV),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel", SAVED_AS_CSV),
    (b"\x1f\x8b", "compressed by gzip", "the file unpacked"),
    (b"PAR1", "a Parquet file", "Content-Type: application/vnd.apache.parquet for it, or CSV"),
)


def check_text(data: bytes) -> None:
    """Refuse bytes that are not UTF-8.

    Raises:
        InvalidSubmission: with the line and the place of the first byte that is wrong.
    """
    for mark, name, allowed in OTHERS:
        if data.startswith(mark):
            raise InvalidSubmission([Fault("body", f"is {name}", None, allowed)])
    decoder = codecs.getincrementaldecoder("utf-8")()
    for offset in range(0, len(data), _PIECE):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(data[offset : offset + _PIECE], final=offset + _PIECE >= len(data))
        except UnicodeDecodeError as error:
            place = offset - waiting + error.start
            line = data.count(b"\n", 0, place) + 1
            message = f"is not UTF-8: byte 0x{data[place]:02X}, the file's {place + 1:,}th"
            allowed = "UTF-8 (a spreadsheet calls it CSV UTF-8)"
            raise InvalidSubmission([Fault(f"line {line}", message, None, allowed)]) from None


def read_dialect(data: bytes, limits: Limits) -> Dialect:
    """What the first record of `data`, which is UTF-8, says of the rest.

    Raises:
        InvalidSubmission: there is no header, it is not CSV, or it has too many columns.
    """
    begin = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    while data[begin : begin + 1] in (b"\n", b"\r"):
        begin += 1
    first_line = data.count(b"\n", 0, begin) + 1
    start = _record_end(data, begin)
    header = data[begin:start].rstrip(b"\r\n")
    if not header.strip():
        raise InvalidSubmission([Fault("line 1", "there is no header: the body is empty", None, "CSV")])
    separator = _separator(data, header, start)
    limits.check(0, _QUOTED.sub(b"", header).count(separator.encode()) + 1)
    titles = _titles(header, separator, first_line)
    return Dialect(separator, titles, start, first_line + data.count(b"\n", begin, start))


def _record_end(data: bytes, begin: int) -> int:
    """The byte behind the record that begins here: behind the first line end outside quotes."""
    place, quotes = begin, 0
    while True:
        end = data.find(b"\n", place)
        if end < 0:
            return len(data)
        quotes += data.count(b'"', place, end)
        place = end + 1
        if quotes % 2 == 0:
            return place


def _separator(data: bytes, header: bytes, start: int) -> str:
    """The separator that the header has and that divides the records below it as often as the header."""
    bare = _QUOTED.sub(b"", header)
    counts = {mark: bare.count(mark.encode()) for mark in SEPARATORS}
    candidates = [mark for mark, count in counts.items() if count]
    if len(candidates) < 2:
        return candidates[0] if candidates else ","
    sample = [_QUOTED.sub(b"", record) for record in _records(data, start)]
    fits = {mark: sum(each.count(mark.encode()) == counts[mark] for each in sample) for mark in candidates}
    return max(candidates, key=lambda mark: (fits[mark], counts[mark]))


def _records(data: bytes, start: int) -> list[bytes]:
    """The first records from `start`, without empty lines."""
    found: list[bytes] = []
    while start < len(data) and len(found) < SAMPLE:
        end = _record_end(data, start)
        record = data[start:end].strip(b"\r\n")
        if record:
            found.append(record)
        start = end
    return found


def _titles(header: bytes, separator: str, line: int) -> tuple[str, ...]:
    """The columns' names as they stand there; they may be empty or stand twice."""
    before = csv.field_size_limit(MAX_FIELD)
    try:
        (titles,) = csv.reader([header.decode()], delimiter=separator, strict=True)
    except (csv.Error, ValueError) as error:
        raise InvalidSubmission([Fault(f"line {line}", f"the header is not CSV: {error}")]) from error
    finally:
        csv.field_size_limit(before)
    names = tuple(normalized(title.strip()) for title in titles)
    if _is_data(names):
        message = "the first line holds numbers, not the columns' names"
        raise InvalidSubmission([Fault(f"line {line}", message, separator.join(names), "a header line")])
    return names


def _is_data(titles: tuple[str, ...]) -> bool:
    """Whether every title is a number, and they do not just count the columns, as pandas does unasked."""
    named = [title for title in titles if title]
    if not named or not all(NUMBER.fullmatch(title) for title in named):
        return False
    return named not in ([str(i) for i in range(len(named))], [str(i + 1) for i in range(len(named))])

"""Where a CSV file's records begin and end, by RFC 4180 and without a guess; every breach has its line.

A parser that mends what it reads would give people other data than they sent. So the bytes are looked at
before any parser: a quote opens only at the start of a field and closes only at its end, every record has as
many fields as the header, an empty line is no record, and outside quotes a line ends with LF or CR LF.
Whatever passes means the same to every reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.datasets.reading.limits import MAX_FAULTS, MAX_FIELD, Limits
from service.errors import Fault, InvalidSubmission

CHUNK = 2**22  # bytes that are looked at together
LF, CR, QUOTE, NUL = 10, 13, 34, 0

Positions = NDArray[np.int64]


@dataclass(slots=True)
class Structure:
    """How many records stand below the header, and where empty lines do: (first byte, byte behind)."""

    records: int = 0
    empty: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """What is carried from one chunk to the next."""

    begin: int  # of the record that is read
    last: int  # where its last separator, or the record before, ended: its current field begins behind
    line: int  # of the next byte; lines count from 1
    begin_line: int
    quotes: int = 0  # so far, modulo 2: 1 inside a quoted field
    opened_line: int = 0
    separators: int = 0  # in the current record, so far
    faults: list[Fault] = field(default_factory=list)


def scan(data: bytes, *, start: int, line: int, separator: int, columns: int, limits: Limits) -> Structure:
    """Look at every record from `start`, which stands on line `line`.

    Raises:
        InvalidSubmission: the first breaches of the rules, each with its line; or more rows than allowed.
    """
    found = Structure()
    state = _State(begin=start, last=start - 1, line=line, begin_line=line)
    for offset in range(start, len(data), CHUNK):
        _scan_chunk(data, offset, min(offset + CHUNK, len(data)), separator, columns, state, found)
        limits.check(found.records, columns)
        if state.faults:
            raise InvalidSubmission(state.faults[:MAX_FAULTS])
    if state.quotes:
        raise InvalidSubmission([_fault(state.opened_line, "opens a quote that is never closed")])
    if state.begin < len(data):  # the last line has no end of its own
        _record(data, state.begin, len(data), state.begin_line, state.separators, columns, state, found)
    limits.check(found.records, columns)
    if state.faults:
        raise InvalidSubmission(state.faults)
    return found


def _scan_chunk(
    data: bytes, offset: int, end: int, separator: int, columns: int, state: _State, found: Structure
) -> None:
    chunk = np.frombuffer(data, np.uint8, end - offset, offset)
    quotes = np.flatnonzero(chunk == QUOTE)
    feeds = np.flatnonzero(chunk == LF)
    state.faults += _byte_faults(data, chunk, offset, quotes, feeds, separator, state)
    if quotes.size and (state.quotes + quotes.size) % 2:
        state.opened_line = state.line + int(np.searchsorted(feeds, quotes[-1]))
    ends = _outside(feeds, quotes, state.quotes)
    separators = _outside(np.flatnonzero(chunk == separator), quotes, state.quotes)
    _field_faults(ends, separators, feeds, offset, end, state)
    before = np.searchsorted(separators, ends)  # separators in the chunk before each record's end
    counts = np.diff(before, prepend=0)
    if ends.size:
        counts[0] += state.separators
        state.separators = int(separators.size - before[-1])
        _records(data, offset, ends, counts, feeds, columns, state, found)
    else:
        state.separators += int(separators.size)
    state.quotes = (state.quotes + int(quotes.size)) % 2
    state.line += int(feeds.size)


def _records(
    data: bytes,
    offset: int,
    ends: Positions,
    counts: Positions,
    feeds: Positions,
    columns: int,
    state: _State,
    found: Structure,
) -> None:
    """Count the records that end in this chunk, and look closer at those that are short or odd."""
    begins = np.concatenate([[state.begin - offset], ends[:-1] + 1])
    lengths = ends - begins
    bare = (lengths == 0) | ((lengths == 1) & (_neighbours(data, begins + offset, fill=LF) == CR))
    odd = np.flatnonzero((counts != columns - 1) | bare)
    found.records += int(ends.size - odd.size)
    for index in odd.tolist():
        line = state.begin_line
        if index:
            line = state.line + int(np.searchsorted(feeds, begins[index]))
        begin, end = offset + int(begins[index]), offset + int(ends[index]) + 1
        _record(data, begin, end, line, int(counts[index]), columns, state, found)
        if len(state.faults) >= MAX_FAULTS:
            break
    state.begin = offset + int(ends[-1]) + 1
    state.begin_line = state.line + int(np.searchsorted(feeds, ends[-1])) + 1


def _record(
    data: bytes,
    begin: int,
    end: int,
    line: int,
    separators: int,
    columns: int,
    state: _State,
    found: Structure,
) -> None:
    if separators == 0 and end - begin <= MAX_FIELD and not data[begin:end].strip():
        if found.empty and found.empty[-1][1] == begin:
            begin = found.empty.pop()[0]
        found.empty.append((begin, end))
    elif separators != columns - 1:
        has = f"has {separators + 1:,} field{'s' * (separators > 0)}; the header has {columns:,}"
        state.faults.append(_fault(line, has, separators + 1, f"{columns:,} fields in every line"))
    else:
        found.records += 1


def _outside(positions: Positions, quotes: Positions, parity: int) -> Positions:
    """Those positions that do not stand inside a quoted field."""
    if not quotes.size:
        return positions[:0] if parity else positions
    outside: Positions = positions[(np.searchsorted(quotes, positions) + parity) % 2 == 0]
    return outside


def _byte_faults(
    data: bytes,
    chunk: NDArray[np.uint8],
    offset: int,
    quotes: Positions,
    feeds: Positions,
    separator: int,
    state: _State,
) -> Iterator[Fault]:
    """Bytes that stand where they must not."""

    def line_of(position: int) -> int:
        return state.line + int(np.searchsorted(feeds, position))

    for position in np.flatnonzero(chunk == NUL)[:1]:
        yield _fault(line_of(position), "holds a NUL byte, as no text does")
    returns = _outside(np.flatnonzero(chunk == CR), quotes, state.quotes)
    for position in returns[_neighbours(data, returns + offset + 1, fill=LF) != LF][:1]:
        allowed = "LF or CR LF at the end of a line, or quotes around the field"
        yield _fault(line_of(position), "holds a carriage return (CR) inside a field", None, allowed)
    parity = (np.arange(1, quotes.size + 1) + state.quotes) % 2
    opening, closing = quotes[parity == 1], quotes[parity == 0]
    before = _neighbours(data, opening + offset - 1, fill=LF)
    allowed = 'quotes around the whole field, and two quotes ("") for one inside'
    for position in opening[~np.isin(before, (separator, LF, QUOTE))][:1]:
        yield _fault(line_of(position), "has a quote inside a field that is not quoted", None, allowed)
    after = _neighbours(data, closing + offset + 1, fill=LF)
    for position in closing[~np.isin(after, (separator, LF, CR, QUOTE))][:1]:
        yield _fault(line_of(position), "has text behind a closing quote", None, allowed)


def _neighbours(data: bytes, positions: Positions, fill: int) -> NDArray[np.uint8]:
    """The bytes at these positions; `fill` beyond either end."""
    every = np.frombuffer(data, np.uint8)
    inside = (positions >= 0) & (positions < len(data))
    result = np.full(positions.shape, fill, np.uint8)
    result[inside] = every[positions[inside]]
    return result


def _field_faults(
    ends: Positions, separators: Positions, feeds: Positions, offset: int, end: int, state: _State
) -> None:
    """A field that is too long, which may have begun in a chunk before."""
    marks = np.sort(np.concatenate([ends, separators])) if separators.size else ends
    lengths = np.diff(marks, prepend=state.last - offset) - 1
    longest = int(np.argmax(lengths)) if lengths.size else 0
    tail = end - 1 - (offset + int(marks[-1]) if marks.size else state.last)
    if lengths.size and lengths[longest] > MAX_FIELD:
        length, at = int(lengths[longest]), int(marks[longest])
    else:
        length, at = tail, end - offset
    if length > MAX_FIELD:
        line = state.line + int(np.searchsorted(feeds, at))
        allowed = f"at most {MAX_FIELD:,} bytes in a field"
        state.faults.append(_fault(line, f"has a field of {length:,} bytes or more", length, allowed))
    if marks.size:
        state.last = offset + int(marks[-1])


def _fault(line: int, message: str, value: object = None, allowed: str | None = None) -> Fault:
    return Fault(f"line {line}", message, value, allowed)

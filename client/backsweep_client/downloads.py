"""Answers that go to a file: in pieces, and under the file's name only once they are complete."""

from __future__ import annotations

from pathlib import Path

from backsweep_client.transport import Parameters, Transport

FORMATS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def export(
    transport: Transport, path: str, target: Path, form: str | None, params: Parameters | None = None
) -> Path:
    """Write an export, in the form that the file's name ends in unless it is told.

    Raises: ValueError for a name that says no form.
    """
    known = form or FORMATS.get(target.suffix.lower())
    if known is None:
        raise ValueError(f"{target} says no form; allowed is .csv, .parquet or .jsonl, or name one")
    return download(transport, path, target, {**(params or {}), "format": known})


def download(transport: Transport, path: str, target: Path, params: Parameters | None = None) -> Path:
    """Write an answer to a file, whole or not at all."""
    draft = target.with_name(f".{target.name}.part")
    try:
        with (
            transport.stream(path, params=params, headers={"Accept": "*/*"}) as response,
            draft.open("wb") as file,
        ):
            for piece in response.iter_bytes():
                file.write(piece)
        return draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)

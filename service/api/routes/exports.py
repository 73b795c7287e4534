"""All runs or losses at once, as a file that is made while it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from service.api.context import Asking, Here
from service.api.exports.parquet import parquet_pieces
from service.api.exports.texts import Names, Pieces, csv_pieces, json_lines
from service.api.parameters import RunsExportQuery, SweepExportQuery, SweepId
from service.api.problems import documented
from service.planning.export_columns import LOSS_COLUMNS, TASKS, ExportColumn, all_fields, run_columns
from service.planning.query.reading import read_filter
from service.store import export_queries
from service.store.run_queries import RunFilter, run_conditions

router = APIRouter()

WRITERS: Mapping[str, tuple[str, Callable[[Names, Pieces], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8; header=present", csv_pieces),
    "parquet": ("application/vnd.apache.parquet", parquet_pieces),
    "jsonl": ("application/x-ndjson", json_lines),
}
COLUMNS = (
    "Runs have the columns run, sweep, number, role, seed, state, reason, epoch, epochs, configuration_hash; "
    "`params.x` for the fields that their configurations use (hidden_layers as JSON text, batch_size empty "
    "for the full batch); `metrics.x` with `.best`, `.min` and `.max` where there are such; `arrival.x` for "
    "functions; best_epoch, collapsed, diverged_step, diverged_tensor, train_seconds, environment_class, "
    "weights_sha256, reused_from, started_at, finished_at. Names and order are the same in every export. "
    "Losses have run, number, role, seed, epoch and the columns of a run's losses. What has no value is "
    "empty (null). Numbers that are not finite are NaN, Infinity and -Infinity: words in CSV, strings in "
    "JSON Lines, and in Parquet the numbers themselves. In CSV, text that a spreadsheet would take for a "
    "formula has an apostrophe in front."
)
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"The file. {COLUMNS}",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get(
    "/sweeps/{sweep_id}/export",
    tags=["sweeps"],
    summary="Export a sweep's runs or losses",
    response_class=Response,
    responses={**FILES, **documented(404, 422)},
)
def export_sweep(
    here: Here, caller: Asking, sweep_id: SweepId, query: Annotated[SweepExportQuery, Query()]
) -> Response:
    """Send every run of a sweep, or every recorded epoch of them, in the order of the runs' numbers.

    What a sweep at work records meanwhile is in the file as far as it was there when its place was read.
    """
    with here.database.read(mapped=False) as session:
        sweep = export_queries.find_exported(session, caller.owner_id, sweep_id)
    name = f"{sweep_id}-{query.what}"
    if query.what == "losses":
        losses = export_queries.losses_of_sweep(here.database, sweep.key)
        return _file(name, query.format, LOSS_COLUMNS, losses)
    columns = run_columns([sweep.task], sweep.fields)
    return _runs(name, query.format, columns, export_queries.runs_of_sweep(here.database, sweep.key))


@router.get(
    "/runs/export",
    tags=["runs"],
    summary="Export runs",
    response_class=Response,
    responses={**FILES, **documented(404, 422)},
)
def export_runs(here: Here, caller: Asking, query: Annotated[RunsExportQuery, Query()]) -> Response:
    """Send every run that the filter lets through, over all sweeps, the oldest first, with all columns."""
    which = RunFilter(tree=read_filter(query.filter, reveal_test=False))
    with here.database.read(mapped=False) as session:
        run_conditions(session, caller.owner_id, which)  # refuses what it has to before the answer begins
    records = export_queries.runs_of_owner(here.database, caller.owner_id, which)
    return _runs("runs", query.format, run_columns(TASKS, all_fields()), records)


def _runs(name: str, form: str, columns: Sequence[ExportColumn], records: Iterator[Any]) -> Response:
    rows = ([[column.value(each) for column in columns] for each in piece] for piece in records)
    return _file(name, form, [(column.name, column.kind) for column in columns], rows)


def _file(name: str, form: str, columns: Names, pieces: Pieces) -> Response:
    media_type, write = WRITERS[form]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "X-Accel-Buffering": "no"}
    return StreamingResponse(write(columns, pieces), media_type=media_type, headers=headers)

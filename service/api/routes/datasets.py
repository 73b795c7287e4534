"""Sending tables, and looking at those that a submission may name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from service.api.context import Asking, Here
from service.api.cursors import decode, page
from service.api.dataset_parameters import DatasetKey, DatasetsQuery, PreviewRows, UploadQuery
from service.api.problems import documented
from service.api.schemas.dataset import Dataset, DatasetInFull, DatasetPreview, Datasets
from service.api.uploads import FORMATS, take_in
from service.datasets import builtin
from service.datasets.description import Description
from service.datasets.reading.process import UploadedTable
from service.errors import NotFound
from service.lifecycle.datasets import Particulars, delete_dataset, describe_stored, keep_upload
from service.lifecycle.limits import limits_of
from service.store import dataset_queries
from service.store.schema import Dataset as StoredDataset

router = APIRouter(tags=["datasets"])

BUILT_IN = 0  # stands where others have the time when they were made: behind all of them

TABLE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in FORMATS},
    }
}


class Entry(NamedTuple):
    """A dataset and its place in the list."""

    created_at: int
    key: str  # identifier, or name of a built-in one
    dataset: Dataset


@router.post(
    "/datasets",
    status_code=201,
    summary="Upload a dataset",
    responses={200: {"model": DatasetInFull}, **documented(408, 409, 413, 415, 422, 503)},
    openapi_extra=TABLE,
)
async def upload_dataset(
    here: Here, caller: Asking, request: Request, query: Annotated[UploadQuery, Query()], response: Response
) -> DatasetInFull:
    """Store a table from a CSV or Parquet file, and say what was found in it; 200 if it was there before.

    A CSV file is UTF-8 with a header line; fields are separated by commas, semicolons or tabs and quoted as
    in RFC 4180. Missing are empty cells and NA, N/A, n/a, #N/A, <NA>, NaN, nan, null, NULL and ?. A column is
    of numbers if every other cell is one, of booleans if all are true or false, else text. Infinite numbers
    are refused. A field has at most 10,000 bytes. A Parquet file has columns of numbers, booleans, strings,
    categories, dates or times; null and NaN are missing. A name stands for one content: the same again
    changes nothing, another is refused.
    """
    told = Particulars(**query.model_dump(include={"target", "licence", "source", "notes"}))
    room = limits_of(here.settings, caller)

    def keep(table: UploadedTable) -> tuple[str, bool]:
        return keep_upload(here.database, caller.owner_id, query.name, table, told, room)

    public_id, is_new = await take_in(here.uploads, here.settings, request, query.target, query.decimal, keep)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"{request.url.path}/{public_id}"
    return await run_in_threadpool(get_dataset, here, caller, public_id)


@router.get("/datasets", summary="List datasets", responses=documented(422))
def list_datasets(here: Here, caller: Asking, query: Annotated[DatasetsQuery, Query()]) -> Datasets:
    """List the caller's datasets, the newest first, and then the built-in ones by name."""
    after = _place(query.cursor)
    names = builtin.names()
    with here.database.read() as session:
        own = dataset_queries.list_datasets(
            session, caller.owner_id, limit=query.limit + 1, after=after, but=names
        )
        copies = {row.name: row for row in dataset_queries.named_datasets(session, caller.owner_id, names)}
    found = [Entry(row.created_at, row.public_id, Dataset.stored(row)) for row in own]
    found += [
        Entry(BUILT_IN, name, _built_in(name, copies.get(name))) for name in _names_behind(after, names)
    ]
    shown, cursor = page(found, query.limit, lambda entry: (entry.created_at, entry.key))
    return Datasets(items=[entry.dataset for entry in shown], next_cursor=cursor)


@router.get("/datasets/{dataset}", summary="Get a dataset", responses=documented(404))
def get_dataset(here: Here, caller: Asking, dataset: DatasetKey) -> DatasetInFull:
    """Return one dataset, by name or id, with what its columns hold and what is remarkable about them."""
    head, description = _found(here, caller, dataset)
    return DatasetInFull.of(head, description)


@router.get("/datasets/{dataset}/preview", summary="Look at a dataset's rows", responses=documented(404, 422))
def preview_dataset(
    here: Here, caller: Asking, dataset: DatasetKey, rows: PreviewRows = 20
) -> DatasetPreview:
    """Return the first rows of a dataset; a missing value is null."""
    _head, description = _found(here, caller, dataset)
    return DatasetPreview.of(description, rows)


@router.delete(
    "/datasets/{dataset}", status_code=204, summary="Delete a dataset", responses=documented(404, 409)
)
def remove_dataset(here: Here, caller: Asking, dataset: DatasetKey) -> None:
    """Delete a dataset for good, unless a sweep uses it or it comes with Backsweep."""
    delete_dataset(here.database, caller.owner_id, dataset)


def _found(here: Here, caller: Asking, name_or_id: str) -> tuple[Dataset, Description]:
    with here.database.read() as session:
        row = dataset_queries.find_dataset(session, caller.owner_id, name_or_id)
        name = row.name if row else name_or_id
        if name in builtin.names():
            return _built_in(name, row), builtin.description_of(name)
        if row is None:
            raise NotFound(f"there is no dataset {name_or_id}")
        return Dataset.stored(row), describe_stored(session, row)


def _built_in(name: str, row: StoredDataset | None) -> Dataset:
    return Dataset.built_in(builtin.load(name), builtin.description_of(name).task, row)


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    created_at, key = decode(cursor, (int, str))
    return created_at, key


def _names_behind(after: tuple[int, str] | None, names: Sequence[str]) -> Sequence[str]:
    last = after[1] if after is not None and after[0] == BUILT_IN else ""
    return sorted(name for name in names if name > last)

"""The datasets that a submission may name."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.context import Asking, Here
from service.api.schemas.dataset import Dataset, Datasets
from service.datasets import builtin
from service.store import dataset_queries

router = APIRouter(tags=["datasets"])


@router.get("/datasets", summary="List datasets")
def list_datasets(here: Here, caller: Asking) -> Datasets:
    """List the caller's datasets by name, and the built-in ones; the rows themselves are not included."""
    with here.database.read() as session:
        stored = dataset_queries.list_datasets(session, caller.owner_id)
    kept = [Dataset.stored(row, builtin=row.name in builtin.names()) for row in stored]
    known = {dataset.name for dataset in kept}
    others = [Dataset.built_in(builtin.load(name)) for name in builtin.names() if name not in known]
    return Datasets(items=sorted(kept + others, key=lambda dataset: dataset.name), next_cursor=None)

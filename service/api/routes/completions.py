"""What may stand where somebody is writing a filter or an order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from service.api.context import Asking, Here
from service.api.parameters import CompletionQuery
from service.api.problems import documented
from service.api.schemas.completion import Completion
from service.lifecycle.access import Caller
from service.planning.query.completion import gap_at, offers
from service.planning.query.tree import Quantity
from service.planning.query.vocabulary import OF_RUNS, OF_SWEEPS, Vocabulary
from service.store.existing_values import tag_names, values_of_runs, values_of_sweeps

router = APIRouter()

Existing = Callable[[Session, int, Quantity], Sequence[object]]


@router.get("/runs:complete", tags=["runs"], summary="Complete a filter over runs", responses=documented(422))
def complete_runs(here: Here, caller: Asking, query: Annotated[CompletionQuery, Query()]) -> Completion:
    """Say which names, operators, words and existing values may stand at a place of a filter or an order.

    Values are those of the caller's newest runs, configurations and sweeps.
    """
    return _complete(here, caller, query, OF_RUNS, values_of_runs)


@router.get(
    "/sweeps:complete", tags=["sweeps"], summary="Complete a filter over sweeps", responses=documented(422)
)
def complete_sweeps(here: Here, caller: Asking, query: Annotated[CompletionQuery, Query()]) -> Completion:
    """Say which names, operators, words and existing values may stand at a place of a filter."""
    return _complete(here, caller, query, OF_SWEEPS, values_of_sweeps)


def _complete(
    here: Here, caller: Caller, query: CompletionQuery, vocabulary: Vocabulary, existing: Existing
) -> Completion:
    at = len(query.text) if query.at is None else query.at
    gap = gap_at(query.text, at, vocabulary, query.what)
    found: Sequence[object] = ()
    if gap.tags or gap.quantity is not None:
        with here.database.read() as session:
            if gap.quantity is not None:
                found = existing(session, caller.owner_id, gap.quantity)
            else:
                found = tag_names(session, caller.owner_id)
    return Completion.of(gap, offers(gap, vocabulary, found))

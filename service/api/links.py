"""Where an answer leads: which calls take the identifiers and cursors in it, as OpenAPI's links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BODY = "$response.body#/"
OWN_ID = f"{BODY}id"
FIRST_ID = f"{BODY}items/0/id"
NEXT_PAGE = {"cursor": f"{BODY}next_cursor"}


@dataclass(frozen=True, slots=True)
class Link:
    """One call that follows another: the answer to `source` with `status` has what `target` takes."""

    source: str  # an operationId, as `target`
    status: str
    target: str
    parameters: Mapping[str, str]

    @property
    def name(self) -> str:
        """Unlike every other link of its answer."""
        return f"{self.target}_by_{'_and_'.join(self.parameters)}".replace("-", "_").lower()


def link_operations(document: Mapping[str, Any]) -> None:
    """Write the links into the answers of an OpenAPI document's operations.

    Raises:
        KeyError: a link names an operation or an answer that isn't there.
    """
    operations = {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    for link in _links():
        target = operations[link.target]
        taken = {each["name"] for each in target.get("parameters", ())}
        if not link.parameters.keys() <= taken:
            raise KeyError(f"{link.target} takes {sorted(taken)} and not {sorted(link.parameters)}")
        answer = operations[link.source]["responses"][link.status]
        answer.setdefault("links", {})[link.name] = {
            "operationId": link.target,
            "parameters": dict(link.parameters),
            "description": target["summary"],
        }


OF_A_SWEEP = (
    "get_sweep",
    "get_summary",
    "get_curves",
    "get_preprocessing",
    "export_sweep",
    "watch_sweep",
)
OF_AN_OPEN_SWEEP = ("pause", "resume", "cancel", "retry", "extend", "edit", "delete_sweep")
OF_A_RUN = ("get_run", "get_losses", "get_layers", "get_weights", "get_evaluation", "predict", "verify")
OF_A_DATASET = ("get_dataset", "preview_dataset")
LISTS = ("list_sweeps", "list_runs", "list_datasets", "list_api_keys", "list_all_owners", "read_audit")
FIRST_TWO_SETTINGS = {
    "sweep_id": f"{BODY}sweep",
    "a": f"{BODY}settings/0/configuration_hash",
    "b": f"{BODY}settings/1/configuration_hash",
}


def _links() -> Iterator[Link]:
    yield from _each("create_sweep", "201", (*OF_A_SWEEP, *OF_AN_OPEN_SWEEP), {"sweep_id": OWN_ID})
    yield from _each("create_sweep", "201", ("list_runs",), {"sweep": OWN_ID})
    yield from _each("list_sweeps", "200", OF_A_SWEEP, {"sweep_id": FIRST_ID})
    yield from _each("list_sweeps", "200", ("list_runs",), {"sweep": FIRST_ID})
    yield from _each("get_sweep", "200", ("list_runs",), {"sweep": OWN_ID})
    # What a request asked for shows in what the sweep says next.
    for source in OF_AN_OPEN_SWEEP[:-1]:
        then = [each for each in ("get_sweep", "resume", "cancel", "delete_sweep") if each != source]
        yield from _each(source, "200", then, {"sweep_id": OWN_ID})
    yield from _each("get_summary", "200", ("get_comparison",), FIRST_TWO_SETTINGS)
    yield from _each("list_runs", "200", OF_A_RUN, {"run_id": FIRST_ID})
    yield from _each("list_runs", "200", ("get_losses_of_runs",), {"run_ids": FIRST_ID})
    yield from _each("get_run", "200", OF_A_RUN[1:], {"run_id": OWN_ID})
    yield from _each("get_run", "200", ("get_sweep",), {"sweep_id": f"{BODY}sweep"})
    yield from _each("verify", "202", ("get_verification",), {"verification_id": OWN_ID})
    for status in ("200", "201"):
        yield from _each("upload_dataset", status, (*OF_A_DATASET, "remove_dataset"), {"dataset": OWN_ID})
    yield from _each("list_datasets", "200", OF_A_DATASET, {"dataset": FIRST_ID})
    yield from _each("make_keys", "201", ("revoke_api_key",), {"key_id": FIRST_ID})
    yield from _each("list_all_owners", "200", ("list_api_keys",), {"owner": FIRST_ID})
    for target in LISTS:
        yield Link(target, "200", target, NEXT_PAGE)
    yield Link("get_curves", "200", "get_curves", {"sweep_id": "$request.path.sweep_id"} | NEXT_PAGE)


def _each(source: str, status: str, targets: Iterable[str], parameters: Mapping[str, str]) -> Iterator[Link]:
    return (Link(source, status, target, parameters) for target in targets)

"""A table goes in as a person has it, and what was understood comes back."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.lifecycle.api_keys import create_api_key
from service.store.database import Database
from tests.service.api import building
from tests.service.api.conftest import ADDRESS, MOST_DATASET_BYTES

URL = "/api/v1/datasets"
BUILT_IN = ["breast_cancer", "diabetes", "digits", "iris", "moons", "two_spirals", "wine", "xor"]
PARQUET = "application/vnd.apache.parquet"


def upload(
    client: TestClient, body: bytes | str, name: str = "mine", kind: str = "text/csv", **query: Any
) -> Any:
    content = body.encode() if isinstance(body, str) else body
    return client.post(URL, params={"name": name, **query}, content=content, headers={"Content-Type": kind})


def parquet(frame: pl.DataFrame) -> bytes:
    written = io.BytesIO()
    frame.write_parquet(written)
    return written.getvalue()


HOUSES = "size,garden,street,price\n120.5,true,Elm,300\n,false,Oak,250\n80,true,Elm,199\n80,,?,210\n"


def test_an_upload_is_answered_with_what_was_understood(client: TestClient) -> None:
    answer = upload(client, HOUSES, licence="CC0-1.0", source="a friend", notes="two\nlines")
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert answer.headers["location"] == f"{URL}/{document['id']}"
    assert (document["rows"], document["column_count"], document["builtin"]) == (4, 4, False)
    assert (document["default_target"], document["task"]) == ("price", "classification")
    assert (document["licence"], document["source"], document["notes"]) == (
        "CC0-1.0",
        "a friend",
        "two\nlines",
    )
    size, garden, street, price = document["columns"]
    assert size == {
        "name": "size", "kind": "number", "missing": 1, "distinct": 2,
        "minimum": 80.0, "maximum": 120.5, "mean": 280.5 / 3, "frequent": [],
    }  # fmt: skip
    assert (garden["kind"], garden["missing"]) == ("boolean", 1)
    assert garden["frequent"] == [{"value": True, "count": 2}, {"value": False, "count": 1}]
    assert (street["kind"], street["missing"], street["frequent"][0]) == (
        "text",
        1,
        {"value": "Elm", "count": 2},
    )
    assert (price["kind"], price["distinct"], price["mean"]) == ("integer", 4, 239.75)
    assert client.get(f"{URL}/mine").json() == client.get(f"{URL}/{document['id']}").json() == document


def test_csv_and_parquet_of_one_table_have_one_hash(client: TestClient) -> None:
    frame = pl.DataFrame(
        {
            "size": [120.5, None, 80.0, 80.0],
            "garden": [True, False, True, None],
            "street": ["Elm", "Oak", "Elm", None],
            "price": [300, 250, 199, 210],
        }
    )
    first = upload(client, HOUSES).json()
    second = upload(client, parquet(frame), name="again", kind=PARQUET)
    assert second.status_code == 201, second.text
    assert second.json()["content_hash"] == first["content_hash"]
    assert second.json()["columns"] == first["columns"]
    semicolons = "\ufeff" + HOUSES.replace(",", ";").replace(".", ",").replace("\n", "\r\n")
    third = upload(client, semicolons, name="third", decimal="comma").json()
    assert third["content_hash"] == first["content_hash"]


def test_the_same_again_changes_nothing_and_another_content_is_refused(client: TestClient) -> None:
    first = upload(client, HOUSES, target="size")
    again = upload(client, HOUSES)
    assert (again.status_code, again.json()) == (200, first.json())
    other = upload(client, HOUSES.replace("300", "301"))
    assert other.status_code == 409
    assert first.json()["id"] in other.json()["detail"]
    assert "choose another name" in other.json()["detail"]
    retargeted = upload(client, HOUSES, target="price")
    assert retargeted.status_code == 409
    assert "its target is 'size', not 'price'" in retargeted.json()["detail"]
    renamed = upload(client, HOUSES, name="another")
    assert renamed.status_code == 201
    assert renamed.json()["content_hash"] == first.json()["content_hash"]


def test_datasets_are_listed_the_newest_first_and_then_the_built_in_ones(client: TestClient) -> None:
    for name in ("first", "second", "größte"):
        assert upload(client, HOUSES, name=name).status_code == 201
    whole = [item["name"] for item in client.get(URL).json()["items"]]
    assert whole == ["größte", "second", "first", *BUILT_IN]
    paged: list[str] = []
    cursor = None
    while True:
        page = client.get(URL, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        paged += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole


def test_a_built_in_dataset_is_the_same_before_and_after_a_sweep_has_used_it(client: TestClient) -> None:
    before = client.get(f"{URL}/iris").json()
    assert (before["id"], before["builtin"], before["rows"]) == (None, True, 150)
    assert before["default_target"] == before["columns"][-1]["name"] == "species"
    assert before["licence"]
    submission = {"name": "x", "dataset": "iris", "method": "grid", "parameters": {"epochs": 1}, "seeds": 1}
    sweep = client.post("/api/v1/sweeps", json=submission).json()
    after = client.get(f"{URL}/{sweep['dataset']['id']}").json()
    assert after["id"] == sweep["dataset"]["id"]
    changed = {"id", "created_at"}
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert [item["name"] for item in client.get(URL).json()["items"]] == BUILT_IN


def test_the_first_rows_are_shown_with_their_types(client: TestClient) -> None:
    upload(client, HOUSES)
    preview = client.get(f"{URL}/mine/preview").json()
    assert preview == {
        "columns": ["size", "garden", "street", "price"],
        "rows": [
            [120.5, True, "Elm", 300],
            [None, False, "Oak", 250],
            [80.0, True, "Elm", 199],
            [80.0, None, None, 210],
        ],
        "total_rows": 4,
    }
    assert isinstance(preview["rows"][0][3], int)
    assert len(client.get(f"{URL}/mine/preview?rows=2").json()["rows"]) == 2
    assert len(client.get(f"{URL}/digits/preview").json()["rows"]) == 20
    for rows in ("0", "101", "x"):
        assert client.get(f"{URL}/mine/preview?rows={rows}").status_code == 422


def test_a_dataset_is_deleted_unless_a_sweep_uses_it(client: TestClient) -> None:
    upload(client, HOUSES.replace("?", "Fir"), target="garden")
    upload(client, "x,y\n" + "1,a\n2,b\n3,a\n4,b\n" * 5, name="used")
    submission = {"dataset": "used", "parameters": {"epochs": 1}, "seeds": 1}
    sweep = client.post("/api/v1/sweeps", json=submission)
    assert sweep.status_code == 201, sweep.text
    refused = client.delete(f"{URL}/used")
    assert refused.status_code == 409
    assert sweep.json()["id"] in refused.json()["detail"]
    assert client.delete(f"{URL}/mine").status_code == 204
    assert client.get(f"{URL}/mine").status_code == client.delete(f"{URL}/mine").status_code == 404
    for name in ("iris", "digits"):
        assert client.delete(f"{URL}/{name}").status_code == 409


def test_another_owner_neither_sees_nor_deletes_it_and_may_use_its_name(
    client: TestClient, other_client: TestClient
) -> None:
    document = upload(client, HOUSES).json()
    for key in ("mine", document["id"]):
        assert other_client.get(f"{URL}/{key}").status_code == 404
        assert other_client.get(f"{URL}/{key}/preview").status_code == 404
        assert other_client.delete(f"{URL}/{key}").status_code == 404
        sweep = other_client.post("/api/v1/sweeps", json={"dataset": key, "parameters": {"epochs": 1}})
        assert sweep.status_code == 422
    assert [item["name"] for item in other_client.get(URL).json()["items"]] == BUILT_IN
    theirs = upload(other_client, "a,b\n1,2\n2,3\n")
    assert theirs.status_code == 201
    assert client.get(f"{URL}/mine").json() == document


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a\tb", "x" * 101, "d_0193a5c0-7e1b-7c3a-9d53-000000000001"]
)
def test_a_name_that_cannot_be_used_is_refused(client: TestClient, name: str) -> None:
    answer = upload(client, HOUSES, name=name)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "name"


def test_a_built_in_name_is_taken(client: TestClient) -> None:
    answer = upload(client, HOUSES, name="wine")
    assert answer.status_code == 409
    assert "comes with Backsweep" in answer.json()["detail"]


def test_an_unknown_target_or_parameter_is_refused(client: TestClient) -> None:
    answer = upload(client, HOUSES, target="prize")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "target"
    assert "did you mean 'price'" in answer.json()["errors"][0]["message"]
    assert upload(client, HOUSES, traget="price").status_code == 422


def test_a_body_over_the_cap_is_refused_by_its_length_or_while_it_comes(client: TestClient) -> None:
    body = b"a,b\n" + b"1,2\n" * (MOST_DATASET_BYTES // 4)
    assert upload(client, body).status_code == 413
    headers = {"Content-Type": "text/csv"}
    pieces = (body[start : start + 65536] for start in range(0, len(body), 65536))
    answer = client.post(f"{URL}?name=x", content=pieces, headers=headers)
    assert answer.status_code == 413
    assert client.get(f"{URL}/x").status_code == 404


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_only_tables_are_taken(client: TestClient, kind: str) -> None:
    answer = upload(client, HOUSES, kind=kind)
    assert answer.status_code == 415
    assert "application/vnd.apache.parquet" in answer.headers["accept-post"]


def test_nothing_of_an_upload_stays_on_the_disk(client: TestClient, settings: Any) -> None:
    upload(client, HOUSES)
    upload(client, b"\xff\xfe")
    assert list((settings.home / "uploads").iterdir()) == []


def test_what_is_said_in_nothing_is_not_said(client: TestClient) -> None:
    first = upload(client, HOUSES, target="", notes=" ")
    assert (first.status_code, first.json()["notes"]) == (201, None)
    assert upload(client, HOUSES, target=" ", licence="").status_code == 200


@pytest.mark.parametrize("key", ["%00", "a%2Fb", "%ff", "d_x", "x" * 201, "'; drop table datasets"])
def test_a_key_that_no_dataset_can_have_names_nothing(client: TestClient, key: str) -> None:
    for answer in (
        client.get(f"{URL}/{key}"),
        client.get(f"{URL}/{key}/preview"),
        client.delete(f"{URL}/{key}"),
    ):
        assert answer.status_code == 404


def test_a_key_may_keep_only_so_many_bytes(client: TestClient, app: FastAPI, database: Database) -> None:
    with database.write() as session:
        owner_id = building.owner(session, "a pupil")
        key = create_api_key(session, owner_id, name="theirs", limits={"stored_bytes": 400})
    pupil = TestClient(app, base_url=ADDRESS, headers={"Authorization": f"Bearer {key.text}"})
    assert upload(pupil, HOUSES).status_code == 201
    refused = upload(pupil, HOUSES.replace("300", "301"), name="another")
    assert refused.status_code == 403
    assert "400 bytes" in refused.json()["errors"][0]["allowed"]
    assert upload(pupil, HOUSES).status_code == 200
    assert pupil.delete(f"{URL}/mine").status_code == 204
    assert upload(pupil, HOUSES.replace("300", "301"), name="another").status_code == 201

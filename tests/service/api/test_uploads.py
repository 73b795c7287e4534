"""However many tables come at once, and whatever is in them, the service goes on answering."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.api import uploads
from service.api.uploads import Uploads
from service.errors import InvalidSubmission
from service.settings import Settings
from tests.service.api.conftest import ADDRESS, TOKEN

URL = "/api/v1/datasets"
CSV = {"Content-Type": "text/csv"}
Ask = Callable[[httpx.AsyncClient], Awaitable[Any]]


class HeldReader:
    """A reader that reads nothing until it is let go, and then refuses."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)

    def __call__(self, *_arguments: object, **_options: object) -> object:
        self.begun.release()
        assert self.go_on.wait(20)
        raise InvalidSubmission([])


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldReader]:
    reader = HeldReader()
    monkeypatch.setattr(uploads, "read_upload", reader)
    yield reader
    reader.go_on.set()


def ask(app: FastAPI, requests: Ask, readers: int = 1) -> Any:
    """Run requests in one event loop, as a server does; `readers` tables are read at once."""
    app.state.context = replace(app.state.context, uploads=Uploads(readers))

    async def run() -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
            return await requests(client)

    return asyncio.run(run())


def send(client: httpx.AsyncClient, name: str) -> asyncio.Task[httpx.Response]:
    body = client.post(URL, params={"name": name}, content=b"x,y\n1,2\n", headers=CSV)
    return asyncio.create_task(body)


async def begun(reader: HeldReader) -> None:
    assert await asyncio.to_thread(reader.begun.acquire, timeout=20)


def test_others_are_answered_while_a_table_is_read(app: FastAPI, held: HeldReader) -> None:
    async def requests(client: httpx.AsyncClient) -> None:
        upload = send(client, "a")
        await begun(held)
        assert (await client.get(URL)).status_code == 200
        assert (await client.get("/api/v1/workers")).status_code == 200
        assert not upload.done()
        held.go_on.set()
        assert (await upload).status_code == 422

    ask(app, requests)


def test_who_waits_too_long_for_a_reader_is_told_to_come_again(
    app: FastAPI, held: HeldReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LONGEST_WAIT", 0.05)

    async def requests(client: httpx.AsyncClient) -> None:
        first = send(client, "a")
        await begun(held)
        refused = await send(client, "b")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert "being read" in refused.json()["detail"]
        held.go_on.set()
        assert (await first).status_code == 422
        assert (await send(client, "b")).status_code == 422  # the reader is free again

    ask(app, requests)


def test_more_uploads_than_there_is_room_for_are_refused_before_a_byte_is_kept(
    app: FastAPI, held: HeldReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UPLOADS_FOR_A_READER", 2)

    async def requests(client: httpx.AsyncClient) -> None:
        first, second = send(client, "a"), send(client, "b")
        await begun(held)
        refused = await send(client, "c")
        assert refused.status_code == 503
        assert "try again" in refused.json()["detail"]
        held.go_on.set()
        assert [(await each).status_code for each in (first, second)] == [422, 422]
        assert (await send(client, "c")).status_code == 422

    ask(app, requests)


def test_two_uploads_of_one_name_at_once_are_one_dataset_or_a_conflict(app: FastAPI) -> None:
    async def requests(client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(*(send(client, "same") for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
        assert len({answer.json()["id"] for answer in answers}) == 1
        other = client.post(URL, params={"name": "same"}, content=b"x,y\n3,4\n", headers=CSV)
        assert (await other).status_code == 409

    ask(app, requests, readers=3)


def test_what_a_killed_process_left_is_cleared_away(client: TestClient, settings: Settings) -> None:
    old, new = (settings.home / "uploads" / name for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "body").write_bytes(b"x")
    hour_ago = time.time() - uploads.LEFTOVER_AGE - 1
    os.utime(old, (hour_ago, hour_ago))
    client.post(f"{URL}?name=x", content=b"", headers=CSV)
    assert not old.exists()
    assert new.exists()
    (new / "body").unlink()
    new.rmdir()


def test_a_full_disk_is_no_fault_of_the_table(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk(io.BytesIO):
        def write(self, _block: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: FullDisk())
    answer = client.post(f"{URL}?name=x", content=b"x\n1\n", headers=CSV)
    assert answer.status_code == 503
    assert "No space left on device" in answer.json()["detail"]


def written(frame: pl.DataFrame) -> bytes:
    body = io.BytesIO()
    frame.write_parquet(body)
    return body.getvalue()


PARQUET = written(pl.DataFrame({"x": range(100), "y": ["a", "b"] * 50}))
HOSTILE = {
    "nothing": (b"", "text/csv"),
    "nul bytes": (bytes(10_000), "text/csv"),
    "quotes": (b"x\n" + b'"' * 100_001, "text/csv"),
    "a header of 100,000 columns": (b",".join(b"c%d" % i for i in range(100_000)), "text/csv"),
    "one field": (b"x,y\n1," + b"9" * 500_000, "text/csv"),
    "compressed": (gzip.compress(b"x,y\n1,2\n"), "text/csv"),
    "a table of the other kind": (PARQUET, "text/csv"),
    "text where Parquet is said": (b"x,y\n1,2\n", "application/vnd.apache.parquet"),
    "cut off": (PARQUET[:-20], "application/vnd.apache.parquet"),
    "damaged pages": (PARQUET[:4] + os.urandom(150) + PARQUET[154:], "application/vnd.apache.parquet"),
    "only the magic": (b"PAR1PAR1", "application/vnd.apache.parquet"),
    "a footer longer than the file": (b"PAR1" + b"\xff\xff\xff\x7fPAR1", "application/vnd.apache.parquet"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_body_is_answered_with_what_is_wrong(client: TestClient, what: str) -> None:
    body, kind = HOSTILE[what]
    answer = client.post(f"{URL}?name=x", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["message"]
    assert client.get(f"{URL}/x").status_code == 404

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NoReturn

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient


class Broken:
    """A database that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self) -> NoReturn:
        raise self.error


def break_database(app: FastAPI, error: Exception) -> None:
    app.state.context = replace(app.state.context, database=Broken(error))


def test_an_unexpected_failure_is_answered_without_a_trace_and_logged_with_one(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    break_database(app, ZeroDivisionError("secret detail"))
    answer = client.get("/api/v1/sweeps", headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"]
    assert answer.json()["request_id"] == "find-me"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "find-me" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_a_database_that_does_not_answer_is_a_matter_of_time(app: FastAPI, client: TestClient) -> None:
    break_database(app, OperationalError("SELECT 1", {}, Exception("password of the database")))
    answer = client.get("/api/v1/sweeps")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "password" not in answer.text


def test_so_it_is_where_the_caller_is_found_out(app: FastAPI, stranger: TestClient) -> None:
    break_database(app, OperationalError("SELECT 1", {}, Exception()))
    answer = stranger.get("/api/v1/sweeps", headers={"Authorization": "Bearer bs_ab_cd"})
    assert answer.status_code == 503

"""What a line has in it, by the lines themselves; loggers are put back as they were."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import pytest

from service import logs
from tests.servers.waiting import eventually


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    known = {
        name: (logging.getLogger(name).handlers[:], logging.getLogger(name).propagate)
        for name in logs.FOLDED_IN
    }
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level
    for name, (before, propagate) in known.items():
        logging.getLogger(name).handlers[:] = before
        logging.getLogger(name).propagate = propagate


def documents(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_of_json_has_what_it_is_about_beside_its_message(written: io.StringIO) -> None:
    logs.configure("json", stream=written)
    log = logging.getLogger("worker.execution")
    with logs.about(population="p_1", sweep="s_1"):
        with logs.about(worker="w1"):
            log.info("claimed %d runs", 3)
        log.warning("done\nwith it")
    log.info("idle", extra={"fields": {"status": 200}})
    first, second, third = documents(written)
    assert first["message"] == "claimed 3 runs"
    assert (first["level"], first["logger"]) == ("info", "worker.execution")
    assert (first["population"], first["sweep"], first["worker"]) == ("p_1", "s_1", "w1")
    assert first["at"].endswith("Z")
    assert second["message"] == "done\nwith it"  # and still one line
    assert "worker" not in second
    assert "sweep" not in third
    assert third["status"] == 200


def test_a_failure_has_its_traceback_in_the_line(written: io.StringIO) -> None:
    logs.configure("json", stream=written)
    try:
        int("no number")
    except ValueError:
        logging.getLogger("x").exception("it failed")
    (line,) = documents(written)
    assert "ValueError: invalid literal" in line["traceback"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", logs.FOLDED_IN)
def test_what_others_log_comes_in_the_same_form_and_once(name: str, form: str, written: io.StringIO) -> None:
    logger = logging.getLogger(name)
    logger.setLevel(logging.NOTSET)  # a server that ran in this process may have made it quieter
    logger.disabled = False
    logger.addHandler(logging.StreamHandler(written))
    logs.configure(form, stream=written)
    logger.warning("hello")
    assert len(written.getvalue().splitlines()) == 1


def test_lines_for_people_say_what_they_are_about_at_their_end(written: io.StringIO) -> None:
    logs.configure("text", stream=written)
    with logs.about(request_id="abc"):
        logging.getLogger("x").info("answered")
    assert written.getvalue().rstrip().endswith("INFO    x: answered (request_id=abc)")


def test_work_that_is_handed_to_a_thread_keeps_what_it_is_about(written: io.StringIO) -> None:
    logs.configure("json", stream=written)
    with logs.about(request_id="abc"):
        context = copy_context()
    thread = threading.Thread(target=context.run, args=(logging.getLogger("x").info, "there"))
    thread.start()
    thread.join()
    assert documents(written)[0]["request_id"] == "abc"


class Counting(io.StringIO):
    """Counts its writes."""

    writes = 0

    def write(self, text: str) -> int:
        """Write, and count."""
        self.writes += 1
        return super().write(text)


def test_gathered_lines_are_written_together_and_soon(written: io.StringIO) -> None:
    stream = Counting()
    logs.configure("json", stream=stream, gathered=True)
    for number in range(100):
        with logs.about(request_id=str(number)):
            logging.getLogger("x").info("served")
    eventually(lambda: len(documents(stream)) == 100, "all lines are written")
    assert [line["request_id"] for line in documents(stream)] == [str(number) for number in range(100)]
    assert stream.writes < 20


def test_a_warning_does_not_wait_and_nothing_is_written_behind_it_that_came_before(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "GATHERED_SECONDS", 3600)
    logs.configure("json", stream=written, gathered=True)
    log = logging.getLogger("x")
    log.info("first")
    log.warning("second")
    assert [line["message"] for line in documents(written)] == ["first", "second"]
    log.info("third")
    logging.getLogger().handlers[0].flush()  # as at the end of a process
    assert documents(written)[-1]["message"] == "third"


def test_more_gathered_lines_than_anybody_waits_for_are_written_at_once(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "GATHERED_SECONDS", 3600)
    monkeypatch.setattr(logs, "MOST_GATHERED", 3)
    logs.configure("json", stream=written, gathered=True)
    for number in range(4):
        logging.getLogger("x").info(str(number))
    assert len(documents(written)) == 3

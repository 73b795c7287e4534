"""Ten thousand hostile texts are text where they are shown: not one becomes an element or an attribute."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote

from sqlalchemy import insert
from starlette.testclient import TestClient

from service.store.schema import Sweep
from tests.browser.hostile import hostile_texts, turning
from tests.service.api.building import new_id
from tests.service.dashboard.conftest import ADDRESS
from tests.service.dashboard.test_pages import Document, read

WANTED = 10_000
LONGEST = 200  # characters of a column's name
LISTED = 2_601  # in the list of sweeps; the others that turn the writing stand on the page of one sweep
COLUMNS = 350  # of a dataset, whose first rows hold all others
HARMFUL = {"img", "iframe", "sup", "br"}
TEXTS = hostile_texts(WANTED)
TURNING = [text for text in TEXTS if turning(text)]


def spaced(text: str) -> str:
    return " ".join(text.split())


def harmless(page: Document) -> None:
    """Nothing of the page was made by a text."""
    assert not {tag for tag, _ in page.elements if tag in HARMFUL or tag.startswith("svg/")}
    for tag, held in page.elements:
        assert not [name for name in held if name.startswith("on") or name == "srcdoc"]
        assert not str(held.get("href")).lower().startswith("javascript:")
        assert tag != "script" or str(held["src"]).startswith("/static/")


def unseen(page: Document, texts: list[str]) -> set[str]:
    return {spaced(text) for text in texts} - set(map(spaced, page.pieces))


def test_there_are_ten_thousand_different_ones() -> None:
    assert len(set(map(spaced, TEXTS))) == WANTED


def test_names_headlines_and_functions_are_text_in_the_list(client: TestClient, sweep: Sweep) -> None:
    texts = TURNING[:LISTED]
    context = client.app.state.context  # type: ignore[attr-defined]
    with context.database.write() as session:
        model = session.get_one(Sweep, sweep.id)
        kept = {column.key: getattr(model, column.key) for column in Sweep.__mapper__.column_attrs}
        del kept["id"]
        function = {"start": {"x": 0.5}, "tolerance": 1e-6}
        rows = [
            {
                **kept,
                "public_id": new_id("s"),
                "name": texts[at],
                "headline": texts[at + 1],
                "function": {**function, "expression": texts[at + 2]},
            }
            for at in range(0, LISTED, 3)
        ]
        session.execute(insert(Sweep), rows)
    left = set(map(spaced, texts))
    address: str | None = "/sweeps"
    while address:
        page = read(client, address)
        harmless(page)
        left &= unseen(page, texts)
        links = [link for link in page.links() if "cursor=" in link]
        address = links[0] if links else None
    assert left == set()


def test_notes_tags_and_remarks_are_text_on_a_page_of_a_sweep(client: TestClient, sweep: Sweep) -> None:
    texts = TURNING[LISTED:]
    notes, tags = texts[0], {texts[1]: texts[2]}
    submitted = json.dumps({"notes": notes, "tags": tags}, ensure_ascii=False)
    context = client.app.state.context  # type: ignore[attr-defined]
    with context.database.write() as session:
        model = session.get_one(Sweep, sweep.id)
        model.notes, model.tags, model.warnings, model.submitted = notes, tags, texts[3:], submitted
    page = read(client, f"/sweeps/{sweep.public_id}")
    harmless(page)
    assert unseen(page, [notes, *texts[3:], submitted]) == set()


def test_columns_and_cells_are_text_on_a_page_of_a_dataset(client: TestClient) -> None:
    texts = [text for text in TEXTS if not turning(text)]
    texts.sort(key=lambda text: len(text) > LONGEST)
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerows(texts[at : at + COLUMNS] for at in range(0, len(texts), COLUMNS))
    name = TEXTS[6].replace("/", "|")
    answer = client.post(
        f"/api/v1/datasets?name={quote(name)}",
        content=table.getvalue().encode(),
        headers={"Content-Type": "text/csv", "Origin": ADDRESS},
    )
    assert answer.status_code == 201, answer.text[:500]
    page = read(client, f"/datasets/{answer.json()['id']}")
    harmless(page)
    assert unseen(page, texts) == set()

"""The page of the system follows what happens without being loaded again."""

from __future__ import annotations

from playwright.sync_api import expect

from service.lifecycle.workers import register_worker
from tests.browser.site import Site
from tests.browser.visitor import Visitor


def test_a_new_worker_appears_by_itself(visitor: Visitor, site: Site) -> None:
    page = visitor.open("/system")
    expect(page.get_by_role("heading", name="Workers")).to_be_visible()
    site.database.run(
        lambda session: register_worker(session, name="w2", host="there", process_id=2, environment={})
    )
    alive = page.get_by_role("table", name="Workers that are alive")
    expect(alive).to_contain_text("w2")


def test_runs_are_counted_by_state(visitor: Visitor, finished: str) -> None:
    page = visitor.open("/system")
    row = page.get_by_role("row").filter(has_text="completed")
    assert int(row.get_by_role("cell").first.inner_text().replace(",", "")) > 0
    expect(page.locator(".tiles")).to_contain_text("SQLite")

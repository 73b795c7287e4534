"""A table is uploaded on the page of datasets, looked at, and deleted after a question."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor

TABLE = "width,kind\n" + "1.5,a\n2.5,b\n" * 20


def uploaded(visitor: Visitor, folder: Path, name: str) -> Page:
    """The page of a dataset that was uploaded under this name."""
    file = folder / f"{name}.csv"
    file.write_text(TABLE, encoding="utf-8")
    page = visitor.open("/datasets")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_label("Dataset name")).to_have_value(name)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/d_*")
    return page


def test_an_uploaded_table_is_shown_at_once(visitor: Visitor, tmp_path: Path) -> None:
    page = uploaded(visitor, tmp_path, "widths")
    expect(page.get_by_role("heading", level=1)).to_have_text("widths")
    expect(page.locator("section[aria-labelledby=columns-title]")).to_contain_text("target")
    page.get_by_role("link", name="New sweep with it").click()
    page.wait_for_url("**/new?dataset=widths")
    expect(page.locator("[data-part=dataset]")).to_contain_text("40 rows, 2 columns")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Datasets").click()
    expect(page.get_by_role("link", name="widths")).to_be_visible()


def test_a_dataset_is_deleted_after_a_question(visitor: Visitor, tmp_path: Path) -> None:
    page = uploaded(visitor, tmp_path, "unloved")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    page.wait_for_url("**/datasets")
    expect(page.get_by_role("link", name="iris")).to_be_visible()
    expect(page.get_by_role("link", name="unloved")).to_have_count(0)


def test_a_refused_deletion_says_why(visitor: Visitor, tmp_path: Path) -> None:
    page = uploaded(visitor, tmp_path, "kept")
    page.route("**/api/v1/datasets/d_*", lambda route: route.fulfill(status=409, json={"detail": "In use."}))
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("alert")).to_have_text("The server refused to delete the dataset: In use.")
    visitor.complaints.clear()  # the browser's own line about the 409

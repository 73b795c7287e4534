"""A sweep is put together with controls or as text, previewed while that happens, and submitted once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import HOSTILE, TOKEN, Site
from tests.browser.visitor import Visitor

TABLE = "width,colour,kind\n" + "1.5,red,a\n2.5,blue,b\n3.5,,a\n4.5,red,b\n" * 10


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The empty form, with its first preview there."""
    page = visitor.open("/new")
    expect(fact(page, "Runs")).to_have_text("130")
    return page


def fact(page: Page, name: str) -> Any:
    pair = page.locator("[data-part=facts] > div").filter(has=page.get_by_text(name, exact=True))
    return pair.locator("dd")


def sent(page: Page) -> Any:
    return json.loads(page.get_by_role("textbox", name="What is sent").input_value())


def row(page: Page, name: str) -> Any:
    return page.get_by_role("group", name=name, exact=True)


def test_the_preview_follows_what_is_chosen(page: Page) -> None:
    page.get_by_role("combobox", name="Dataset", exact=True).select_option("iris")
    expect(page.locator("[data-part=dataset]")).to_contain_text("150 rows, 5 columns")
    row(page, "learning rate").get_by_role("textbox", name="How many").fill("5")
    page.get_by_label("Seeds").fill("3, 14")
    expect(fact(page, "Runs")).to_have_text("10")
    expect(fact(page, "Parameters per network")).to_have_text("15 to 259")
    assert sent(page) == {
        "dataset": "iris",
        "seeds": [3, 14],
        "parameters": {
            "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 10, "count": 5},
            "hidden_layers": [32],
            "epochs": 30,
        },
    }
    expect(page.get_by_role("button", name="Submit 20 runs")).to_be_visible()


def test_several_targets_are_ticked(page: Page) -> None:
    dataset = page.get_by_role("combobox", name="Dataset", exact=True)
    dataset.select_option("iris")
    page.get_by_text("Several targets").click()
    boxes = page.get_by_role("group", name="Targets")
    expect(boxes.get_by_role("checkbox")).to_have_count(4)  # not the one with words
    for name in ("sepal_length_cm", "petal_width_cm"):
        boxes.get_by_role("checkbox", name=name).check()
    assert sent(page)["target"] == ["sepal_length_cm", "petal_width_cm"]
    target = page.get_by_role("combobox", name="Target")
    expect(target.locator("option:checked")).to_have_text("sepal_length_cm, petal_width_cm")
    expect(fact(page, "Parameters per network")).to_have_text("12 to 258")
    boxes.get_by_role("checkbox", name="sepal_length_cm").uncheck()
    assert sent(page)["target"] == ["petal_width_cm"]
    target.select_option("sepal_width_cm")
    expect(boxes.get_by_role("checkbox", checked=True)).to_have_count(0)
    assert sent(page)["target"] == "sepal_width_cm"


def test_a_mistake_is_told_at_its_control(page: Page, visitor: Visitor) -> None:
    low = row(page, "learning rate").get_by_role("textbox", name="From")
    low.fill("-1")
    expect(low).to_have_attribute("aria-invalid", "true")
    expect(row(page, "learning rate").locator(".fault")).to_contain_text("starts above 0")
    expect(page.locator("[data-part=problems]")).to_contain_text("parameters.learning_rate.min")
    low.fill("0.1")
    expect(fact(page, "Runs")).to_have_text("130")
    expect(page.locator(".fault:visible")).to_have_count(0)
    visitor.complaints.clear()  # the browser's own line about the 422


def test_the_text_can_be_edited_and_the_controls_follow(page: Page) -> None:
    text = page.get_by_role("textbox", name="What is sent")
    text.fill('{"dataset": "wine", "seeds": 2, "parameters": {"optimizer": {"values": ["sgd", "adam"]}}}')
    expect(row(page, "optimizer").get_by_role("textbox", name="Values")).to_have_value("sgd, adam")
    expect(page.get_by_label("Seeds")).to_have_value("2")
    expect(fact(page, "Runs")).to_have_text("4")
    text.fill('{"dataset": ')
    expect(page.locator("[data-part=unreadable]")).to_contain_text("This is not JSON")
    expect(page.get_by_label("Seeds")).to_have_value("2")  # what could be read last


def test_a_draft_is_in_the_address(page: Page) -> None:
    page.get_by_label("Seeds").fill("4")
    expect(fact(page, "Runs")).to_have_text("52")
    page.reload()
    expect(page.get_by_label("Seeds")).to_have_value("4")
    expect(fact(page, "Runs")).to_have_text("52")


def test_parameters_are_added_changed_and_removed(page: Page) -> None:
    page.get_by_label("Parameter to add").select_option("activation")
    page.get_by_role("button", name="Add parameter").click()
    row(page, "activation").get_by_label("How it varies").select_option("values")
    row(page, "activation").get_by_role("textbox", name="Values").fill("relu, tanh")
    expect(fact(page, "Runs")).to_have_text("260")
    page.get_by_role("button", name="Remove learning rate").click()
    expect(fact(page, "Runs")).to_have_text("20")
    assert sent(page)["parameters"] == {
        "hidden_layers": [32],
        "epochs": 30,
        "activation": {"values": ["relu", "tanh"]},
    }


def test_a_random_search_draws_from_distributions(page: Page) -> None:
    page.get_by_label("Random").check()
    page.get_by_label("Configurations to draw").fill("5")
    expect(fact(page, "Runs")).to_have_text("50")
    assert sent(page)["method"] == "random"
    assert sent(page)["run_cap"] == 5
    assert "count" not in sent(page)["parameters"]["learning_rate"]
    page.get_by_label("Grid").check()
    expect(fact(page, "Runs")).not_to_have_text("50")
    assert "run_cap" not in sent(page)


def test_a_range_test_has_a_range_of_rates(page: Page) -> None:
    page.get_by_label("Range test").check()
    expect(row(page, "learning rate").get_by_role("textbox", name="How many")).to_have_value("100")
    expect(row(page, "epochs")).to_have_count(0)
    expect(fact(page, "Runs")).to_have_text("10")


def test_a_function_stands_in_place_of_a_dataset(page: Page, site: Site) -> None:
    page.get_by_label("Function").check()
    page.get_by_label("Expression").fill("x**2 + y**2")
    page.get_by_label("Start").fill("x = 1, y = -0.5")
    row(page, "learning rate").get_by_role("textbox", name="How many").fill("3")
    expect(fact(page, "Runs")).to_have_text("3")
    assert sent(page)["function"] == {"expression": "x**2 + y**2", "start": {"x": 1, "y": -0.5}}
    page.get_by_role("button", name="Submit 3 runs").click()
    page.wait_for_url("**/sweeps/s_*")
    expect(page.get_by_text("x**2 + y**2", exact=True)).to_be_visible()
    site.train()


def test_a_sweep_is_submitted_once_and_shown(page: Page, visitor: Visitor, site: Site) -> None:
    page.get_by_role("combobox", name="Dataset", exact=True).select_option("iris")
    page.get_by_label("Name", exact=True).fill(HOSTILE)
    row(page, "learning rate").get_by_role("textbox", name="How many").fill("2")
    page.get_by_label("Seeds").fill("1")
    expect(fact(page, "Runs")).to_have_text("2")
    lost = []

    def lose(route: Any) -> None:
        lost.append(route.request.headers["idempotency-key"])
        if len(lost) > 1:
            route.continue_()
            return
        route.fetch()  # the server has it, and its answer is lost
        route.abort()

    page.route("**/api/v1/sweeps", lose)
    page.locator("[data-part=submit]").click()
    expect(page.locator("[data-part=refusal]")).to_contain_text("was not submitted")
    page.locator("[data-part=submit]").click()
    page.wait_for_url("**/sweeps/s_*")
    assert lost[0] == lost[1]
    visitor.complaints.clear()  # the browser's own line about the lost answer
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    site.train()


def test_a_sweep_is_submitted_again_changed(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/new?from={finished}")
    expect(fact(page, "Runs")).to_have_text("24")
    expect(page.get_by_label("Name", exact=True)).to_have_value(HOSTILE)
    assert page.locator("main img").count() == 0
    row(page, "learning rate").get_by_role("textbox", name="How many").fill("7")
    expect(fact(page, "Runs")).to_have_text("28")


def test_a_table_is_uploaded_with_the_file_picker(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "shapes.csv"
    file.write_text(TABLE, encoding="utf-8")
    page.get_by_text("Upload another table").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_label("Licence").fill("CC0")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("[data-part=dataset]")).to_contain_text("40 rows, 3 columns")
    expect(page.locator("[data-part=dataset] thead")).to_contain_text("text, 10 missing")
    page.get_by_label("Target", exact=True).select_option("width")
    expect(fact(page, "Runs")).to_have_text("130")
    assert sent(page)["dataset"] == "shapes"
    assert sent(page)["target"] == "width"


def test_a_table_is_dropped_on_the_page(page: Page) -> None:
    page.get_by_text("Upload another table").click()
    drop(page, "dropped.csv", TABLE.replace("1.5", "9.5"))
    expect(page.locator(".upload output")).to_contain_text("dropped.csv")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("[data-part=dataset]")).to_contain_text("40 rows, 3 columns")


def drop(page: Page, name: str, content: str) -> None:
    files = page.evaluate_handle(
        """([name, content]) => {
            const files = new DataTransfer();
            files.items.add(new File([content], name));
            return files;
        }""",
        [name, content],
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": files})


def test_what_is_wrong_with_a_table_is_said(visitor: Visitor) -> None:
    page = visitor.open("/new")
    page.get_by_text("Upload another table").click()
    drop(page, "broken.csv", "a,b\n1,2,3\n4,5\n")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".upload [role=alert] li")).to_contain_text("line 2")
    visitor.complaints.clear()  # the browser's own line about the 422


def test_without_javascript_the_page_says_what_to_do(site: Site, browser: Browser) -> None:
    context = browser.new_context(
        java_script_enabled=False, extra_http_headers={"Authorization": f"Bearer {TOKEN}"}
    )
    page = context.new_page()
    page.goto(f"{site.address}/new")
    expect(page.get_by_role("heading", name="This form needs JavaScript")).to_be_visible()
    expect(page.get_by_text("backsweep submit sweep.json")).to_be_visible()
    expect(page.get_by_role("button", name="Submit")).to_have_count(0)
    context.close()

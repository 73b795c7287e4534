"""The page of a run shows its network, what it says of rows, and whether it comes out again."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor
from worker import turns


@pytest.fixture(scope="module")
def digits(site: Site) -> str:
    """A completed run over the digits, with its final and its best weights."""
    parameters = {"learning_rate": 0.1, "hidden_layers": [16, 8], "epochs": 3}
    return run_of(site, dataset="digits", keep_weights="both", parameters=parameters)


def run_of(site: Site, **changes: Any) -> str:
    """The page of the only run of a sweep that is trained now."""
    sweep = site.submit(name="one run", seeds=1, baselines=False, **changes)
    site.train()
    return f"/sweeps/{sweep}"


def open_run(visitor: Visitor, sweep: str) -> Page:
    page = visitor.open(sweep)
    page.locator("#runs tbody a").first.click()
    page.wait_for_url("**/runs/r_*")
    return page


def part(page: Page, behaviour: str) -> Any:
    return page.locator(f"[data-behaviour={behaviour}]")


def test_the_weights_of_each_layer_are_drawn(visitor: Visitor, digits: str) -> None:
    page = open_run(visitor, digits)
    weights = part(page, "run-weights")
    expect(weights.locator("[data-part=size]")).to_have_text("64 inputs, 16 units")
    weights.locator("[data-chart=histogram][data-drawn]").wait_for()
    expect(weights.locator("[data-chart=heat] .cells path").first).to_be_attached()
    expect(weights.locator("[data-chart=histogram] .trace path")).to_have_count(1)
    weights.get_by_label("Output").check()
    expect(weights.locator("[data-part=size]")).to_have_text("8 inputs, 10 units")
    weights.get_by_label("Best epoch").check()
    page.reload()
    expect(weights.get_by_label("Best epoch")).to_be_checked()
    expect(weights.locator("[data-part=size]")).to_have_text("8 inputs, 10 units")


def test_each_layer_is_drawn_over_the_epochs(visitor: Visitor, digits: str) -> None:
    page = open_run(visitor, digits)
    layers = part(page, "run-layers")
    for name in ("gradient_norm", "weight_norm", "update_ratio"):
        chart = layers.locator(f"[data-chart={name}][data-drawn]")
        expect(chart.locator(".marks .trace")).to_have_count(3)
    expect(layers.locator(".keys li")).to_have_text(["Layer 1", "Layer 2", "Output"])


def test_the_layers_of_a_run_that_trains_appear(visitor: Visitor, site: Site) -> None:
    sweep = site.submit(
        name="waits", seeds=1, baselines=False, parameters={"learning_rate": 0.1, "epochs": 4}
    )
    page = open_run(visitor, f"/sweeps/{sweep}")
    layers = part(page, "run-layers")
    expect(layers).to_be_hidden()
    site.train()
    expect(layers.locator("[data-chart=weight_norm][data-drawn]")).to_be_visible()
    expect(layers.locator("thead th").first).to_have_text("At the last step of epoch 4")
    for number in layers.locator("tbody td").all():
        expect(number).to_have_text(re.compile(r"^\d"))


def test_layers_and_the_confusion_matrix_are_tables(visitor: Visitor, digits: str) -> None:
    page = open_run(visitor, digits)
    expect(page.get_by_role("region", name="Layers").locator("tbody tr")).to_have_count(3)
    confusion = page.locator(".confusion tbody")
    expect(confusion.locator("tr")).to_have_count(10)
    counts = confusion.locator("td:not(:last-child)").all_inner_texts()
    address = page.url.replace("/runs/", "/api/v1/runs/") + "/evaluation"
    evaluation = page.request.get(address)
    assert sum(int(text) for text in counts if text != "·") == evaluation.json()["test_rows"]


def test_a_row_is_answered_with_every_class(visitor: Visitor, digits: str) -> None:
    page = open_run(visitor, digits)
    predict = part(page, "run-predict")
    expect(predict.get_by_label("pixel_0_2")).not_to_have_value("")
    with page.expect_response("**/*:predict") as answered:
        predict.get_by_role("button", name="Predict").click()
    told = answered.value.json()["predictions"][0]
    expect(predict.locator("[data-part=answer] strong")).to_have_text(str(told["class"]))
    expect(predict.locator("[data-part=answer] li")).to_have_count(10)
    sent = json.loads(answered.value.request.post_data or "")
    assert len(sent["rows"][0]) == 64
    predict.get_by_label("pixel_0_2").fill("many")
    predict.get_by_role("button", name="Predict").click()
    expect(predict.locator("[role=alert]")).to_contain_text("pixel_0_2")
    visitor.complaints.clear()  # the browser's own line about the 422


def test_a_regression_has_its_values_against_the_true_ones(visitor: Visitor, site: Site) -> None:
    sweep = run_of(site, dataset="diabetes", parameters={"learning_rate": 0.05, "epochs": 4})
    page = open_run(visitor, sweep)
    truth = part(page, "run-truth")
    truth.locator("[data-drawn]").wait_for()
    expect(truth.locator("[data-part=size]")).to_have_text("66 test rows, in the units of progression")
    outlines = truth.locator(".trace path").evaluate_all("(all) => all.map((path) => path.getAttribute('d'))")
    assert sum(outline.count("h0") for outline in outlines) == 66  # each mark is a stroke without a length
    part(page, "run-predict").get_by_role("button", name="Predict").click()
    expect(part(page, "run-predict").locator("[data-part=answer] strong")).to_contain_text("progression:")


def test_a_run_is_verified_before_the_visitors_eyes(visitor: Visitor, site: Site, digits: str) -> None:
    page = open_run(visitor, digits)
    verify = part(page, "run-verify")
    verify.get_by_role("button", name="Verify").click()
    expect(verify).to_contain_text("It waits for a worker.")
    expect(verify.get_by_role("button", name="Verify")).to_be_disabled()
    turns.work(site.worker)
    verify.get_by_text("have equal bits").wait_for()
    expect(verify).to_have_attribute("data-standing", "matches")
    page.reload()
    expect(verify).to_contain_text("have equal bits")


def test_a_refused_verification_says_why(visitor: Visitor, digits: str) -> None:
    page = open_run(visitor, digits)
    page.route("**/*:verify", lambda route: route.fulfill(status=409, json={"detail": "It is not over."}))
    part(page, "run-verify").get_by_role("button", name="Verify").click()
    expect(part(page, "run-verify")).to_contain_text("refused to verify the run: It is not over.")
    visitor.complaints.clear()  # the browser's own line about the 409


def test_a_button_that_is_pressed_before_its_module_is_there_is_pressed_once(
    visitor: Visitor, digits: str
) -> None:
    page = open_run(visitor, digits)
    waiting: list[Route] = []
    asked: list[Request] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    def refuse(route: Route) -> None:
        asked.append(route.request)
        route.fulfill(status=409, json={"detail": "No."})

    page.route("**/run-verify.js", hold)
    page.route("**/*:verify", refuse)
    page.reload(wait_until="commit")
    button = part(page, "run-verify").get_by_role("button", name="Verify")
    button.click()
    button.click()
    assert not asked
    waiting[0].continue_()
    expect(part(page, "run-verify")).to_contain_text("refused to verify the run: No.")
    assert len(asked) == 1
    visitor.complaints.clear()  # the browser's own line about the 409


def test_all_formats_can_be_downloaded_of_a_network_and_no_onnx_of_a_function(
    visitor: Visitor, site: Site, digits: str
) -> None:
    page = open_run(visitor, digits)
    links = page.locator(".downloads a")
    expect(links).to_have_text(["safetensors", "npz", "onnx", "json"] * 2)
    with page.expect_download() as download:
        links.filter(has_text="onnx").last.click()
    assert download.value.suggested_filename.endswith("-best.onnx")
    function = run_of(
        site,
        dataset=None,
        function={"expression": "x**2", "start": {"x": 1}},
        parameters={"learning_rate": 0.1, "epochs": 5},
    )
    page = open_run(visitor, function)
    expect(page.locator(".downloads a")).to_have_text(["safetensors", "npz", "json"])
    expect(part(page, "run-weights")).to_have_count(0)
    expect(part(page, "run-predict")).to_have_count(0)


def test_who_saw_a_run_end_is_led_to_the_rest(visitor: Visitor, site: Site) -> None:
    sweep = site.submit(name="ends soon", seeds=1, baselines=False, parameters={"epochs": 2})
    page = open_run(visitor, f"/sweeps/{sweep}")
    expect(part(page, "run-predict")).to_have_count(0)
    site.train()
    page.get_by_role("link", name="Show its weights").click()
    expect(part(page, "run-predict")).to_have_count(1)


FIGURES: list[tuple[str, list[Any], Any]] = [
    (
        "reduced",
        [[[1, -5, 2], [0, 3, -4], [7, 0, 0]], 2],
        {"cells": [[-5, -4], [7, 0]], "down": 2, "across": 2},
    ),
    ("reduced", [[[1, 2]], 96], {"cells": [[1, 2]], "down": 1, "across": 1}),
    ("binned", [[0, 1, 1, 5]], {"start": 0, "width": 1, "counts": [1, 2, 0, 0, 1]}),
    ("binned", [[3, 3]], {"start": 3, "width": 1, "counts": [2, 0, 0, 0, 0]}),
]


@pytest.mark.parametrize(("name", "given", "expected"), FIGURES)
def test_large_layers_are_reduced_without_losing_their_largest_weights(
    visitor: Visitor, name: str, given: list[Any], expected: Any
) -> None:
    main = visitor.open("/sweeps").locator("script[type=module]").get_attribute("src")
    assert main is not None
    script = "async ([path, name, given]) => (await import(path))[name](...given)"
    found = visitor.page.evaluate(script, [main.replace("main.js", "lib/weight-figures.js"), name, given])
    assert found == expected

"""The page of a sweep answers, follows its sweep, and can stop it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.site import HOSTILE, Site
from tests.browser.visitor import Visitor


def test_a_hostile_name_is_text_everywhere(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.title() == f"{HOSTILE} – Backsweep"
    assert page.locator("main img").count() == 0


def test_the_answer_stands_on_top_and_the_marks_are_named(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    assert "is best at 6 epochs" in page.locator(".headline strong").inner_text()
    keys = page.get_by_label("Marks in the chart").inner_text()
    assert {"mean over seeds", "95 % interval", "one run", "diverged", "best"} <= set(keys.splitlines())
    assert page.locator("[data-behaviour=response-chart] .xtitle").text_content() == "learning rate"


def test_a_queued_sweep_becomes_complete_before_the_visitors_eyes(visitor: Visitor, site: Site) -> None:
    sweep = site.submit(name="seen live", seeds=3)
    page = visitor.open(f"/sweeps/{sweep}")
    expect(page.locator(".page-head .badge")).to_have_text("queued")
    expect(page.locator(".headline strong")).to_contain_text("No answer yet")
    page.evaluate("window.untouched = true")
    site.train()
    expect(page.locator(".page-head .badge")).to_have_text("completed")
    expect(page.locator(".headline strong")).to_contain_text("is best at 6 epochs")
    expect(page.get_by_role("button", name="Cancel sweep")).to_be_hidden()
    visitor.sees_charts(2)
    assert page.evaluate("window.untouched")  # nothing was reloaded


def test_cancel_asks_first_and_then_stops_the_sweep(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/sweeps/{site.submit(name='to be canceled')}")
    page.get_by_role("button", name="Cancel sweep").click()
    page.get_by_role("button", name="Keep it running").click()
    expect(page.locator(".page-head .badge")).to_have_text("queued")
    page.get_by_role("button", name="Cancel sweep").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel sweep").click()
    expect(page.locator(".page-head .badge")).to_have_text("canceled")


def test_a_sweep_is_paused_and_goes_on_at_the_press_of_a_button(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/sweeps/{site.submit(name='to be paused', seeds=3)}")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".page-head .badge")).to_have_text("paused")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Retry")).to_be_hidden()
    site.train()
    page.reload()
    expect(page.locator(".page-head .badge")).to_have_text("paused")  # nobody could claim anything
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".page-head .badge")).to_have_text("queued")
    site.train()
    expect(page.locator(".page-head .badge")).to_have_text("completed")
    for name in ("Pause", "Resume", "Cancel sweep"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()


def test_a_canceled_sweep_is_taken_up_again(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/sweeps/{site.submit(name='to be retried', seeds=3)}")
    page.get_by_role("button", name="Cancel sweep").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel sweep").click()
    expect(page.locator(".page-head .badge")).to_have_text("canceled")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".page-head .badge")).to_have_text("queued")
    site.train()
    expect(page.locator(".page-head .badge")).to_have_text("completed")
    expect(page.get_by_role("button", name="Retry")).to_be_hidden()
    expect(page.locator(".headline strong")).to_contain_text("is best at 6 epochs")


def test_a_refusal_is_said_on_the_page(visitor: Visitor, site: Site) -> None:
    page = visitor.open(f"/sweeps/{site.submit(name='to be refused', seeds=3)}")
    page.route("**/*:pause", lambda route: route.fulfill(status=409, json={"detail": "It is over."}))
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("section > [role=alert]")).to_have_text(
        "The server refused to pause the sweep: It is over."
    )
    visitor.complaints.clear()  # the browser's own line about the 409
    site.train()


def test_runs_are_sorted_by_the_server_from_the_headings(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    losses = page.locator("#runs tbody td:nth-last-child(2)")
    page.locator("#runs").get_by_role("link", name="validation loss").click()
    expect(page.locator("#runs th[aria-sort=ascending]")).to_have_text("validation loss")
    expect(losses.first).not_to_have_text("")
    shown = [float(text.replace("−", "-")) for text in losses.all_inner_texts()[:10]]
    assert shown == sorted(shown)


def test_a_setting_can_be_hidden_from_its_curves_with_the_keyboard(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    curves = page.locator("[data-behaviour=curves-chart]")
    button = curves.locator(".legend button").first
    before = curves.locator(".marks .trace").count()
    button.focus()
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(curves.locator(".marks .trace")).not_to_have_count(before)


def test_the_scale_that_was_chosen_is_in_the_address(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    page.locator("[data-behaviour=response-chart]").get_by_label("Linear").check()
    page.wait_for_function("location.search === '?response=linear'")
    page.reload()
    expect(page.locator("[data-behaviour=response-chart]").get_by_label("Linear")).to_be_checked()


def test_going_back_brings_the_charts_choices_back(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    scales = page.locator("[data-behaviour=response-chart]")
    scales.get_by_label("Linear").check()
    page.get_by_role("combobox", name="Filter").fill("seed = 1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("seed"))
    scales.get_by_label("Log").check()
    page.wait_for_function("!location.search.includes('linear')")
    page.go_back()
    expect(scales.get_by_label("Linear")).to_be_checked()
    page.go_forward()
    expect(scales.get_by_label("Log")).to_be_checked()


def test_a_sweep_at_work_is_followed_by_its_stream_of_events(visitor: Visitor, site: Site) -> None:
    sweep = site.submit()
    with visitor.page.expect_request(lambda request: "/events?after=" in request.url) as asked:
        page = visitor.open(f"/sweeps/{sweep}")
    answer = asked.value.response()
    assert answer is not None
    assert answer.headers["content-type"].startswith("text/event-stream")
    site.train()
    expect(page.locator(".page-head .badge")).to_have_text("completed")


def test_runs_are_filtered_and_ordered_in_place(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    page.evaluate("window.untouched = true")
    page.get_by_role("combobox", name="Filter").fill("state = 'diverged' and seed = 1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("diverged"))
    expect(page.locator("#runs tbody .badge").first).to_have_text("diverged")
    assert set(page.locator("#runs tbody .badge").all_inner_texts()) == {"diverged"}
    page.get_by_role("combobox", name="Filter").fill("")
    page.keyboard.press("Enter")
    expect(page.locator("#runs tbody .badge").first).to_have_text("completed")
    assert "filter" not in page.url
    page.go_back()
    expect(page.locator("#runs tbody .badge").first).to_have_text("diverged")
    assert page.evaluate("window.untouched")  # the charts above were not drawn again


def test_a_sweep_whose_optimum_may_lie_outside_is_extended(visitor: Visitor, site: Site) -> None:
    rates = {"values": [0.0001, 0.001, 0.01]}
    parameters = {"learning_rate": rates, "hidden_layers": {"value": [8]}, "epochs": 6}
    sweep = site.submit(name="cut off above", seeds=3, parameters=parameters)
    site.train()
    page = visitor.open(f"/sweeps/{sweep}")
    values = page.get_by_label("The optimum may lie outside the grid")
    expect(values).to_have_value("0.1, 1")
    values.fill("much")
    page.get_by_role("button", name="Extend the sweep").click()
    expect(page.locator(".extend [role=alert]")).to_have_text("Write numbers, separated by commas.")
    values.fill("0.1, 1")
    page.get_by_role("button", name="Extend the sweep").click()
    expect(page.locator(".page-head .badge").first).to_have_text("running")  # a part of it has ended
    site.train()
    expect(page.locator(".page-head .badge").first).to_have_text("completed")
    assert "5 rates" in page.locator(".headline").inner_text()


def test_runs_and_losses_can_be_taken_away_as_files(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Losses as CSV").click()
    assert download.value.suggested_filename.endswith(".csv")


def test_every_module_is_named_before_it_is_imported(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    late = page.evaluate(
        """() => {
          const named = [...document.head.querySelectorAll("[rel=modulepreload], script[src]")];
          const known = new Set(named.map((one) => one.href || one.src));
          const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
          return loaded.filter((name) => name.endsWith(".js") && !known.has(name));
        }"""
    )
    assert late == []

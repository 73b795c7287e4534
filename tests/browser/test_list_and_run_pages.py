"""The list of sweeps moves without losing its visitor; the page of a run shows what is not a number."""

from __future__ import annotations

import re

from playwright.sync_api import APIResponse, Route, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.servers.waiting import PATIENCE


def test_the_list_follows_a_sweep_and_keeps_the_focus(visitor: Visitor, site: Site) -> None:
    sweep = site.submit(name="in the list", seeds=2)
    page = visitor.open("/sweeps")
    row = page.locator(f"tr[data-id='{sweep}']")
    expect(row.locator(".state > .badge")).to_have_text("queued")
    row.get_by_role("link").focus()
    site.train()
    expect(row.locator(".state > .badge")).to_have_text("completed")
    expect(row.get_by_role("link")).to_be_focused()


def test_a_sweep_that_trains_shows_what_is_best_so_far(visitor: Visitor, site: Site) -> None:
    site.train()  # what other tests have left queued
    sweep = site.submit(name="halfway", seeds=1)
    page = visitor.open("/sweeps")
    row = page.locator(f"tr[data-id='{sweep}']")
    expect(row.locator(".answer")).not_to_contain_text("so far")
    site.train(1)  # of two populations
    expect(row.locator(".answer")).to_contain_text(
        re.compile(r"learning rate \S+ validation loss \S+ so far, in run \d")
    )
    site.train()
    expect(row.locator(".answer")).not_to_contain_text("so far")
    expect(row.locator(".state > .badge")).to_have_text("completed")


def test_what_happens_while_the_list_is_on_its_way_is_not_lost(visitor: Visitor, site: Site) -> None:
    site.train()
    sweep = site.submit(name="overtaken", seeds=1)
    held: list[tuple[Route, APIResponse]] = []
    visitor.page.route("**/api/v1/sweeps?*", lambda route: held.append((route, route.fetch())), times=1)
    page = visitor.open("/sweeps")
    page.evaluate(
        "() => { const told = new EventSource('/api/v1/events');"
        " told.addEventListener('place', () => { window.told = 'nothing'; });"
        " told.addEventListener('message', ({ data }) => { window.told = JSON.parse(data).state; }); }"
    )
    page.wait_for_function("() => window.told === 'nothing'")
    for _ in range(round(PATIENCE / 0.02)):
        if not held:
            page.wait_for_timeout(20)
    site.train()
    page.wait_for_function("() => window.told === 'completed'")
    [(route, before)] = held
    assert {item["id"]: item["state"] for item in before.json()["items"]}[sweep] == "queued"
    route.fulfill(response=before)
    expect(page.locator(f"tr[data-id='{sweep}'] .state > .badge")).to_have_text("completed")


def test_the_list_offers_a_new_sweep_once(visitor: Visitor) -> None:
    page = visitor.open("/sweeps")
    expect(page.get_by_role("link", name="New sweep")).to_have_count(1)
    expect(visitor.open("/runs").get_by_role("link", name="New sweep")).to_have_count(1)


def test_tags_lead_to_the_sweeps_that_have_them(visitor: Visitor, site: Site) -> None:
    odd = {"course": "ml-101", "a `b`": "c", 'who\'s "x"': "both 'kinds' \"here\"", "two words": "<b>&"}
    sweep = site.submit(name="tagged", seeds=1, tags=odd)
    tags = visitor.open(f"/sweeps/{sweep}").get_by_role("list", name="Tags")
    expect(tags.get_by_role("listitem")).to_have_text([f"{name} = {text}" for name, text in odd.items()])
    expect(tags.get_by_role("link")).to_have_count(2)  # no quotes can hold the others
    for place in range(2):
        page = visitor.open(f"/sweeps/{sweep}")
        page.get_by_role("list", name="Tags").get_by_role("link").nth(place).click()
        page.wait_for_url("**/sweeps?filter=*")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody tr")).to_have_attribute("data-id", sweep)
    site.train()


def test_a_new_sweep_appears_above_the_others(visitor: Visitor, site: Site) -> None:
    waiting = site.submit(name="keeps the list awake", seeds=1)
    page = visitor.open("/sweeps")
    newer = site.submit(name="came later", seeds=1)
    expect(page.locator("tbody tr").first).to_have_attribute("data-id", newer)
    expect(page.locator("tbody tr").nth(1)).to_have_attribute("data-id", waiting)
    site.train()


def test_a_diverged_run_says_what_happened(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}?order_by=-number")
    page.locator("#runs tbody tr", has_text="diverged").first.get_by_role("link").click()
    page.wait_for_url("**/runs/r_*")
    visitor.sees_charts(1)
    assert page.locator(".notice.bad:visible").inner_text()
    assert page.locator(".downloads a").count() == 0 or page.locator(".downloads a").count() == 4


def test_weights_can_be_downloaded_from_a_run(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    page.locator("#runs tbody a").first.click()
    page.wait_for_url("**/runs/r_*")
    with page.expect_download() as download:
        page.get_by_role("link", name="safetensors").click()
    assert download.value.suggested_filename.endswith(".safetensors")


def test_the_theme_is_turned_and_remembered(visitor: Visitor) -> None:
    page = visitor.open("/sweeps")
    page.get_by_role("button", name="Use the dark theme").click()
    page.reload()
    expect(page.get_by_role("button", name="Use the light theme")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("localStorage.clear()")


def test_the_list_is_searched_and_stays_so_while_it_is_followed(visitor: Visitor, site: Site) -> None:
    wanted = site.submit(name="needle in the stack", seeds=1)
    page = visitor.open("/sweeps")
    page.get_by_role("combobox", name="Name, or filter").fill("needle")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sweeps?filter=needle")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    site.submit(name="hay", seeds=1)
    site.train()
    expect(page.locator(f"tr[data-id='{wanted}'] .state > .badge")).to_have_text("completed")
    expect(rows).to_have_count(1)


def test_an_answer_comes_by_itself_and_disturbs_nothing(visitor: Visitor, site: Site) -> None:
    for number in range(12):
        site.submit(name=f"below {number}", seeds=1)
    sweep = site.submit(name="gets an answer", seeds=3)
    visitor.page.set_viewport_size({"width": 1280, "height": 500})
    page = visitor.open("/sweeps")
    row = page.locator(f"tr[data-id='{sweep}']")
    expect(row.get_by_role("img")).to_have_count(0)
    field = page.get_by_role("combobox", name="Name, or filter")
    field.fill("half a wo")
    page.evaluate("scrollTo(0, 150)")
    site.train()
    expect(row.get_by_role("img")).to_have_accessible_name(
        re.compile("^Mean validation loss, epochs 1 to 6: ")
    )
    expect(row.locator(".answer")).to_contain_text(re.compile(r"learning rate \S+ validation loss \d"))
    expect(field).to_be_focused()
    assert field.input_value() == "half a wo"
    assert page.evaluate("scrollY") == 150


def test_the_list_follows_one_stream_and_asks_again_only_for_news(visitor: Visitor, site: Site) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    with visitor.page.expect_response("**/api/v1/sweeps?*"):
        page = visitor.open("/sweeps")
    assert [url for url in asked if "/api/v1/events" in url] == [f"{site.address}/api/v1/events"]
    with page.expect_response("**/api/v1/sweeps?*"):
        sweep = site.submit(name="is news", seeds=1)
    expect(page.locator(f"tr[data-id='{sweep}']")).to_be_visible()
    assert len([url for url in asked if "/api/v1/events" in url]) == 1
    site.train()


def test_a_list_without_a_stream_is_asked_for_now_and_then(visitor: Visitor, site: Site) -> None:
    visitor.page.add_init_script("delete window.EventSource")
    page = visitor.open("/sweeps")
    sweep = site.submit(name="seen without a stream", seeds=1)
    expect(page.locator(f"tr[data-id='{sweep}']")).to_be_visible()
    site.train()

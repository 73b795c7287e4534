"""A sweep draws itself in a notebook: complete, without scripts, and whatever its name is."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from backsweep_client import Client, Sweep
from backsweep_client.problems import Unreachable
from tests.client.sweeps import WINE

EMPTY = {"area", "br", "col", "hr", "img", "input", "link", "meta"}


class Tags(HTMLParser):
    """The tags of a text, which fails where they are not closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes += [name for name, _value in attrs]
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes += [name for name, _value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_a_completed_sweep_draws_its_headline_picture_and_table(wine: Sweep) -> None:
    bundle = wine._repr_mimebundle_()
    assert bundle["text/plain"] == repr(wine)
    html = bundle["text/html"]
    assert wine._repr_html_() == html
    tags = Tags(html)
    assert tags.found.count("tr") == 1 + 6  # a heading and the settings
    assert {"svg", "table", "progress"} <= set(tags.found)
    assert "100% of 24 runs: 24 completed" in html
    assert "●" in html


def test_a_hostile_name_stays_text_and_nothing_runs(wine: Sweep) -> None:
    html = wine._repr_html_()
    assert "wine &amp; &lt;how&gt; wide" in html
    tags = Tags(html)
    assert not {"script", "how", "iframe", "style"} & set(tags.found)
    assert not [name for name in tags.attributes if name.startswith("on")]


def test_one_that_has_only_begun_draws_how_far_it_is(client: Client) -> None:
    sweep = client.submit(WINE | {"name": "begun", "parameters": {"epochs": 100_000}})
    try:
        html = sweep.pause()._repr_html_()
        Tags(html)
        assert "begun" in html
        assert 'max="1"' in html
    finally:
        sweep.cancel()


def test_a_service_that_is_gone_hides_no_sweep(wine: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_given: object) -> object:
        raise Unreachable("nobody answers at <there>")

    monkeypatch.setattr(Sweep, "summary", gone)
    html = wine._repr_html_()
    Tags(html)
    assert "nobody answers at &lt;there&gt;" in html
    assert "24 completed" in html


def test_a_summary_draws_itself_too(wine: Sweep) -> None:
    html = wine.summary(group_by="learning_rate")._repr_html_()
    assert Tags(html).found.count("tr") == 1 + 3

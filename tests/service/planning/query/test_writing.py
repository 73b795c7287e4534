from __future__ import annotations

import pytest

from service.planning.query.writing import quoted, tag_condition


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("course", "ml-101", "tags.course = 'ml-101'"),
        ("two words", "it's", 'tags.`two words` = "it\'s"'),
        ("a`b", "c", None),
        ("a", "'\"", None),
    ],
)
def test_a_tag_is_written_as_the_filter_that_finds_it(name: str, text: str, written: str | None) -> None:
    assert tag_condition(name, text) == written


def test_quotes_that_were_begun_are_kept_if_they_can_be() -> None:
    assert quoted("a", '"') == '"a"'
    assert quoted('a"', '"') == "'a\"'"

"""What charts work out before anything is drawn: ticks, planes, outlines, and what a pointer means."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_pure_modules import answers
from tests.browser.visitor import Visitor

LINEAR: list[tuple[dict[str, Any], list[float], int, list[str]]] = [
    ({}, [0, 1], 6, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ({"tickformat": ""}, [0, 3.1], 12, ["0", "1", "2", "3"]),
    ({"tickformat": ".0%"}, [0.951, 0.972], 5, ["95.5%", "96.0%", "96.5%", "97.0%"]),
    ({}, [-15000, 10000], 5, ["−15,000", "−10,000", "−5,000", "0", "5,000", "10,000"]),
    ({"tickformat": ".2~e"}, [0, 3e7], 3, ["0", "1e7", "2e7", "3e7"]),
    ({"tickvals": [0, 1, 2], "ticktext": ["a", "b", "c"]}, [0.5, 2.5], 9, ["b", "c"]),
    ({"nticks": 3}, [0, 100], 9, ["0", "50", "100"]),
]
LOGARITHMIC = [
    ([-3, 0.5], 9, ["0.001", "0.01", "0.1", "1"]),
    ([-1, 0], 9, ["0.1", "0.2", "0.5", "1"]),
    ([-0.3, 0.1], 6, ["0.6", "0.7", "0.8", "0.9", "1", "1.1", "1.2"]),
    ([-12, 3], 9, ["1e−12", "1e−9", "1e−6", "0.001", "1", "1,000"]),
    ([-9, 0], 2, ["1e−5", "1"]),
]


def plane(visitor: Visitor, layout: dict[str, Any], data: list[dict[str, Any]], view: Any = None) -> Any:
    """The plane of a figure, 500 x 300 pixels, whose letters are 6 pixels wide, and where some values lie."""
    main = visitor.open("/login").locator("script[type=module]").get_attribute("src")
    assert main is not None
    script = """async ([path, figure, view]) => {
        const { planeOf } = await import(path);
        const measure = (text) => 6 * text.length;
        const { box, x, y, slant } = planeOf(figure, { width: 500, height: 300, view, measure });
        const ends = (axis) => axis.range.map((place) => axis.at(place));
        return {
            box, slant, x: ends(x), y: ends(y), ranges: [x.range, y.range],
            words: x.ticks.map(({ text }) => text), one: [x.pixel(1), y.pixel(1)],
            nothing: [y.pixel(null), y.pixel(-1)].map(Number.isNaN), back: x.place(x.at(0.5)),
        };
    }"""
    figure = {"data": data, "layout": {"margin": {"l": 56, "r": 20, "t": 12, "b": 48}, **layout}}
    return visitor.page.evaluate(script, [main.replace("main.js", "lib/plane.js"), figure, view or {}])


def test_ticks_of_equal_steps_are_few_and_round(visitor: Visitor) -> None:
    calls = [[options, {"range": ends, "log": False, "most": most}] for options, ends, most, _ in LINEAR]
    found = answers(visitor, "ticks", "ticksOf", calls)
    assert [[tick["text"] for tick in ticks] for ticks in found] == [texts for *_, texts in LINEAR]


def test_ticks_of_a_logarithmic_axis_fall_on_round_numbers(visitor: Visitor) -> None:
    calls: list[list[Any]] = [
        [{}, {"range": ends, "log": True, "most": most}] for ends, most, _ in LOGARITHMIC
    ]
    found = answers(visitor, "ticks", "ticksOf", calls)
    assert [[tick["text"] for tick in ticks] for ticks in found] == [texts for *_, texts in LOGARITHMIC]
    assert [tick["at"] for tick in found[1]] == pytest.approx([-1, -0.69897, -0.30103, 0], abs=1e-5)


def test_axes_fill_the_frame_and_lead_back(visitor: Visitor) -> None:
    axes = {"xaxis": {"range": [0, 2]}, "yaxis": {"type": "log", "range": [-1, 1]}}
    found = plane(visitor, axes, [])
    box = found["box"]
    assert found["x"] == [box["left"], box["left"] + box["width"]]
    assert found["y"] == [box["top"] + box["height"], box["top"]]
    assert found["one"] == [box["left"] + box["width"] / 2, box["top"] + box["height"] / 2]
    assert found["nothing"] == [True, True]  # what is missing, and what has no logarithm
    assert found["back"] == pytest.approx(0.5)


def test_an_axis_without_a_range_reaches_its_values_with_room(visitor: Visitor) -> None:
    trace = {"type": "scatter", "x": [0, 10], "y": [5, None]}
    found = plane(visitor, {"xaxis": {}, "yaxis": {"rangemode": "tozero"}}, [trace])
    assert found["ranges"] == [pytest.approx([-0.4, 10.4]), pytest.approx([0, 5.2])]


def test_a_zoom_takes_the_place_of_a_range(visitor: Visitor) -> None:
    axes = {"xaxis": {"range": [0, 2]}, "yaxis": {"range": [0, 1]}}
    found = plane(visitor, axes, [], {"x": [0.5, 1]})
    assert found["ranges"] == [[0.5, 1], [0, 1]]


def test_words_without_room_are_slanted_and_make_room_below(visitor: Visitor) -> None:
    names = ["a rather long name" for _ in range(8)]
    axes = {
        "xaxis": {"range": [-0.5, 7.5], "tickvals": list(range(8)), "ticktext": names},
        "yaxis": {"range": [0, 1]},
    }
    found = plane(visitor, axes, [])
    assert found["slant"]
    assert len(found["words"]) == 8
    assert found["box"]["top"] + found["box"]["height"] < 300 - 48


def test_a_line_is_broken_where_a_value_is_missing(visitor: Visitor) -> None:
    nan = float("nan")
    calls: list[list[Any]] = [[[0, 1, 2, 3], [5, nan, 6.26, 7]], [[], []]]
    assert answers(visitor, "outlines", "lineOutline", calls) == ["M0 5M2 6.3L3 7", ""]


def test_marks_of_one_look_are_few_strokes(visitor: Visitor) -> None:
    marker = {"color": ["red", "blue", "red"], "size": 5, "line": {"width": 0}}
    shining = {"color": "red", "size": 5, "opacity": 0.5}
    many = [float(place) for place in range(600)]
    found = answers(
        visitor,
        "strokes",
        "strokesOf",
        [[{"marker": marker}, [1, 2, 3], [4, 5, 6]], [{"marker": shining}, many, many]],
    )
    assert [one["d"] for one in found[0]] == ["M1 4h0M3 6h0", "M2 5h0"]
    assert [one["stroke"] for one in found[0]] == ["red", "blue"]
    assert len(found[1]) == 6  # overlaps of marks that shine through add up, to some degree
    assert sum(one["d"].count("M") for one in found[1]) == 600


def test_the_nearest_mark_is_meant_and_before_an_area_only_when_close(visitor: Visitor) -> None:
    marks = {"x": [10, 20], "y": [10, 10]}
    area = {"x": [25], "y": [25], "boxes": [[0, 0, 50, 50]]}
    calls: list[list[Any]] = [
        [[marks], 16, 10],
        [[marks], 60, 60],
        [[area, marks], 21, 12],
        [[area, marks], 20, 25],
    ]
    found = answers(visitor, "nearest", "nearest", calls)
    assert [one and (one["index"], "boxes" in one["target"]) for one in found] == [
        (1, False),
        None,
        (1, False),
        (0, True),
    ]


def test_shades_go_from_end_to_end(visitor: Visitor) -> None:
    main = visitor.open("/login").locator("script[type=module]").get_attribute("src")
    assert main is not None
    script = """async (path) => {
        const { shader, isLight } = await import(path);
        const scale = { colorscale: [[0, "#000000"], [1, "rgb(200, 100, 0)"]], zmin: 0, zmax: 10 };
        const back = shader({ ...scale, reversescale: true });
        return [[-5, 0, 5, 10].map(shader(scale)), back(10), isLight("#ffffff"), isLight("#000000")];
    }"""
    found = visitor.page.evaluate(script, main.replace("main.js", "lib/shades.js"))
    assert found == [
        ["rgb(0 0 0)", "rgb(0 0 0)", "rgb(100 50 0)", "rgb(200 100 0)"],
        "rgb(0 0 0)",
        True,
        False,
    ]

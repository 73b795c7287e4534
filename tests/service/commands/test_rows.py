from __future__ import annotations

from pathlib import Path

import pytest

from service.commands.rows import kinds, read_rows


def test_a_cell_is_what_its_column_is_made_of(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "\ufeffzone, area,open,left\n"
        "01,2.5,TRUE,1\n\n"
        ",,false,\n"
        '"x, y",NaN,,\n'
        "NA,1e3,yes,\n"
        "true,1e999,?,\n"
        "1,1_000,false,\n",
        encoding="utf-8",
    )
    of = kinds(
        {
            "features": [
                {"column": "zone", "categories": ["01", "x, y"]},
                {"column": "area", "kind": "number"},
                {"column": "open", "kind": "boolean"},
            ]
        }
    )
    assert [tuple(row.values())[:3] for row in read_rows(path, of)] == [
        ("01", 2.5, True),
        ("", None, False),
        ("x, y", None, None),
        (None, 1000.0, "yes"),
        ("true", "1e999", None),
        ("1", "1_000", False),
    ]
    assert read_rows(path, {})[0] == {"zone": "01", "area": "2.5", "open": "TRUE", "left": "1"}


@pytest.mark.parametrize("row", ["1,2,3", "1"])
def test_a_row_that_does_not_fit_the_header_is_refused_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"a,b\n1,2\n{row}\n")
    with pytest.raises(ValueError, match=r"line 3 has . cells, and the header has 2"):
        read_rows(path, {"a": "number"})

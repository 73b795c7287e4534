"""Files are served under addresses that change with them, and nothing else is served."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.dashboard import assets

MODULES = sorted((assets.STATIC / "js").rglob("*.js"))
SHEETS = sorted((assets.STATIC / "css").glob("*.css"))
TOUCHES_A_PAGE = re.compile(r"\b(document|window|location|localStorage|navigator)\b(?!\w)")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


@pytest.mark.parametrize("path", ["css/base.css", "js/main.js", "icon.svg"])
def test_our_own_files_are_kept_for_good_under_their_version(client: TestClient, path: str) -> None:
    response = client.get(assets.url(path))
    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]
    # After an upgrade an open page may still ask for the old version: it is answered, and not kept.
    assert client.get(f"/static/000000000000/{path}").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["../assets.py", "..%2fassets.py", "js/../../assets.py", "%2e%2e/assets.py", "js", "", "/etc/passwd"],
)
def test_only_listed_files_are_served(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{assets.version()}/{path}").status_code == 404


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(assets.STATIC).as_posix())
def test_modules_are_small_and_import_what_exists(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    assert source.count("\n") < 120
    for target in re.findall(r'(?:from|import\()\s*"([^"]+)"', source):
        assert target.startswith("."), f"{target} is not relative: the version would be lost"
        assert (module.parent / target).resolve() in MODULES


def test_a_page_names_its_modules_with_all_that_they_import() -> None:
    found = assets.modules_behind(["ages", "no-such-behaviour"])
    assert "js/behaviours/ages.js" in found
    for path in found:
        text = (assets.STATIC / path).read_text(encoding="utf-8")
        for target in re.findall(r'from "([^"]+)"', text):
            imported = (assets.STATIC / path).parent / target
            assert imported.resolve().relative_to(assets.STATIC).as_posix() in found


@pytest.mark.parametrize(
    "module", sorted((assets.STATIC / "js/lib").glob("*.js")), ids=lambda path: path.name
)
def test_the_library_touches_no_page(module: Path) -> None:
    code = COMMENT.sub("", module.read_text(encoding="utf-8"))
    assert TOUCHES_A_PAGE.findall(code) == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    namespaces = {"http://www.w3.org/2000/svg"}
    for path in [*MODULES, *SHEETS]:
        assert set(re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8"))) <= namespaces


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_every_rule_lies_in_a_layer_and_every_property_is_defined(sheet: Path) -> None:
    text = COMMENT.sub("", sheet.read_text(encoding="utf-8"))
    assert all(line.startswith(("@layer", "  ", "}")) for line in text.splitlines() if line)
    defined = set(re.findall(r"(--[\w-]+)\s*:", "\n".join(one.read_text(encoding="utf-8") for one in SHEETS)))
    set_by_modules = {"--share", "--swatch", "--pointed"}
    assert set(re.findall(r"var\((--[\w-]+)\s*\)", text)) <= defined | set_by_modules

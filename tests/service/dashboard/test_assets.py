"""Files are served under addresses that change with them, and nothing else is served."""

from __future__ import annotations

import gzip
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.dashboard import assets

MODULES = sorted((assets.STATIC / "js").rglob("*.js"))
SHEETS = sorted((assets.STATIC / "css").glob("*.css"))
TOUCHES_A_PAGE = re.compile(r"\b(document|window|location|localStorage|navigator)\b(?!\w)")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def test_plotly_comes_from_the_installed_package_and_is_kept_for_good(client: TestClient) -> None:
    response = client.get(assets.plotly_url(), headers={"Accept-Encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert "immutable" in response.headers["cache-control"]
    installed = Path(str(importlib.metadata.distribution("plotly").locate_file("plotly")))
    assert response.content == (installed / "package_data" / "plotly.min.js").read_bytes()
    assert importlib.metadata.version("plotly") in assets.plotly_url()


def test_a_browser_that_reads_no_gzip_gets_the_plain_script() -> None:
    packed = gzip.decompress(assets._compressed_plotly())
    assert packed == assets._plotly_file().read_bytes()


def test_starting_the_dashboard_does_not_import_plotly() -> None:
    script = "import sys, service.dashboard.application; sys.exit('plotly' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


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
    assert "scattergl" not in source  # WebGL traces need unsafe-eval, and draw nothing without a word


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
    set_by_modules = {"--share", "--swatch"}
    assert set(re.findall(r"var\((--[\w-]+)\s*\)", text)) <= defined | set_by_modules

"""Stylesheets, modules and plotly.js, served under URLs that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

STATIC = Path(__file__).parent / "static"
PREFIX = "/static"
FOREVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

router = APIRouter()


@cache
def version() -> str:
    """The first 12 hexadecimal digits of a hash over our own static files.

    It stands in the path, so that a module's relative imports carry it as well.
    """
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in MEDIA_TYPES:
            digest.update(f"{path.relative_to(STATIC).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def url(path: str) -> str:
    """The address of one of our own static files, such as `css/base.css`."""
    return f"{PREFIX}/{version()}/{path}"


def plotly_url() -> str:
    """The address of the installed plotly.js, with the package's version in it."""
    return f"{PREFIX}/plotly/{importlib.metadata.version('plotly')}/plotly.min.js"


@router.get(PREFIX + "/plotly/{package_version}/plotly.min.js")
def plotly(request: Request, package_version: str) -> Response:
    """plotly.js as the installed package ships it, compressed for everybody who can read that."""
    if package_version != importlib.metadata.version("plotly"):
        return Response(status_code=404)
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return _script(_compressed_plotly(), headers | {"Content-Encoding": "gzip"})
    return _script(_plotly_file().read_bytes(), headers)


@router.get(PREFIX + "/{content_version}/{path:path}")
def static(content_version: str, path: str) -> Response:
    """One of our own files; an address of another version is answered, and not kept."""
    file = _files().get(path)
    if file is None:
        return Response(status_code=404)
    caching = FOREVER if content_version == version() else "no-cache"
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    return Response(file.read_bytes(), media_type=MEDIA_TYPES[file.suffix], headers=headers)


@cache
def _files() -> dict[str, Path]:
    """Every file that may be asked for: a request picks a name from this list, never a path."""
    found = (path for path in STATIC.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(STATIC).as_posix(): path for path in found}


@cache
def _plotly_file() -> Path:
    # The package is found, not imported: `import plotly` costs a second at start-up.
    found = importlib.util.find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("the package plotly is not installed: the charts need its plotly.min.js")
    return Path(found.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


@cache
def _compressed_plotly() -> bytes:
    return gzip.compress(_plotly_file().read_bytes(), compresslevel=6, mtime=0)


def _script(content: bytes, headers: dict[str, str]) -> Response:
    return Response(content, media_type=MEDIA_TYPES[".js"], headers=headers)

"""Stylesheets and modules, served under URLs that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import os.path
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from fastapi import APIRouter, Request, Response

STATIC = Path(__file__).parent / "static"
PREFIX = "/static"
FOREVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

IMPORTED = re.compile(r'^(?:import|export) [^"]*"([^"]+)"', re.MULTILINE)

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


def modules_behind(behaviours: Iterable[str]) -> Sequence[str]:
    """The modules that a page with these behaviours runs, with all that they import."""
    waiting = ["js/main.js", *(f"js/behaviours/{name}.js" for name in behaviours)]
    found: dict[str, None] = {}
    while waiting:
        path = waiting.pop()
        if path in found or path not in _files():
            continue
        found[path] = None
        waiting += _imports(path)
    return sorted(found)


@router.get(PREFIX + "/{content_version}/{path:path}")
def static(request: Request, content_version: str, path: str) -> Response:
    """One of our own files, compressed for who can read that; an address of another version is not kept."""
    file = _files().get(path)
    if file is None:
        return Response(status_code=404)
    caching = FOREVER if content_version == version() else "no-cache"
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff"}
    media_type = MEDIA_TYPES[file.suffix]
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(file.read_bytes(), media_type=media_type, headers=headers)
    headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(_compressed(path), media_type=media_type, headers=headers)


@cache
def _files() -> dict[str, Path]:
    """Every file that may be asked for: a request picks a name from this list, never a path."""
    found = (path for path in STATIC.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(STATIC).as_posix(): path for path in found}


@cache
def _imports(path: str) -> Sequence[str]:
    """What a module imports as soon as it is there."""
    text = _files()[path].read_text(encoding="utf-8")
    folder = PurePosixPath(path).parent
    return [os.path.normpath(folder / target) for target in IMPORTED.findall(text)]


@cache
def _compressed(path: str) -> bytes:
    return gzip.compress(_files()[path].read_bytes(), compresslevel=9, mtime=0)

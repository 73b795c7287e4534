"""A worker's machine keeps the contents of datasets seen last, and trusts none that it has not hashed."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_HASH = re.compile(r"[0-9a-f]{64}")


class ContentCache:
    """Files named after the SHA-256 of what they hold, the least recently used of which go first.

    Any number of processes may share the folder. A full disk, a damaged file or one that another process has
    just removed costs a second reading from the database, never more.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Use a folder, which is made when the first content comes, for at most so many bytes."""
        self._folder = folder
        self._most = most_bytes

    def read(self, content_hash: str) -> bytes | None:
        """Return the content with this hash, or None if it is not here."""
        path = self._path(content_hash)
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == content_hash:
                os.utime(path)
                return content
            log.warning("%s is damaged; it is read from the database again", path)
            path.unlink()
        except OSError:  # not here, or no longer
            return None
        return None

    def keep(self, content_hash: str, content: bytes) -> None:
        """Keep a content, and let go of others until all are within the limit."""
        if len(content) > self._most:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                try:
                    file.write(content)
                    file.close()
                    Path(file.name).replace(self._path(content_hash))
                except OSError:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            self._make_room()
        except OSError as error:
            log.warning("a dataset is not kept on this machine: %s", error)

    def _path(self, content_hash: str) -> Path:
        if not _HASH.fullmatch(content_hash):
            raise ValueError(f"{content_hash!r} is not a SHA-256 in hexadecimal")
        return self._folder / content_hash

    def _make_room(self) -> None:
        kept = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process makes room, too
                state = path.stat()
                kept.append((state.st_mtime_ns, state.st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= self._most:
                return
            path.unlink(missing_ok=True)
            total -= size

"""What is submitted: a dictionary, or a file in JSON or YAML whose bytes go to the service as they are."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

JSON, YAML = "application/json", "application/yaml"
MEDIA_TYPES = {".json": JSON, ".yaml": YAML, ".yml": YAML}

Submission = Mapping[str, Any] | str | os.PathLike[str]


class Body(NamedTuple):
    """Bytes and what they are."""

    content: bytes
    media_type: str


def read(submission: Submission) -> Body:
    """The body that this submission makes.

    Raises:
        OSError: the file cannot be read.
        TypeError, ValueError: a value that JSON has no form for; a file that is neither JSON nor YAML.
    """
    if isinstance(submission, Mapping):
        return Body(json.dumps(dict(submission), allow_nan=False).encode(), JSON)
    path = Path(submission)
    try:
        media_type = MEDIA_TYPES[path.suffix.lower()]
    except KeyError:
        raise ValueError(
            f"{path} is no sweep file; allowed is a name that ends in .json, .yaml or .yml"
        ) from None
    return Body(path.read_bytes(), media_type)


def guess(content: bytes) -> Body:
    """What comes through a pipe: JSON if it begins as an object does, else YAML."""
    return Body(content, JSON if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else YAML)

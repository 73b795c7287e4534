"""A sweep's text is JSON or YAML, as its media type says, and both come to the same document."""

from __future__ import annotations

from service.planning import strict_json, strict_yaml

JSON = "application/json"
YAML = "application/yaml"  # RFC 9512, which names the others as its older names
YAML_NAMES = (YAML, "application/x-yaml", "text/yaml", "text/x-yaml")
MEDIA_TYPES = (JSON, *YAML_NAMES)


def read(body: bytes, media_type: str) -> object:
    """The document that a sweep's text is.

    Raises: InvalidSubmission with every fault that can be told before it is known what the document says.
    """
    return strict_yaml.loads(body) if media_type == YAML else strict_json.loads(body)


def kept_as(media_type: str) -> str:
    """The one name under which a text of one of MEDIA_TYPES is kept."""
    return YAML if media_type in YAML_NAMES else JSON

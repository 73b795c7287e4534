"""What a page may load and do: our own files, nothing inline, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

# `style-src-attr` lets templates give elements their numbers, as custom properties; nothing else is loosened.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)

PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # a page names its owner's sweeps
}

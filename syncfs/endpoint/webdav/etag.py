"""Entity tags: one spelling, and what they prove."""

from __future__ import annotations

import re

__all__ = ["normalised_etag", "proves_content", "tells_size"]

_TOKENS = re.compile(r"[0-9A-Za-z]+")


def normalised_etag(text: str | None) -> str | None:
    """Bring an entity tag to the one form in which tags of a server are compared.

    Apache marks the tag of a file younger than about two seconds weak, WsgiDAV leaves the quotes out,
    others escape them, and mod_deflate appends `-gzip`; none of that says anything about content.

    >>> normalised_etag('W/"5-64a-gzip"')
    '5-64a'
    """
    if not text:
        return None
    text = text.strip()
    if "&" in text:
        import html

        text = html.unescape(text)
    text = text.removeprefix("W/").removeprefix("w/").strip('"').removesuffix("-gzip")
    return text or None


def proves_content(etag: str | None, mtime_ns: int | None) -> bool:
    """Whether a same-size rewrite within the same second would change this tag.

    A tag that holds the mtime in whole seconds (WsgiDAV, nginx) would not; one with a finer time, a
    counter or a digest would.
    """
    if etag is None:
        return False
    if mtime_ns is None:
        return True
    seconds = mtime_ns // 1_000_000_000
    coarse = {str(seconds), f"{seconds:x}"}
    return not any(token.lower() in coarse for token in _TOKENS.findall(etag))


def tells_size(etag: str | None, size_bytes: int) -> bool:
    """Whether the tag names this very size, in decimal or in hex, as Apache's and WsgiDAV's do."""
    if etag is None:
        return False
    spelled = {str(size_bytes), f"{size_bytes:x}"}
    return any(token.lower() in spelled for token in _TOKENS.findall(etag))

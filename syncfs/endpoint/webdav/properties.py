"""Single properties of a resource, asked for and set by name; not for listings."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from xml.parsers import expat

from syncfs.endpoint.webdav.markup import escaped, quoted_attribute
from syncfs.endpoint.webdav.session import Session, drain

__all__ = ["QUOTA_AVAILABLE", "QUOTA_USED", "ask_properties", "set_property"]

QUOTA_AVAILABLE = "DAV: quota-available-bytes"
QUOTA_USED = "DAV: quota-used-bytes"

_MAX_BODY_BYTES = 1 << 20
_HEADERS = {"Content-Type": "application/xml", "Accept-Encoding": "identity"}

Found = list[tuple[str, dict[str, str]]]
"""Each address with its properties that are there, by `NAMESPACE NAME`."""


def ask_properties(session: Session, target: str, names: tuple[str, ...], *, depth: str = "0") -> Found:
    """Ask for properties with one PROPFIND.

    Args:
        session: The conversation.
        target: The quoted path.
        names: Each as `NAMESPACE NAME`.
        depth: `0`, `1` or `infinity`.

    Returns:
        What a 207 told; empty when the server refused, or its answer made no sense.
    """
    wanted = "".join(f"<x:{name} xmlns:x={quoted_attribute(space)}/>" for space, name in map(_split, names))
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<D:propfind xmlns:D="DAV:"><D:prop>{wanted}</D:prop></D:propfind>'
    )
    reply, _ = session.send("PROPFIND", target, {**_HEADERS, "Depth": depth}, body.encode())
    with closing(reply):
        if reply.status != 207:
            drain(reply)
            return []
        reader = _Reader(frozenset(names))
        received = 0
        try:
            for piece in reply.pieces():
                received += len(piece)
                if received > _MAX_BODY_BYTES:
                    return []
                reader.parser.Parse(piece, False)
            reader.parser.Parse(b"", True)
        except (expat.ExpatError, _RefusedError):
            return []
    return reader.found


def set_property(session: Session, target: str, name: str, value: str) -> bool:
    """Set a property with one PROPPATCH.

    Returns:
        Whether the server says yes to the request; only asking for it tells whether it was stored.
    """
    space, local = _split(name)
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x:{local} xmlns:x={quoted_attribute(space)}>'
        f"{escaped(value)}</x:{local}></D:prop></D:set></D:propertyupdate>"
    )
    answer = session.ask("PROPPATCH", target, _HEADERS, body.encode())
    return answer.status in (200, 204, 207)


class _RefusedError(Exception):
    """The answer declares a document type."""


class _Reader:
    """Reads a multistatus loosely: what is not understood is not there."""

    def __init__(self, names: frozenset[str]) -> None:
        self.found: Found = []
        self._names = names
        self._path: list[str] = []
        self._text = ""
        self._status = ""
        self._properties: dict[str, str] = {}
        self._pending: dict[str, str] = {}
        self._href = ""
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def _start(self, name: str, _attributes: Any) -> None:
        self._path.append(name)
        self._text = ""
        match name:
            case "DAV: response":
                self._properties, self._href = {}, ""
            case "DAV: propstat":
                self._pending, self._status = {}, ""

    def _end(self, name: str) -> None:
        self._path.pop()
        text, self._text = self._text.strip(), ""
        parent = self._path[-1] if self._path else ""
        match name, parent:
            case "DAV: href", "DAV: response":
                self._href = text
            case "DAV: status", "DAV: propstat":
                self._status = text
            case "DAV: propstat", _:
                if self._status.partition(" ")[2].lstrip().startswith("2"):
                    self._properties |= self._pending
            case "DAV: response", _:
                self.found.append((self._href, self._properties))
            case _, "DAV: prop" if name in self._names:
                self._pending[name] = text

    def _characters(self, data: str) -> None:
        self._text += data

    def _refuse(self, *_: object) -> None:
        raise _RefusedError


def _split(name: str) -> tuple[str, str]:
    space, _, local = name.rpartition(" ")
    return space, local

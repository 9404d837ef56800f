"""Read a 207 Multi-Status body, piece by piece, from a server that may be broken or hostile."""

from __future__ import annotations

from collections.abc import Mapping
from sys import getsizeof
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.core.paths import name_problem
from syncfs.endpoint.webdav.clock import parse_http_date
from syncfs.endpoint.webdav.etag import normalised_etag
from syncfs.endpoint.webdav.extra import NOTHING, Extra
from syncfs.endpoint.webdav.location import Location, decoded_segments

__all__ = ["LARGE_BYTES", "MalformedReplyError", "Multistatus", "MultistatusParser"]

_MAX_BODY_BYTES = 128 << 20
_MAX_TEXT_CHARS = 64 << 10
_MAX_TOKEN_BYTES = 64 << 10
"""Of a tag or a comment: expat 2.5 looks at all of it again with each piece that arrives."""
_MAX_NAMES = 4096
_MAX_DEPTH = 32
_MAX_MEMORY_BYTES = 64 << 20
_ENTRY_BYTES = 300
"""What an entry costs beside its name and its tag (measured: the tuple, two integers, the dictionary's
slots)."""
LARGE_BYTES = 4 << 20
"""From here on a listing counts as a large one."""
_HEAD_BYTES = 512

_MULTISTATUS = "DAV: multistatus"
_RESPONSE = "DAV: response"
_HREF = "DAV: href"
_STATUS = "DAV: status"
_PROPSTAT = "DAV: propstat"
_TYPE = "DAV: resourcetype"
_COLLECTION = "DAV: collection"
_SIZE = "DAV: getcontentlength"
_MTIME = "DAV: getlastmodified"
_ETAG = "DAV: getetag"
_LEAVES = frozenset({_SIZE, _MTIME, _ETAG})

_UNREADABLE = Entry(Kind.UNREADABLE)


class MalformedReplyError(Exception):
    """The body is no complete, credible multistatus; the message says why. Never leaves this package.

    Attributes:
        is_cut: It ended too early, so that asking again may help.
    """

    def __init__(self, message: str, *, is_cut: bool = False) -> None:
        super().__init__(message)
        self.is_cut = is_cut


class Multistatus(NamedTuple):
    """What a PROPFIND showed.

    Attributes:
        itself: The entry of the resource that was asked about.
        children: Name to entry; reserved names included. Empty after Depth 0.
        head: The first bytes of the body, by which some servers are recognised.
        extra: Name (`""`: the resource itself) to the extra properties that it has; empty where none are
            asked for.
    """

    itself: Entry
    children: dict[str, Entry]
    head: bytes
    extra: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class MultistatusParser:
    """An incremental parser of one reply; feed it the body, then `close` it.

    Attributes:
        memory_bytes: What the entries so far take, about.
    """

    def __init__(self, location: Location, target: str, extra: Extra = NOTHING) -> None:
        """Prepare for the reply to a PROPFIND of `target` (quoted; after redirects) at `location`."""
        self._location = location
        self._extra = extra
        self._leaves = _LEAVES.union(extra.names)
        self._extras: dict[str, Mapping[str, str]] = {}
        self._prefix = target if target.endswith("/") else target + "/"
        self._segments = decoded_segments(target)
        self._itself: Entry | None = None
        self._children: dict[str, Entry] = {}
        self._head = b""
        self._received = 0
        self.memory_bytes = 0

        self._depth = 0
        self._text: list[str] | None = None
        self._text_chars = 0
        self._in_type = False
        self._hrefs: list[str] = []
        self._status = ""
        self._propstat_status = ""
        self._found: dict[str, str] = {}
        self._properties: dict[str, str] = {}

        # expat keeps every name and prefix that it has met: who sends ever new ones fills the memory.
        self._names: dict[str, str] = {}
        self._prefixes: dict[str | None, str] = {}
        parser = expat.ParserCreate(namespace_separator=" ", intern=self._names)
        parser.StartNamespaceDeclHandler = self._prefixes.setdefault
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        # A multistatus needs no DTD; refusing it refuses every entity trick with it.
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.EntityDeclHandler = self._refuse_doctype
        self._parser = parser
        # Set only while a text is of interest: of the pieces of text in a listing seven in ten are the line
        # breaks between its tags.
        self._hear = self._characters

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body.

        Raises:
            MalformedReplyError: It cannot be part of a credible multistatus.
        """
        self._received += len(data)
        if self._received > _MAX_BODY_BYTES:
            raise MalformedReplyError(f"the listing is larger than {_MAX_BODY_BYTES >> 20} MiB")
        if len(self._head) < _HEAD_BYTES:
            self._head += data[: _HEAD_BYTES - len(self._head)]
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            raise MalformedReplyError(f"the answer is not well-formed XML ({error})") from None
        # expat holds a tag, a comment or an attribute until it is whole.
        if self._received - self._parser.CurrentByteIndex > _MAX_TOKEN_BYTES + len(data):
            raise MalformedReplyError("the answer holds a tag or a comment that is too long")
        if max(len(self._names), len(self._prefixes)) > _MAX_NAMES:
            raise MalformedReplyError("the answer uses too many names of properties")

    def close(self) -> Multistatus:
        """Finish.

        Raises:
            MalformedReplyError: The body ended early, or did not tell of the resource itself.
        """
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise MalformedReplyError(f"the answer was cut short ({error})", is_cut=True) from None
        finally:
            # The parser and its handlers refer to each other; listings are many.
            del self._parser, self._hear
        if self._itself is None:
            raise MalformedReplyError("the answer does not tell of the directory that was asked for")
        return Multistatus(self._itself, self._children, self._head, self._extras)

    def _start(self, name: str, _attributes: Any) -> None:
        self._depth = depth = self._depth + 1
        if depth == 5:
            if name in self._leaves:
                self._listen()
            elif name == _TYPE:
                self._in_type = True
                self._found[_TYPE] = ""
        elif depth == 6:
            if self._in_type and name == _COLLECTION:
                self._found[_TYPE] = _COLLECTION
        elif depth == 3:
            if name in (_HREF, _STATUS):
                self._listen()
            elif name == _PROPSTAT:
                self._found = {}
                self._propstat_status = ""
        elif depth == 4:
            if name == _STATUS:
                self._listen()
        elif depth == 2:
            if name == _RESPONSE:
                self._hrefs = []
                self._status = ""
                self._properties = {}
        elif depth == 1:
            if name != _MULTISTATUS:
                raise MalformedReplyError("the answer is no WebDAV listing")
        elif depth > _MAX_DEPTH:
            raise MalformedReplyError("the answer is nested too deeply")

    def _listen(self) -> None:
        self._text = []
        self._text_chars = 0
        self._parser.CharacterDataHandler = self._hear

    def _end(self, name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth > 5:
            return  # within a leaf, whose text goes on
        text = ""
        if self._text is not None:
            text = "".join(self._text).strip()
            self._text = None
            self._parser.CharacterDataHandler = None
        if depth == 5:
            if name in self._leaves:
                self._found[name] = text
            elif name == _TYPE:
                self._in_type = False
        elif depth == 4:
            if name == _STATUS:
                self._propstat_status = text
        elif depth == 3:
            if name == _HREF:
                self._hrefs.append(text)
            elif name == _STATUS:
                self._status = text
            elif name == _PROPSTAT and _is_success(self._propstat_status):
                self._properties.update(self._found)
        elif depth == 2 and name == _RESPONSE:
            self._add_response()

    def _characters(self, data: str) -> None:
        assert self._text is not None
        self._text_chars += len(data)
        if self._text_chars > _MAX_TEXT_CHARS:
            raise MalformedReplyError("the answer holds a text that is too long")
        self._text.append(data)

    def _refuse_doctype(self, *_: object) -> None:
        raise MalformedReplyError("the answer declares a document type, which no WebDAV listing has")

    def _add_response(self) -> None:
        if not self._hrefs:
            raise MalformedReplyError("the answer holds an entry without an address")
        for href in self._hrefs:
            entry = self._entry(href)
            name = self._name(href)
            if self._extra.names:
                found = {each: text for each in self._extra.names if (text := self._properties.get(each))}
                entry, self._extras[name] = self._extra.entry(entry, found), found
            # Also for one that was there before: a listing of the same name without end ends too.
            self.memory_bytes += _ENTRY_BYTES + getsizeof(name) + getsizeof(entry.etag)
            if self.memory_bytes > _MAX_MEMORY_BYTES:
                raise MalformedReplyError(f"the directory has too many entries (over {len(self._children)})")
            if not name:
                # Twice itself, and unlike: not a directory to rely on.
                if self._itself is not None and self._itself != entry:
                    raise MalformedReplyError("the answer describes the directory itself twice")
                self._itself = entry
            elif name in self._children and self._children[name] != entry:
                self._children[name] = _UNREADABLE  # two things under one name: touch neither
            else:
                self._children[name] = entry

    def _entry(self, href: str) -> Entry:
        properties = self._properties
        if not _is_success(self._status) or len(self._hrefs) > 1:
            return _UNREADABLE
        kind = properties.get(_TYPE)
        if kind == _COLLECTION:
            return DIRECTORY
        if kind is None and _SIZE not in properties:
            return DIRECTORY if href.endswith("/") and properties else _UNREADABLE
        size = properties.get(_SIZE, "")
        seconds = parse_http_date(properties.get(_MTIME, ""))
        return Entry(
            Kind.FILE,
            int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None,
            None if seconds is None else seconds * 1_000_000_000,
            normalised_etag(properties.get(_ETAG)),
        )

    def _name(self, href: str) -> str:
        """The child's name, `""` for the resource itself.

        Query and fragment are not split off: npm's server sends `?` and `#` of a name as they are.
        """
        if href.startswith(self._prefix):
            rest = href[len(self._prefix) :].removesuffix("/")
            if "/" not in rest:
                name = unquote(rest, errors="surrogateescape") if "%" in rest else rest
                return self._checked(name, href) if name else ""
        segments = self._resolved(href)
        if segments == self._segments:
            return ""
        if segments[:-1] != self._segments:
            raise MalformedReplyError(f"the answer lists {_shown(href)}, which is not in this directory")
        return self._checked(segments[-1], href)

    def _resolved(self, href: str) -> tuple[str, ...]:
        if href.startswith("/") and not href.startswith("//"):
            return decoded_segments(href)
        scheme, separator, rest = href.partition("://")
        if separator and scheme.isalnum():
            authority, slash, path = rest.partition("/")
            if not self._location.is_same_origin(f"{scheme}://{authority}"):
                raise MalformedReplyError(
                    f"the answer lists {_shown(href)}, which is on another host; "
                    "the server, or the proxy before it, has a wrong idea of its own address"
                )
            return decoded_segments(slash + path)
        if href.startswith("//"):
            raise MalformedReplyError(f"the answer lists {_shown(href)}, which is not in this directory")
        return (*self._segments, *decoded_segments("/" + href.removeprefix("./")))

    def _checked(self, name: str, href: str) -> str:
        problem = name_problem(name)
        if problem:
            raise MalformedReplyError(f"the answer lists {_shown(href)}, which {problem}")
        return name


def _is_success(status: str) -> bool:
    """Whether `HTTP/1.1 200 OK` is one; a missing status is."""
    return not status or status.partition(" ")[2].lstrip().startswith("2")


def _shown(href: str) -> str:
    """An address for a message: quoted, no line breaks, not endless, no userinfo."""
    scheme, separator, rest = href.partition("://")
    if separator:
        authority, slash, path = rest.partition("/")
        href = f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
    return repr(href if len(href) <= 120 else href[:117] + "...")

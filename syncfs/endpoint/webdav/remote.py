"""What is there: PROPFIND, and what its replies mean."""

from __future__ import annotations

import time
from contextlib import closing

from syncfs.core import paths
from syncfs.core.entry import Entry, Kind
from syncfs.core.listing import Listing
from syncfs.endpoint.webdav.clock import SECOND_NS, parse_http_date
from syncfs.endpoint.webdav.etag import proves_content
from syncfs.endpoint.webdav.extra import NOTHING, Extra, propfind_body
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.multistatus import (
    MalformedReplyError,
    Multistatus,
    MultistatusParser,
)
from syncfs.endpoint.webdav.profile import UNKNOWN, Profile, recognise
from syncfs.endpoint.webdav.session import Answer, Session, drain, refusal, retry_after_s
from syncfs.errors import PathError, StaleEntryError, UnsupportedNameError

__all__ = ["Found", "Remote"]

_RACY_NS = 2 * SECOND_NS


class Found:
    """One PROPFIND's reply, read.

    Attributes:
        status: The multistatus.
        date_s: The server's `Date`; None when it sent none.
    """

    __slots__ = ("date_s", "status")

    def __init__(self, status: Multistatus, date_s: int | None) -> None:
        self.status = status
        self.date_s = date_s

    def is_racy(self, entry: Entry) -> bool:
        """Whether the entry may change again without any of its facets changing."""
        return is_racy(entry, self.date_s)

    def listing(self) -> Listing:
        """What the engine is told of a directory: no reserved names, our temporary files apart."""
        entries: dict[str, Entry] = {}
        racy: list[str] = []
        leftovers: list[str] = []
        for name, entry in self.status.children.items():
            if paths.is_reserved(name):
                if paths.is_temporary(name) and entry.kind is Kind.FILE:
                    leftovers.append(name)
                continue
            entries[name] = entry
            if entry.kind is Kind.FILE and self.is_racy(entry):
                racy.append(name)
        return Listing(entries=entries, racy=frozenset(racy), leftovers=tuple(leftovers))


def is_racy(entry: Entry, date_s: int | None) -> bool:
    """Whether an entry seen at `date_s` of the server's clock may change again unseen.

    Without a date nothing is known to be old enough.
    """
    if entry.mtime_ns is not None and date_s is not None and entry.mtime_ns < date_s * SECOND_NS - _RACY_NS:
        return False
    return not proves_content(entry.etag, entry.mtime_ns)


class Remote:
    """A root on a server: looking at it, and the server's peculiarities as they are learned."""

    def __init__(self, session: Session, location: Location) -> None:
        self.session = session
        self.location = location
        self.profile: Profile = UNKNOWN
        self.extra: Extra = NOTHING

    def find(self, path: str, *, depth: int, collection: bool) -> Found:
        """Ask about a path, repeatedly if need be.

        Args:
            path: Relative to the root.
            depth: 0 for the resource itself, 1 with its children.
            collection: Whether it is taken for a directory.

        Raises:
            FileNotFoundError: Nothing is there.
            PermissionError: It may not be looked at.
            PathError: The server failed, or did not answer in WebDAV.
        """
        return self.session.repeat(lambda: self._find_once(path, depth, collection))

    def look(self, path: str) -> Entry | None:
        """The entry at a path, afresh; None when nothing is there."""
        try:
            # Without a slash: what stands there may be a file.
            return self.find(path, depth=0, collection=not path).status.itself
        except FileNotFoundError:
            return None

    def expect(self, path: str, expected: Entry | None) -> None:
        """Make sure that a path is what it was when the plan was made.

        Raises:
            StaleEntryError: It is not.
        """
        found = self.look(path)
        if found != expected:
            raise StaleEntryError(_difference(path, found, expected), path=path)

    def put_conditions(self, path: str, expected: Entry) -> dict[str, str]:
        """Guard a PUT over an existing file: see `conditions`."""
        if expected.etag is not None and self.profile.obeys_if:
            # Not `tagged`: of a single resource no proxy can have changed the name.
            return {"If": f'(["{expected.etag}"])'}
        return self.conditions(path, expected)

    def conditions(self, path: str, expected: Entry) -> dict[str, str]:
        """Guard a change of an existing file: by a header where one works, else by a look.

        A header costs nothing and leaves no gap, but needs a server that heeds it; and `If-Match` is
        refused for as long as a tag is weak, as young ones may be.

        Raises:
            StaleEntryError: A look shows that it is not the expected one.
        """
        if (
            expected.etag is not None
            and self.profile.honours_conditions
            and not self.session.clock.is_fresh(expected.mtime_ns, time.time_ns())
        ):
            return {"If-Match": f'"{expected.etag}"'}
        self.expect(path, expected)
        return self.tagged(path, expected)

    def tagged(self, path: str, expected: Entry) -> dict[str, str]:
        """The `If` that names a path with its expected tag, for any method; nothing where that is in vain."""
        if expected.etag is None or not self.profile.obeys_if:
            return {}
        return {"If": f'<{self.location.absolute(path)}> (["{expected.etag}"])'}

    def destination(self, path: str, *, collection: bool = False) -> str:
        """A MOVE's `Destination` for a path.

        Raises:
            UnsupportedNameError: The server would, or might, take it for another path.
        """
        whole = "/".join((*self.location.segments, path))
        lost = sorted(self.profile.unsafe_in_destination.intersection(whole))
        if lost:
            raise UnsupportedNameError(
                f"{path!r} cannot be put in place safely: this kind of server ({self.profile.name}) may "
                f"misread {' '.join(map(repr, lost))} in the address of a renamed file; use another name",
                path=path,
            )
        return self.location.absolute(path, collection=collection or self.profile.ends_destinations_in_slash)

    def failure(self, answer: Answer, what: str, path: str) -> OSError:
        """Say why a change of `path` was refused; a missing parent is told as one.

        Servers answer 409, 404, 403 or 500 when the parent is missing, and some of these for other
        reasons too (stock Apache 301 where a directory stands): so look, which only a failure costs.
        """
        if answer.status in (301, 403, 404, 405, 409, 500):
            parent, _ = paths.split(path)
            try:
                above = self.look(parent)
                if above is None or above.kind is not Kind.DIRECTORY:
                    return FileNotFoundError(2, f"{what} {path!r}: its directory is missing", path)
                here = self.look(path)
                if here is not None and here.kind is Kind.DIRECTORY:
                    return StaleEntryError(f"{what} {path!r}: a directory stands there", path=path)
            except OSError:
                pass  # the first refusal says more than the failure to explain it
        return refusal(answer, what, path)

    def _find_once(self, path: str, depth: int, collection: bool) -> Found:
        headers = {
            "Depth": str(depth),
            "Content-Type": "application/xml",
            "Accept-Encoding": "identity",
        }
        target = self.location.target(path, collection=collection)
        reply, target = self.session.send("PROPFIND", target, headers, propfind_body(self.extra))
        with closing(reply):
            if reply.status != 207:
                answer = Answer(reply.status, None, retry_after_s(reply))
                drain(reply)
                raise self._not_listed(answer, path)
            if reply.header("Content-Encoding") not in (None, "", "identity"):
                raise PathError("the server compresses what was asked for as it is", path=path)
            parser = MultistatusParser(self.location, target, self.extra)
            try:
                for piece in reply.pieces():
                    parser.feed(piece)
                status = parser.close()
            except MalformedReplyError as error:
                raise PathError(f"cannot list {path!r}: {error}", path=path, retryable=error.is_cut) from None
            if self.profile is UNKNOWN:
                self.profile = recognise(reply.header("Server") or "", reply.header("DAV") or "", status.head)
            return Found(status, parse_http_date(reply.header("Date") or ""))

    def _not_listed(self, answer: Answer, path: str) -> OSError:
        if answer.status < 300:
            return PathError(
                f"{self.location.url} answers {path!r} with status {answer.status} instead of a "
                "listing: it does not speak WebDAV there (a login page, or a plain web server?)",
                path=path,
            )
        return refusal(answer, "cannot list", path)


def _difference(path: str, found: Entry | None, expected: Entry | None) -> str:
    if found is None:
        return f"{path!r} is gone from the server"
    if expected is None:
        return f"{path!r} has appeared on the server"
    return f"{path!r} has changed on the server"

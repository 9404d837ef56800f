"""What is there: PROPFIND, and what its replies mean."""

from __future__ import annotations

import errno
import threading
import time
import unicodedata
from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import Any

from syncfs.core import paths
from syncfs.core.entry import Entry, Kind
from syncfs.core.listing import Listing
from syncfs.endpoint.webdav.clock import SECOND_NS, parse_http_date
from syncfs.endpoint.webdav.etag import proves_content
from syncfs.endpoint.webdav.extra import NOTHING, Extra, propfind_body
from syncfs.endpoint.webdav.knowledge import Knowledge
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.mark import AsMarkedError, MarkedBody, UnkeptError
from syncfs.endpoint.webdav.multistatus import (
    LARGE_BYTES,
    MalformedReplyError,
    Multistatus,
    MultistatusParser,
)
from syncfs.endpoint.webdav.profile import Etags, Profile
from syncfs.endpoint.webdav.servers import Fingerprint
from syncfs.endpoint.webdav.session import Answer, Session, drain, refusal, retry_after_s
from syncfs.errors import PathError, StaleEntryError, UnsupportedNameError

__all__ = ["Found", "Remote"]

_RACY_NS = 2 * SECOND_NS
_UNEXPLAINED = frozenset({207, 301, 400, 403, 404, 405, 409, 412, 414, 500})
_LONG_BYTES = 240
"""lighttpd needs some of the 255 that file systems take for a temporary name of its own."""
_FOLDS = {
    "folds_unicode": lambda name: unicodedata.normalize("NFC", name),
    "folds_case": str.casefold,
}
"""By which rule two names may be one."""


class Found:
    """One PROPFIND's reply, read.

    Attributes:
        status: The multistatus.
        date_s: The server's `Date`; None when it sent none.
        mark: Stands for the whole body, see `mark`; None where it will soon be another one.
        is_coarse: The server's tags were found to tell no two contents of the same second apart.
    """

    __slots__ = ("date_s", "is_coarse", "mark", "status")

    def __init__(
        self, status: Multistatus, date_s: int | None, mark: bytes | None = None, *, is_coarse: bool = False
    ) -> None:
        self.status = status
        self.date_s = date_s
        self.mark = mark
        self.is_coarse = is_coarse

    def is_racy(self, entry: Entry) -> bool:
        """Whether the entry may change again without any of its facets changing."""
        return is_racy(entry, self.date_s, is_coarse=self.is_coarse)

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
        mark = None if racy or leftovers else self.mark
        return Listing(entries=entries, racy=frozenset(racy), leftovers=tuple(leftovers), mark=mark)


def is_racy(entry: Entry, date_s: int | None, *, is_coarse: bool = False) -> bool:
    """Whether an entry seen at `date_s` of the server's clock may change again unseen.

    Without a date nothing is known to be old enough.
    """
    if entry.mtime_ns is not None and date_s is not None and entry.mtime_ns < date_s * SECOND_NS - _RACY_NS:
        return False
    return is_coarse or not proves_content(entry.etag, entry.mtime_ns)


class Remote:
    """A root on a server: looking at it, and the server's peculiarities as they are learned."""

    def __init__(
        self, session: Session, location: Location, capabilities: Mapping[str, Any] | None = None
    ) -> None:
        """Take the user's word for some capabilities; see `Knowledge`."""
        self.session = session
        self.location = location
        self.extra: Extra = NOTHING
        # Sixteen directories may be listed at once: of large ones, one after the other.
        self._large = threading.Lock()
        self.knowledge = Knowledge(capabilities)
        session.unsafe_in_paths = lambda: self.profile.unsafe_in_paths
        self.keeps_mtime: bool | None = None
        """Whether an mtime that was asked for was seen in this run; None before the first."""

    @property
    def profile(self) -> Profile:
        """What the server can do, as far as that is known."""
        return self.knowledge.profile

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

    def find_unless(self, path: str, mark: bytes | None) -> Found | None:
        """Ask about a directory and its children; None where the answer still bears a mark.

        Raises:
            OSError: As `find` does.
        """
        try:
            return self.session.repeat(lambda: self._find_once(path, 1, True, mark))
        except AsMarkedError:
            return None
        except UnkeptError:
            return self.find(path, depth=1, collection=True)

    def look(self, path: str) -> Entry | None:
        """The entry at a path, afresh; None when nothing is there."""
        try:
            # Without a slash: what stands there may be a file.
            return self.find(path, depth=0, collection=not path).status.itself
        except FileNotFoundError:
            return None
        except (PermissionError, PathError):
            # Below a file there is nothing, which Apache says with 400 and lighttpd with 403.
            if path and self._is_below_a_file(path):
                return None
            raise

    def _is_below_a_file(self, path: str) -> bool:
        above, _ = paths.split(path)
        try:
            return bool(above) and self.find(above, depth=0, collection=False).status.itself.kind is Kind.FILE
        except OSError:
            return False

    def demand_directory(self, path: str) -> None:
        """Make sure that a path's directory is there, where a server would make it without a word.

        Raises:
            FileNotFoundError: It is not.
        """
        directory, _ = paths.split(path)
        found = self.look(directory)
        if found is None or found.kind is not Kind.DIRECTORY:
            raise FileNotFoundError(2, f"cannot put {path!r} in place: its directory is missing", path)

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
        if expected.etag is not None and "PUT" in self.profile.heeds_if:
            # Not `tagged`: of a single resource no proxy can have changed the name.
            return {"If": f'(["{expected.etag}"])'}
        return self.conditions("PUT", path, expected)

    def conditions(self, method: str, path: str, expected: Entry) -> dict[str, str]:
        """Guard a change of an existing file: by a header where one works, else by a look.

        A header costs nothing and leaves no gap, but needs a server that heeds it; and `If-Match` is
        refused for as long as a tag is weak, as young ones may be.

        Raises:
            StaleEntryError: A look shows that it is not the expected one.
        """
        profile = self.profile
        if (
            expected.etag is not None
            and method in profile.heeds_if_match
            and not (
                profile.etags is Etags.WEAK and self.session.clock.is_fresh(expected.mtime_ns, time.time_ns())
            )
        ):
            return {"If-Match": f'"{expected.etag}"'}
        self.expect(path, expected)
        return self.tagged(method, path, expected)

    def tagged(self, method: str, path: str, expected: Entry) -> dict[str, str]:
        """The `If` that names a path with its expected tag; nothing where that is in vain."""
        if expected.etag is None or method not in self.profile.heeds_if:
            return {}
        return {"If": f'<{self.location.absolute(path)}> (["{expected.etag}"])'}

    def appeared(self, path: str) -> PathError:
        """Say what stands where nothing was listed: a new file, or one under another spelling.

        That a server takes two spellings for one name depends on the disk below it, which no listing
        tells; here it shows, and is remembered.
        """
        directory, name = paths.split(path)
        try:
            names = self.find(directory, depth=1, collection=True).status.children
        except OSError:
            names = {}
        if name not in names:
            for fact, fold in _FOLDS.items():
                other = next((each for each in names if fold(each) == fold(name)), None)
                if other is not None:
                    self.knowledge.learn({fact: True})
                    return StaleEntryError(
                        f"{path!r} is {other!r} on the server, which takes both for one name", path=path
                    )
        if self.is_long(path) and name not in names:
            # lighttpd answers so to a name that its disk refuses.
            return UnsupportedNameError(f"{path!r} is longer than this server takes, it seems", path=path)
        return StaleEntryError(f"{path!r} has appeared on the server", path=path)

    def demand_name(self, path: str) -> None:
        """Refuse a name that the server cannot hold, or lists as another one.

        Raises:
            UnsupportedNameError: It does.
        """
        _, name = paths.split(path)
        longest = self.profile.longest_name_bytes
        if longest and _size(name) > longest:
            raise UnsupportedNameError(
                f"{path!r} cannot be stored: a name has at most {longest} bytes on this kind of server "
                f"({self.profile.name}), this one has {_size(name)}",
                path=path,
                code=errno.ENAMETOOLONG,
            )
        lost = sorted(self.profile.unsafe_in_names.intersection(name))
        if lost:
            raise UnsupportedNameError(
                f"{path!r} cannot be stored: this kind of server ({self.profile.name}) refuses or misreads "
                f"{' '.join(map(repr, lost))} in a name; use another name",
                path=path,
            )

    def demand_given(self, path: str, to: str) -> None:
        """Refuse a MOVE that would not give the name that is asked for.

        Raises:
            UnsupportedNameError: It would not.
        """
        (directory, _), (target, name) = paths.split(path), paths.split(to)
        if directory != target and name in self.profile.lost_names:
            raise UnsupportedNameError(
                f"{path!r} cannot be renamed to {to!r}: this kind of server ({self.profile.name}) loses the "
                f"name {name!r} on the way from one directory to another; use another name",
                path=to,
            )

    @staticmethod
    def is_long(path: str) -> bool:
        """Whether a name may be longer than the server takes; what it says of one is not believed."""
        return _size(paths.split(path)[1]) > _LONG_BYTES

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

    def failure(self, answer: Answer, what: str, path: str, *, is_taken_by_any: bool = False) -> OSError:
        """Say why a change of `path` was refused; a missing parent is told as one.

        Servers answer 409, 404, 403 or 500 when the parent is missing, and some of these for other
        reasons too (stock Apache 301 or 400 where a directory stands, lighttpd 207): so look, which only a
        failure costs.

        Args:
            answer: The refusal.
            what: What was attempted: `"cannot write"`.
            path: What it was attempted on.
            is_taken_by_any: Whatever stands there is in the way, also a file.
        """
        if answer.status in _UNEXPLAINED:
            parent, name = paths.split(path)
            try:
                above = self.look(parent)
                if above is None or above.kind is not Kind.DIRECTORY:
                    return FileNotFoundError(2, f"{what} {path!r}: its directory is missing", path)
                here = self.look(path)
                if here is not None and (is_taken_by_any or here.kind is Kind.DIRECTORY):
                    kind = "directory" if here.kind is Kind.DIRECTORY else "file"
                    return StaleEntryError(f"{what} {path!r}: a {kind} stands there", path=path)
            except OSError:
                pass  # the first refusal says more than the failure to explain it
            if self.is_long(path):
                return UnsupportedNameError(
                    f"{what} {path!r}: status {answer.status}; its name of {_size(name)} bytes is longer "
                    "than this server takes, it seems",
                    path=path,
                    code=errno.ENAMETOOLONG,
                )
        return refusal(answer, what, path)

    def _find_once(self, path: str, depth: int, collection: bool, mark: bytes | None = None) -> Found:
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
            body = MarkedBody(reply.pieces(), unless=mark)
            try:
                with ExitStack() as turn:
                    has_turn = False
                    for piece in body:
                        parser.feed(piece)
                        if parser.memory_bytes > LARGE_BYTES and not has_turn:
                            turn.enter_context(self._large)
                            has_turn = True
                    status = parser.close()
            except MalformedReplyError as error:
                raise PathError(f"cannot list {path!r}: {error}", path=path, retryable=error.is_cut) from None
            if not self.knowledge.is_seen:
                server, dav = reply.header("Server") or "", reply.header("DAV") or ""
                self.knowledge.see(Fingerprint(server, dav, status.head))
            return Found(
                status,
                parse_http_date(reply.header("Date") or ""),
                body.mark,
                is_coarse=self.profile.etags is Etags.COARSE,
            )

    def _not_listed(self, answer: Answer, path: str) -> OSError:
        if answer.status < 300:
            return PathError(
                f"{self.location.url} answers {path!r} with status {answer.status} instead of a "
                "listing: it does not speak WebDAV there (a login page, or a plain web server?)",
                path=path,
            )
        return refusal(answer, "cannot list", path)


def _size(name: str) -> int:
    return len(name.encode("utf-8", "surrogateescape"))


def _difference(path: str, found: Entry | None, expected: Entry | None) -> str:
    if found is None:
        return f"{path!r} is gone from the server"
    if expected is None:
        return f"{path!r} has appeared on the server"
    return f"{path!r} has changed on the server"

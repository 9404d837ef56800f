"""A WebDAV server as an endpoint."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from syncfs.core import paths
from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import Entry, Kind, Written
from syncfs.core.listing import AS_MARKED, Listing, ListingStatus
from syncfs.endpoint.endpoint import Content, Finding, Source
from syncfs.endpoint.webdav.clock import SECOND_NS
from syncfs.endpoint.webdav.download import opened, stream
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.probing import NotProbedError, probe, scratches
from syncfs.endpoint.webdav.profile import SetMtime
from syncfs.endpoint.webdav.properties import QUOTA_AVAILABLE, ask_properties
from syncfs.endpoint.webdav.publish import publish
from syncfs.endpoint.webdav.remote import Found, Remote
from syncfs.endpoint.webdav.session import Session
from syncfs.endpoint.webdav.turn import turn
from syncfs.endpoint.webdav.wire import Wire
from syncfs.errors import EndpointUnavailableError, PathError, StaleEntryError, UnsupportedNameError

if TYPE_CHECKING:
    from webdav4.fsspec import WebdavFileSystem

__all__ = ["WebdavEndpoint"]

_log = logging.getLogger("syncfs")


_MOST_LEVELS = 256
_TOO_DEEP = (
    f"it is more than {_MOST_LEVELS} levels deep: does a directory on the server contain itself, by a link?"
)


class WebdavEndpoint:
    """A directory on a WebDAV server: see `Endpoint`, whose every method this one has."""

    def __init__(self, fs: WebdavFileSystem, path: str = "") -> None:
        """Look at a directory through a `webdav4` filesystem as users build it.

        Args:
            fs: Its HTTP client is used, with its credentials and settings; it is never closed.
            path: The directory inside the filesystem, `/`-separated and not percent-encoded; `""` for
                all of it.
        """
        from syncfs.endpoint.webdav.client import wire_of

        self._begin(*wire_of(fs, path))

    @classmethod
    def over(cls, wire: Wire, location: Location, capabilities: Mapping[str, Any] | None = None) -> Self:
        """Look at a place over a wire that leads there.

        Args:
            wire: The wire.
            location: The place.
            capabilities: What the server can do, where the user knows better: names and values as
                `syncfs probe --json` shows them; checked.
        """
        made = cls.__new__(cls)
        made._begin(wire, location, capabilities)
        return made

    def _begin(self, wire: Wire, location: Location, capabilities: Mapping[str, Any] | None = None) -> None:
        self._location = location
        self._remote = Remote(Session(wire, location), location, capabilities)
        self._capabilities = self._as_known()
        self._root: Found | None = None
        self._scratches: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"WebdavEndpoint({self.url!r})"

    @property
    def url(self) -> str:
        """The root, `webdav(s)://user@host/path`, percent-encoded, without a password."""
        return self._location.url

    @property
    def identity(self) -> str | None:
        """Names the root for the pair's state; equals `url`, which has one spelling for one place."""
        return self._location.url

    @property
    def capabilities(self) -> Capabilities:
        """What this side can do; settled by `check_root`."""
        return self._capabilities

    def check_root(self) -> str | None:
        """Make sure that the root can be listed; learn the kind of server and its clock.

        It lists the root, and the first `list("")` after it takes that listing, unless something was
        written in between.

        Returns:
            None: a server has nothing that tells a root from another in its place.

        Raises:
            EndpointUnavailableError: See `Endpoint.check_root`.
        """
        try:
            found = self._remote.find("", depth=1, collection=True)
            is_file = found.status.itself.kind is not Kind.DIRECTORY
        except EndpointUnavailableError:
            raise
        except OSError as error:
            if not self._is_file(error):
                raise self._unavailable(error) from self._cause(error)
            found, is_file = None, True
        if found is None or is_file:
            cause = NotADirectoryError(20, "not a directory", self.url)
            raise EndpointUnavailableError(f"{self.url} is a file, not a directory") from cause
        self._root = found
        self._scratches = scratches(found.status.children)
        self._capabilities = self._as_known()
        return None

    def recall(self, facts: Mapping[str, Any] | None) -> None:
        """Take what an earlier run learnt of this server: see `Learning`."""
        self._remote.knowledge.recall(facts)

    def learn(self, *, anew: bool = False) -> bool:
        """Find out by writing what the server can do: see `Learning`; about 60 to 130 requests, once."""
        remote = self._remote
        if remote.knowledge.is_settled and not anew:
            return False
        before = self._capabilities
        self._root = None
        try:
            found = probe(remote, remote.knowledge.known, self._scratches)
        except NotProbedError as error:
            if anew:
                raise PathError(f"{self.url} tells nothing about itself: {error}") from None
            _log.info("%s: what the server can do was not found out: %s", self.url, error)
            return False
        remote.knowledge.learn(found.to_dict())
        self._capabilities = self._as_known()
        return self._capabilities != replace(before, clock_skew_ns=self._capabilities.clock_skew_ns)

    @property
    def is_settled(self) -> bool:
        """Whether enough is known: see `Learning`."""
        return self._remote.knowledge.is_settled

    @property
    def facts(self) -> dict[str, Any] | None:
        """What the next run should be told: see `Learning`."""
        return self._remote.knowledge.facts

    @property
    def findings(self) -> Sequence[Finding]:
        """What is known of the server, and what follows from it: see `Learning`."""
        from syncfs.endpoint.webdav.explained import explained

        return explained(self._remote.profile)

    def _as_known(self) -> Capabilities:
        profile = self._remote.profile
        return Capabilities(
            keeps_mtime=profile.sets_mtime is not SetMtime.NO,
            mtime_grain_ns=SECOND_NS,
            lists_dotfiles=profile.lists_dotfiles,
            folds_case=profile.folds_case,
            folds_unicode=profile.folds_unicode,
            creates_exclusively=profile.writes_in_place and profile.serialises,
            replaces_exclusively=profile.writes_in_place and profile.serialises,
            clock_skew_ns=self._remote.session.clock.skew_ns,
        )

    def make_root(self) -> None:
        """Make the root, whose parent exists: see `Endpoint.make_root`."""
        try:
            answer = self._remote.session.repeat(
                lambda: self._remote.session.ask("MKCOL", self._location.root, {})
            )
        except EndpointUnavailableError:
            raise
        except OSError as error:
            raise self._unavailable(error) from None
        if answer.status in (201, 405):
            return
        if answer.status in (404, 409):
            raise EndpointUnavailableError(
                f"{self.url} cannot be made: the directory above it is missing"
            ) from FileNotFoundError(2, "not found", self.url)
        raise EndpointUnavailableError(f"{self.url} cannot be made: status {answer.status}")

    def list(self, path: str) -> Listing:
        """List one directory with one PROPFIND: see `Endpoint.list`."""
        return replace(self.list_unless(path, None), mark=None)

    def list_unless(self, path: str, mark: bytes | None) -> Listing:
        """List one directory, unless its body still bears a mark: see `Marking`."""
        found, self._root = (self._root, None) if not path else (None, self._root)
        if path.count("/") >= _MOST_LEVELS:
            return Listing(status=ListingStatus.REFUSED, reason=_TOO_DEEP)
        try:
            if found is None:
                found = self._remote.find_unless(path, mark)
            if found is None or (mark is not None and found.mark == mark):
                return AS_MARKED
        except EndpointUnavailableError:
            raise
        except (PermissionError, FileNotFoundError, UnsupportedNameError) as error:
            # Whoever asked saw the name in its parent: 404 is a definite answer, no proof of absence.
            return Listing(status=ListingStatus.REFUSED, reason=_words(error))
        except OSError as error:
            return Listing(status=ListingStatus.FAILED, reason=_words(error))
        if found.status.itself.kind is not Kind.DIRECTORY:
            return Listing(
                status=ListingStatus.REFUSED, reason=f"{path!r} is a file, not a directory, by now"
            )
        return self._listed(path, found)

    def _listed(self, path: str, found: Found) -> Listing:
        """What a listing's reply says; for an endpoint that asks for more (`Remote.extra`)."""
        return found.listing()

    def stat(self, path: str) -> Entry | None:
        """Look at one path with PROPFIND, Depth 0; None when nothing is there."""
        return self._remote.look(path)

    def read(self, path: str, expect: Entry) -> AbstractContextManager[Source]:
        """Open a file for a copy: see `Endpoint.read`."""
        return opened(self._remote, path, expect)

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for a comparator, as it is now."""
        return stream(self._remote, path)

    def turn(self, cancel: threading.Event) -> AbstractContextManager[None]:
        """Keep others from writing at the same instant: see `TurnTakingEndpoint`."""
        self._root = None
        profile = self._remote.profile
        return turn(self._remote, cancel) if profile.gives_turns and not profile.serialises else nullcontext()

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        """Put a file in place: see `Endpoint.write` and the package's *Decisions*."""
        self._root = None
        return publish(self._remote, path, content, expect=expect, token=token)

    def make_directory(self, path: str) -> None:
        """Make one directory with one MKCOL: see `Endpoint.make_directory`."""
        self._root = None
        remote = self._remote
        remote.demand_name(path)
        target = self._location.target(path, collection=True)

        def make() -> None:
            answer = remote.session.ask("MKCOL", target, {})
            if answer.status in (200, 201) and remote.is_long(path) and remote.look(path) is None:
                raise UnsupportedNameError(f"{path!r} is longer than this server takes, it seems", path=path)
            if answer.status in (200, 201):
                return
            try:
                found = remote.look(path)
            except (PermissionError, PathError):  # the server will not even look for such a name
                found = None
            if found is None:
                raise remote.failure(answer, "cannot make directory", path)
            if found.kind is not Kind.DIRECTORY:
                raise StaleEntryError(f"{path!r} is a file on the server", path=path)

        remote.session.repeat(make)

    def remove_file(self, path: str, *, expect: Entry) -> None:
        """Remove a file for good: see `Endpoint.remove_file`."""
        self._root = None
        remote = self._remote
        target, conditions = self._location.target(path), remote.conditions("DELETE", path, expect)
        answer = remote.session.ask("DELETE", target, conditions)
        if answer.status == 412:
            # For the tag's weakness, or because it changed: only a look can tell.
            remote.expect(path, expect)
            answer = remote.session.ask("DELETE", target, {})
        if answer.status in (404, 410):
            raise StaleEntryError(f"{path!r} is gone from the server", path=path)
        if answer.status not in (200, 202, 204):
            raise remote.failure(answer, "cannot remove", path)

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory: see `Endpoint.remove_directory`.

        DELETE takes everything below with it, so the directory is listed first; where a listing hides
        names, nothing can show that it is empty.

        Raises:
            PathError: The server hides dotfiles.
        """
        self._root = None
        remote = self._remote
        if not remote.profile.lists_dotfiles:
            raise PathError(
                f"cannot remove the directory {path!r}: this server hides dotfiles and removes "
                "directories with all that is in them; remove it by hand if it is empty",
                path=path,
            )
        try:
            status = remote.find(path, depth=1, collection=True).status
        except FileNotFoundError:
            raise StaleEntryError(f"{path!r} is gone from the server", path=path) from None
        if status.itself.kind is not Kind.DIRECTORY:
            raise StaleEntryError(f"{path!r} is a file on the server", path=path)
        if status.children:
            raise StaleEntryError(f"{path!r} is not empty on the server", path=path)
        answer = remote.session.ask("DELETE", self._location.target(path, collection=True), {})
        if answer.status not in (200, 202, 204, 404, 410):
            raise remote.failure(answer, "cannot remove the directory", path)

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        """Rename without overwriting: see `Endpoint.move`."""
        self._root = None
        remote, location = self._remote, self._location
        remote.demand_name(to)
        remote.demand_given(path, to)
        is_directory = expect.kind is Kind.DIRECTORY
        headers = {"Destination": remote.destination(to, collection=is_directory), "Overwrite": "F"}
        remote.expect(path, expect)
        if is_directory or not remote.profile.heeds_overwrite:
            # Directories always: lighttpd replaces a file by one in spite of `Overwrite: F`.
            remote.expect(to, None)
        if remote.profile.moves_make_parents:
            remote.demand_directory(to)
        guard = {} if is_directory else remote.tagged("MOVE", path, expect)
        target = location.target(path, collection=is_directory)
        answer = remote.session.ask("MOVE", target, headers | guard)
        if answer.status == 412:
            if guard:
                remote.expect(path, expect)
            raise StaleEntryError(f"something stands at {to!r} on the server", path=to)
        if answer.status not in (200, 201, 204):
            raise remote.failure(answer, f"cannot rename {path!r} to", to, is_taken_by_any=True)
        if is_directory or expect.size_bytes is None:
            return None
        etag = expect.etag if remote.profile.keeps_etag_on_move else None
        return Written(expect.size_bytes, etag, expect.mtime_ns, expect.mtime_ns)

    def remove_leftover(self, path: str) -> None:
        """Remove a temporary file of a dead run; nothing happens when it is gone."""
        if not paths.is_temporary(paths.split(path)[1]):
            raise PathError(f"not a temporary file of ours: {path!r}", path=path)
        answer = self._remote.session.ask("DELETE", self._location.target(path), {})
        if answer.status not in (200, 202, 204, 404, 410):
            raise self._remote.failure(answer, "cannot remove", path)

    def free_bytes(self) -> int | None:
        """What the quota property says (RFC 4331), with one PROPFIND; None where it says nothing."""
        if not self._remote.profile.tells_quota:
            return None
        try:
            told = ask_properties(self._remote.session, self._location.root, (QUOTA_AVAILABLE,))
        except EndpointUnavailableError:
            raise
        except OSError:
            return None
        text = told[0][1].get(QUOTA_AVAILABLE, "") if told else ""
        # Nextcloud says -3 for no limit.
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None

    def flush(self) -> None:
        """Nothing to do: what a server has confirmed is its own to keep."""

    def _is_file(self, error: OSError) -> bool:
        """Whether the root could not be listed because it is a file (Apache answers 400 to `file/`)."""
        if isinstance(error, (ConnectionError, TimeoutError, PermissionError)):
            return False
        if isinstance(error, PathError) and error.retryable:
            return False
        try:
            return self._remote.find("", depth=0, collection=False).status.itself.kind is Kind.FILE
        except OSError:
            return False

    def _unavailable(self, error: OSError) -> EndpointUnavailableError:
        is_transport = isinstance(error, (ConnectionError, TimeoutError))
        retryable = is_transport or (isinstance(error, PathError) and error.retryable)
        if isinstance(error, FileNotFoundError):
            words = f"{self.url} does not exist on the server"
        elif isinstance(error, PermissionError):
            words = f"{self.url} may not be listed: the server forbids it"
        elif is_transport:
            words = f"cannot reach {self.url}: {error.strerror or error}"
        else:
            words = f"cannot use {self.url}: {_words(error)}"
        return EndpointUnavailableError(words, retryable=retryable)

    @staticmethod
    def _cause(error: OSError) -> BaseException | None:
        """Only what callers tell apart: a missing root from the rest."""
        return error if isinstance(error, (FileNotFoundError, PermissionError)) else None


def _words(error: OSError) -> str:
    return error.strerror or str(error)

"""What a probe asks of a server, in a scratch collection."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from functools import partial

from syncfs.core import paths
from syncfs.core.entry import Entry, Kind
from syncfs.endpoint.webdav.clock import SECOND_NS
from syncfs.endpoint.webdav.etag import normalised_etag
from syncfs.endpoint.webdav.profile import UNKNOWN, Etags, Profile, SetMtime
from syncfs.endpoint.webdav.properties import (
    QUOTA_AVAILABLE,
    QUOTA_USED,
    ask_properties,
    set_property,
)
from syncfs.endpoint.webdav.remote import Remote
from syncfs.endpoint.webdav.session import Answer
from syncfs.errors import PathError

__all__ = ["Questions"]

_SUSPECTS = "?#;%\\\t\r\x01"
"""Characters that some server loses; `%` with two digits after it, and 0x01 for the other controls."""
_NO_NAMES = "0"
"""Names that a program may take for none."""
_CONTROLS = frozenset(map(chr, [*range(1, 32), 127])) - frozenset("\t\r\n")
_BODY_BYTES = 256 << 10
_OLD = b"old"
_ABORT_S = 0.7
"""How long a server has to do to a file what it does when an upload breaks off."""
_TICK_S = 0.03
"""Longer than a kernel's tick, by which a disk stamps its files: two writes within one look alike."""
_MTIME_S = 1_000_000_000
_DEAD_PROPERTY = "urn:syncfs: probe"  # npm's server cuts a name off at its last colon
_OTHER_TAG = '"syncfs-no-such-tag"'
_IF_TRIALS = {
    "PUT": ((False, "f"), (True, "f")),
    "MOVE": ((False, "f"), (False, "g"), (True, "f"), (True, "g")),
    "DELETE": ((False, "f"), (True, "f")),
}
"""Per method: whether the tag is the right one, and of which file: `f`, or a MOVE's target `g`."""


class _BrokenOffError(Exception):
    """Ends an upload half-way."""


class Questions:
    """Questions to one scratch collection; each is independent of the others."""

    def __init__(self, remote: Remote, scratch: str) -> None:
        self._remote, self._scratch = remote, scratch
        self._session, self._location = remote.session, remote.location

    # -- the questions -------------------------------------------------------------------------------

    def everything(self, known: Profile, *, lists_dotfiles: bool) -> Profile:
        """Ask all of them.

        Args:
            known: What is known of this kind of server.
            lists_dotfiles: What was found before.

        Raises:
            PathError: The scratch collection does not behave as one.
        """
        found = replace(
            UNKNOWN,
            name=known.name,
            dies_of_if=known.dies_of_if,
            reads_whole=known.reads_whole,
            moves_without_gap=known.moves_without_gap,
            serialises=known.serialises,
            gives_turns=known.gives_turns,
            unsafe_in_paths=known.unsafe_in_paths,
            longest_name_bytes=known.longest_name_bytes,
            lists_dotfiles=lists_dotfiles,
        )
        aborted_s = time.monotonic()
        is_broken_off = self._break_off()
        found = self._mtime(found)
        found = self._tags(found)
        found = self._conditions(found)
        found = self._moves(found)
        found = self._properties(found)
        found = self._names(found)
        found = self._collections(found)
        time.sleep(max(0.0, aborted_s + _ABORT_S - time.monotonic()))
        old = self._remote.look(self._path("old"))
        return replace(
            found,
            keeps_old_on_abort=is_broken_off and old is not None and old.size_bytes == len(_OLD),
            hides_new_on_abort=is_broken_off and self._remote.look(self._path("new")) is None,
        )

    def lists_dotfiles(self) -> bool:
        """Whether a listing shows them."""
        return self._put(".dot", b"x").status < 300 and ".dot" in self._list()

    def _break_off(self) -> bool:
        """Two uploads that break off, over an old file and of a new one; whether the server has seen them."""
        self._must_put("whole", bytes(_BODY_BYTES))  # else a refusal of the size would pass for care
        self._must_put("old", _OLD)
        return all([self._put_half("old"), self._put_half("new")])

    def _tags(self, found: Profile) -> Profile:
        """The kind of tags, and whether a PUT's reply names the one that a listing will show."""
        # rclone's server makes its reply's tag before it sets the mtime, which the listed tag holds.
        dated = {"X-OC-Mtime": str(_MTIME_S)} if found.sets_mtime is SetMtime.HEADER else {}
        answer = self._must_put("tag", b"1", dated)
        replied = normalised_etag(answer.etag)
        is_replied = replied is not None and replied == self._must_look("tag").etag
        first, second, is_weak = self._two_of_one_size()
        for _ in range(2):
            if first.mtime_ns != second.mtime_ns:  # a second has passed, which says nothing
                first, second, is_weak = self._two_of_one_size()
        if first.etag is None or second.etag is None:
            return replace(found, etags=Etags.NONE)
        kind = Etags.COARSE if first.etag == second.etag else Etags.WEAK if is_weak else Etags.STRONG
        self._must_put("tag", bytes(0x5A5))
        longer = self._must_look("tag")
        return replace(
            found,
            etags=kind,
            replies_with_etag=is_replied,
            ends_etag_in_size=kind is not Etags.COARSE
            and all(
                entry.etag is not None and entry.etag.endswith(f"{entry.size_bytes:x}")
                for entry in (first, longer)
            ),
        )

    def _two_of_one_size(self) -> tuple[Entry, Entry, bool]:
        """A file before and after it is rewritten at once; and whether its tag is marked weak."""
        self._must_put("tag", b"1")
        told = ask_properties(self._session, self._target("tag"), ("DAV: getetag",))
        raw = next((properties.get("DAV: getetag", "") for _, properties in told), "")
        first = self._must_look("tag")
        time.sleep(_TICK_S)
        self._must_put("tag", b"2")
        return first, self._must_look("tag"), raw.startswith(("W/", "w/"))

    def _conditions(self, found: Profile) -> Profile:
        self._must_put("f", b"1")
        none_match = self._put("f", b"2", {"If-None-Match": "*"})
        fragment = self._put("fragment", b"1", {"Content-Range": "bytes 0-0/2"})
        found = replace(
            found,
            heeds_if_none_match=none_match.status == 412,
            stores_fragments=fragment.status < 300,
            heeds_if_match=self._heeding({"If-Match": _OTHER_TAG}),
        )
        # `If` is of use only where young tags are weak, so that `If-Match` is refused for its own reason.
        if found.etags is Etags.WEAK and not found.dies_of_if:
            found = replace(found, heeds_if=self._obeying_if())
        elif found.etags is not Etags.NONE and "PUT" in found.heeds_if_match and not self._takes_own_tag():
            found = replace(found, heeds_if_match=frozenset())
        return found

    def _takes_own_tag(self) -> bool:
        """Whether the right tag passes: a condition that refuses everything is of no use."""
        self._must_put("f", b"1")
        entry = self._must_look("f")
        return self._put("f", b"2", {"If-Match": f'"{entry.etag}"'}).status < 300

    def _heeding(self, condition: dict[str, str]) -> frozenset[str]:
        """The methods that refuse to act on a file that is not the named one."""
        heeding = set()
        for method, headers in (
            ("PUT", {}),
            ("MOVE", {"Destination": self._absolute("g"), "Overwrite": "F"}),
            ("DELETE", {}),
        ):
            if self._remote.look(self._path("f")) is None:
                self._must_put("f", b"1")
            body = b"2" if method == "PUT" else None
            answer = self._session.ask(method, self._target("f"), {**headers, **condition}, body)
            if answer.status == 412:
                heeding.add(method)
        if "DELETE" in heeding and not self._keeps_directory(condition):
            heeding.discard("DELETE")
        return frozenset(heeding)

    def _keeps_directory(self, condition: dict[str, str]) -> bool:
        """Whether a DELETE meant for a file spares the directory that took its place; WsgiDAV's does not."""
        self._session.ask("MKCOL", self._location.target(self._path("taken"), collection=True), {})
        self._session.ask("DELETE", self._target("taken"), condition)
        return self._remote.look(self._path("taken")) is not None

    def _obeying_if(self) -> frozenset[str]:
        """The methods that obey `If`: the wrong tag is refused, the right one passes."""
        obeying = set()
        for method in ("PUT", "MOVE", "DELETE"):
            statuses = [
                self._with_if(method, is_right=is_right, of=of) for is_right, of in _IF_TRIALS[method]
            ]
            refused = [status == 412 for status in statuses]
            if refused == [not is_right for is_right, _ in _IF_TRIALS[method]]:
                obeying.add(method)
        return frozenset(obeying)

    def _with_if(self, method: str, *, is_right: bool, of: str) -> int:
        """One request guarded by `If` with the tag of the file `of`, which it changes."""
        self._must_put("f", b"1")
        self._must_put("g", b"2")
        tag = f'"{self._must_look(of).etag}"' if is_right else _OTHER_TAG
        headers = {"If": f"<{self._absolute(of)}> ([{tag}])"}
        if method == "MOVE":
            headers |= {"Destination": self._absolute("g"), "Overwrite": "T"}
        body = b"3" if method == "PUT" else None
        return self._session.ask(method, self._target("f"), headers, body).status

    def _moves(self, found: Profile) -> Profile:
        self._must_put("from", b"1")
        self._must_put("to", b"two")
        before = self._must_look("from")
        refused = self._move("from", "to", overwrite="F")
        is_heeded = refused.status == 412 and self._must_look("to").size_bytes == 3
        if refused.status >= 300:
            self._move("from", "to", overwrite="T")
        after = self._remote.look(self._path("to"))
        keeps = after is not None and after.etag is not None and after.etag == before.etag
        self._must_put("from", b"1")
        makes_parents = self._move("from", "missing/to", overwrite="F").status < 300
        return replace(
            found,
            heeds_overwrite=is_heeded,
            moves_make_parents=makes_parents,
            keeps_etag_on_move=keeps,
            lost_names=frozenset(name for name in _NO_NAMES if not self._is_given(name)),
        )

    def _is_given(self, name: str) -> bool:
        """Whether a MOVE from another directory gives a name."""
        self._session.ask("MKCOL", self._location.target(self._path("other"), collection=True), {})
        self._must_put("other/from", b"1")
        return self._move("other/from", name, overwrite="F").status < 300 and name in self._list()

    def _mtime(self, found: Profile) -> Profile:
        """Settable, and still so after a MOVE."""
        for way in (SetMtime.HEADER, SetMtime.GETLASTMODIFIED, SetMtime.LASTMODIFIED):
            headers = {"X-OC-Mtime": str(_MTIME_S)} if way is SetMtime.HEADER else {}
            self._must_put("dated", b"1", headers)
            if way is SetMtime.GETLASTMODIFIED:
                set_property(
                    self._session, self._target("dated"), f"DAV: {way}", formatdate(_MTIME_S, usegmt=True)
                )
            elif way is SetMtime.LASTMODIFIED:
                set_property(self._session, self._target("dated"), f"DAV: {way}", str(_MTIME_S))
            if self._must_look("dated").mtime_ns == _MTIME_S * SECOND_NS:
                self._move("dated", "dated-moved", overwrite="T")
                moved = self._remote.look(self._path("dated-moved"))
                if moved is not None and moved.mtime_ns == _MTIME_S * SECOND_NS:
                    return replace(found, sets_mtime=way)
        return found

    def _properties(self, found: Profile) -> Profile:
        here = self._location.target(self._scratch, collection=True)
        quota = [told for _, told in ask_properties(self._session, here, (QUOTA_AVAILABLE, QUOTA_USED))]
        found = replace(
            found, tells_quota=bool(quota) and quota[0].get(QUOTA_AVAILABLE, "").lstrip("-").isdecimal()
        )
        self._must_put("marked", b"1")
        set_property(self._session, self._target("marked"), _DEAD_PROPERTY, "kept")
        if not self._is_marked("marked"):
            return found
        survives = set()
        self._must_put("marked", b"2")
        if self._is_marked("marked"):
            survives.add("PUT")
        set_property(self._session, self._target("marked"), _DEAD_PROPERTY, "kept")
        self._move("marked", "marked-moved", overwrite="T")
        if self._is_marked("marked-moved"):
            survives.add("MOVE")
        return replace(found, keeps_dead_properties=True, dead_properties_survive=frozenset(survives))

    def _is_marked(self, name: str) -> bool:
        told = ask_properties(self._session, self._target(name), (_DEAD_PROPERTY,))
        return any(properties.get(_DEAD_PROPERTY) == "kept" for _, properties in told)

    def _names(self, found: Profile) -> Profile:
        self._must_put("Fold\u00e9", b"1")
        other_form = unicodedata.normalize("NFD", "Fold\u00e9")
        folds_case = self._remote.look(self._path("fOLD\u00c9")) is not None
        folds_unicode = self._remote.look(self._path(other_form)) is not None
        unsafe = self._lost(_SUSPECTS, self._is_stored)
        rest = "".join(each for each in _SUSPECTS if each not in unsafe)
        lost, ends_in_slash = self._lost(rest, self._is_moved_right), False
        if ";" in lost and self._is_moved_right("t;x", end="/"):
            lost, ends_in_slash = self._lost(rest, partial(self._is_moved_right, end="/")), True
        return replace(
            found,
            folds_case=folds_case,
            folds_unicode=folds_unicode,
            unsafe_in_names=_with_controls(unsafe),
            unsafe_in_destination=_with_controls(lost),
            ends_destinations_in_slash=ends_in_slash,
        )

    def _lost(self, suspects: str, survives: Callable[[str], bool]) -> frozenset[str]:
        """The characters with which a name does not survive: all in one name first, then each."""
        if not suspects or survives("t" + "".join(map(_spelled, suspects)) + "x"):
            return frozenset()
        return frozenset(each for each in suspects if not survives(f"t{_spelled(each)}x"))

    def _is_stored(self, name: str) -> bool:
        """Whether a name can be put, and is listed as it is."""
        if self._put(name, b"1").status >= 300 or not self._is_listed(name):
            return False
        if min(name) >= " ":
            return True
        time.sleep(_TICK_S)  # rclone shows a control character as it was given until it looks again
        return self._is_listed(name)

    def _is_moved_right(self, name: str, *, end: str = "") -> bool:
        """Whether a MOVE puts a file under this very name."""
        self._must_put("t0", b"1")
        self._session.ask("DELETE", self._target(name), {})
        headers = {"Destination": self._absolute(name) + end, "Overwrite": "F"}
        answer = self._session.ask("MOVE", self._target("t0"), headers)
        return answer.status < 300 and self._is_listed(name)

    def _is_listed(self, name: str) -> bool:
        """Whether a name is shown as it is; one with which nothing can be shown is taken away again.

        For a moment after it was written, rclone breaks its listing off at a control character; then it
        shows a picture of it.
        """
        try:
            return name in self._list()
        except PathError:
            self._session.ask("DELETE", self._target(name), {})
            return False

    def _collections(self, found: Profile) -> Profile:
        again = self._session.ask("MKCOL", self._location.target(self._scratch, collection=True), {})
        bare = self._session.ask("MKCOL", self._target("bare"), {})
        inner = self._location.target(self._path("inner"), collection=True)
        deep = False
        if self._session.ask("MKCOL", inner, {}).status == 201:
            self._must_put("inner/deep", b"1")
            here = self._location.target(self._scratch, collection=True)
            listed = ask_properties(self._session, here, ("DAV: resourcetype",), depth="infinity")
            deep = any(href.rstrip("/").endswith("/inner/deep") for href, _ in listed)
        return replace(
            found,
            mkcol_on_existing=again.status,
            needs_collection_slash=bare.status >= 300,
            lists_infinitely=deep,
        )

    # -- how they are asked --------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        return paths.join(self._scratch, name)

    def _target(self, name: str) -> str:
        return self._location.target(self._path(name))

    def _absolute(self, name: str) -> str:
        return self._location.absolute(self._path(name))

    def _list(self) -> dict[str, Entry]:
        return self._remote.find(self._scratch, depth=1, collection=True).status.children

    def _must_look(self, name: str) -> Entry:
        entry = self._remote.look(self._path(name))
        if entry is None or entry.kind is not Kind.FILE:
            raise PathError("a scratch file is gone")
        return entry

    def _put(self, name: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        headers = {"Content-Type": "application/octet-stream", **(headers or {})}
        return self._session.ask("PUT", self._target(name), headers, body)

    def _must_put(self, name: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        answer = self._put(name, body, headers)
        if not 200 <= answer.status < 300:
            raise PathError(f"a scratch file cannot be written: status {answer.status}")
        return answer

    def _put_half(self, name: str) -> bool:
        """Announce a body, send half of it, and hang up; False when it ended otherwise."""

        def body() -> Iterator[bytes]:
            yield bytes(_BODY_BYTES // 2)
            time.sleep(_TICK_S)
            yield b"\0"  # shows whether a refusal has come meanwhile
            raise _BrokenOffError

        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(_BODY_BYTES)}
        try:
            self._session.ask("PUT", self._target(name), headers, body())
        except _BrokenOffError:
            return True
        except (ConnectionError, TimeoutError):
            pass
        return False  # an early reply, or no connection: nothing was tried out

    def _move(self, name: str, to: str, *, overwrite: str) -> Answer:
        headers = {"Destination": self._absolute(to), "Overwrite": overwrite}
        return self._session.ask("MOVE", self._target(name), headers)


def _spelled(character: str) -> str:
    return "%41" if character == "%" else character


def _with_controls(found: frozenset[str]) -> frozenset[str]:
    # A line break is never tried (see `Profile.unsafe_in_paths`); whoever loses a return loses it too.
    found |= {"\n"} if "\r" in found else set()
    return found | _CONTROLS if "\x01" in found else found

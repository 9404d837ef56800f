"""What a remote can do: facts, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

__all__ = ["UNKNOWN", "Etags", "Profile", "SetMtime"]


class Etags(StrEnum):
    """What kind of entity tags files have."""

    NONE = "none"
    COARSE = "coarse"
    """A same-size rewrite within the same second leaves the tag as it was."""
    WEAK = "weak"
    """Marked weak, if only while a file is young (Apache, about 2 s): useless in `If-Match`."""
    STRONG = "strong"


class SetMtime(StrEnum):
    """How a file is given an mtime."""

    NO = "no"
    HEADER = "X-OC-Mtime"
    """A header of its PUT, in whole seconds."""
    GETLASTMODIFIED = "getlastmodified"
    """PROPPATCH of this property, an HTTP date."""
    LASTMODIFIED = "lastmodified"
    """PROPPATCH of this property, in whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one remote can do; the defaults trust nothing.

    Attributes:
        name: The kind of server, for messages.
        lists_infinitely: `Depth: infinity` is answered, and with more than one level.
        lists_dotfiles: A listing shows names that begin with a dot.
        etags: The kind of entity tags.
        heeds_if_match: The methods (of PUT, DELETE, MOVE) that refuse an `If-Match` with another tag; DELETE
            only where it spares a directory too, which may have taken the file's place.
        heeds_if_none_match: PUT with `If-None-Match: *` refuses to overwrite.
        heeds_if: The methods (of the same) that obey `If` with an entity tag, MOVE for the source and for
            the target, whatever their names and even while the tag is called weak: mod_dav compares
            weakly there, which RFC 9110 forbids for `If-Match`.
        heeds_overwrite: MOVE with `Overwrite: F` refuses to overwrite.
        moves_make_parents: MOVE makes the target's directory when it is missing.
        keeps_old_on_abort: A PUT that breaks off leaves the old file as it was.
        hides_new_on_abort: A PUT of a new name that breaks off leaves nothing under it.
        reads_whole: Whoever reads a file while it is replaced by PUT gets the old content or the new.
            Known, never probed.
        moves_without_gap: While a MOVE replaces a file there is no moment without one. Known, never
            probed; None where it is not known.
        replies_with_etag: The reply to a PUT names the tag that listings show.
        keeps_etag_on_move: A file's entity tag survives a MOVE.
        ends_etag_in_size: A tag ends in the size in hex.
        sets_mtime: How a file is given an mtime.
        keeps_dead_properties: A property that the server does not know is stored.
        dead_properties_survive: What it survives (of PUT, MOVE).
        tells_quota: The quota properties (RFC 4331) hold numbers.
        stores_fragments: PUT with `Content-Range` stores the fragment as if it were the file.
        mkcol_on_existing: The status of a MKCOL of what is there.
        needs_collection_slash: MKCOL wants its slash.
        folds_case: Names that differ in case only are one.
        folds_unicode: Names that differ in their Unicode normal form only are one.
        serialises: A condition is checked and acted upon as one: of several who send the same, one
            succeeds. Known, never probed: seeing no race proves nothing. Of eight at once on Apache, up to
            five created one name and four replaced one version: see `gives_turns`.
        gives_turns: MKCOL of what is there is refused, also when both come at the same instant, and a
            collection that is removed is gone: it can serve as a sign that somebody is writing. Known, never
            probed.
        unsafe_in_paths: Characters that no path below the root may hold, whatever is done to it.
            sabre/dav takes what is below a directory with a line break in its name for the server's whole
            root: one DELETE there removed everything. Never probed.
        unsafe_in_names: Characters that no name can hold here: it is refused, or listed as another one.
        longest_name_bytes: A longer name cannot be held, or not be removed again; 0 where that is not known.
        unsafe_in_destination: Characters of a path that a MOVE's `Destination` loses here, or may lose:
            what comes after them is cut off, so that a file would land on another one's name. WsgiDAV
            decodes the header before it takes it apart as a URL.
        lost_names: Names that a MOVE from another directory does not give: what it moves keeps its old
            name, and takes the place of whatever has that name there. sabre/dav takes `0` for none.
        ends_destinations_in_slash: A file's `Destination` is given a slash too: it keeps WsgiDAV from
            cutting a name at its `;`.
        dies_of_if: An `If` header ends the server's process: it is never sent, not even to find out.
    """

    name: str
    lists_infinitely: bool = False
    lists_dotfiles: bool = True
    etags: Etags = Etags.WEAK
    heeds_if_match: frozenset[str] = frozenset()
    heeds_if_none_match: bool = False
    heeds_if: frozenset[str] = frozenset()
    heeds_overwrite: bool = True
    moves_make_parents: bool = False
    keeps_old_on_abort: bool = False
    hides_new_on_abort: bool = False
    reads_whole: bool = False
    moves_without_gap: bool | None = None
    replies_with_etag: bool = False
    keeps_etag_on_move: bool = False
    ends_etag_in_size: bool = False
    sets_mtime: SetMtime = SetMtime.NO
    keeps_dead_properties: bool = False
    dead_properties_survive: frozenset[str] = frozenset()
    tells_quota: bool = False
    stores_fragments: bool = False
    mkcol_on_existing: int = 405
    needs_collection_slash: bool = False
    folds_case: bool = False
    folds_unicode: bool = False
    serialises: bool = False
    gives_turns: bool = False
    unsafe_in_paths: frozenset[str] = frozenset("\n")
    unsafe_in_names: frozenset[str] = frozenset()
    longest_name_bytes: int = 0
    unsafe_in_destination: frozenset[str] = frozenset()
    lost_names: frozenset[str] = frozenset()
    ends_destinations_in_slash: bool = False
    dies_of_if: bool = False

    @property
    def writes_in_place(self) -> bool:
        """Whether one conditional PUT is safe: it may break off, and it overwrites nothing unseen."""
        return (
            self.keeps_old_on_abort
            and self.hides_new_on_abort
            and self.heeds_if_none_match
            and "PUT" in self.heeds_if_match
        )

    def with_facts(self, facts: Mapping[str, Any]) -> Profile:
        """The same with some facts replaced, given as `to_dict` gives them.

        Raises:
            ValueError: A fact is not known, or is of another type; the message says which.
        """
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        changes = {}
        for name, value in facts.items():
            if name not in known:
                raise ValueError(f"no capability is called {name!r}; known are {', '.join(known)}")
            changes[name] = _fact(name, value, known[name])
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """All facts as JSON values; a set is a sorted list."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _fact(name: str, value: Any, old: Any) -> Any:
    """A JSON value as the type that a fact has."""
    if isinstance(old, frozenset):
        if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
            return frozenset(value)
        raise ValueError(f"{name} is a list of texts, not {value!r}")
    if isinstance(old, StrEnum):
        try:
            return type(old)(value)
        except ValueError:
            choices = ", ".join(type(old))
            raise ValueError(f"{name} is one of {choices}, not {value!r}") from None
    is_optional = name == "moves_without_gap"
    wanted = bool if is_optional else type(old)
    if type(value) is wanted or (is_optional and value is None):
        return value
    words = {bool: "true or false", int: "a number", str: "a text"}[wanted]
    raise ValueError(f"{name} is {words}, not {value!r}")


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, StrEnum) else value


UNKNOWN = Profile(name="unknown", moves_make_parents=True, unsafe_in_destination=frozenset("?#;%\t\r\n"))
"""Trust nothing: stage, look, move."""

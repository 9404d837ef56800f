"""What is known of a server, in words, and what syncfs does because of it."""

from __future__ import annotations

from collections.abc import Iterable

from syncfs.endpoint.endpoint import Finding
from syncfs.endpoint.webdav.profile import Etags, Profile, SetMtime

__all__ = ["explained"]

_METHODS = ("PUT", "DELETE", "MOVE")


def explained(profile: Profile) -> tuple[Finding, ...]:
    """One row for each thing that can be known; the values are those of `Profile.to_dict`."""
    facts = profile.to_dict()
    return tuple(Finding(name, facts[name], words) for name, words in _consequences(profile))


def _consequences(profile: Profile) -> Iterable[tuple[str, str]]:
    yield "name", "how messages call this kind of server"
    yield (
        "keeps_old_on_abort",
        "a small file is one conditional PUT; a larger one a temporary file and a MOVE"
        if profile.writes_in_place
        else "every file is a temporary file and a MOVE: a PUT that breaks off would harm the old one"
        if not profile.keeps_old_on_abort
        else "every file is a temporary file and a MOVE: see the next lines",
    )
    yield (
        "hides_new_on_abort",
        "" if profile.hides_new_on_abort else "half a file would show under a new name: never a plain PUT",
    )
    yield (
        "heeds_if_none_match",
        "a new file overwrites nothing"
        if profile.heeds_if_none_match
        else "a new file overwrites nothing: a MOVE that may not overwrite puts it in place",
    )
    yield "heeds_if_match", _guards(profile)
    yield (
        "heeds_if",
        "guards PUT and MOVE even while tags are weak"
        if profile.heeds_if
        else "never sent: it would end the server's process"
        if profile.dies_of_if
        else "not needed, or in vain",
    )
    yield (
        "heeds_overwrite",
        "renames overwrite nothing"
        if profile.heeds_overwrite
        else "each rename is guarded by a look: a file that appears in that moment would be overwritten",
    )
    yield (
        "etags",
        {
            Etags.NONE: "changes show by size and time only; an edit within a second of the last look is "
            "looked into by reading",
            Etags.COARSE: "an edit of the same size within the same second does not show by itself: what is "
            "that young is looked into by reading",
            Etags.WEAK: "changes show; a young file is looked at instead of named in If-Match",
            Etags.STRONG: "changes show; a download that broke off goes on where it was",
        }[profile.etags],
    )
    yield (
        "replies_with_etag",
        "the listing that follows a write is held against its reply: a stranger's later edit shows"
        if profile.replies_with_etag
        else "",
    )
    yield "keeps_etag_on_move", ""
    yield "ends_etag_in_size", "an upload is verified by its reply" if profile.ends_etag_in_size else ""
    yield (
        "sets_mtime",
        "files get the time of the upload; times are not compared with the other side's"
        if profile.sets_mtime is SetMtime.NO
        else "files keep their mtime, to the second"
        if profile.sets_mtime is SetMtime.HEADER
        else "files keep their mtime, to the second, for one request more each",
    )
    yield (
        "reads_whole",
        ""
        if profile.reads_whole
        else "a large download is followed by a look: another's upload may have been mixed in",
    )
    yield (
        "moves_without_gap",
        ""
        if profile.moves_without_gap
        else "others may find no file for a moment while it is replaced by a MOVE",
    )
    yield (
        "lists_dotfiles",
        ""
        if profile.lists_dotfiles
        else "dotfiles are written but never seen: a problem each, and directories are not removed",
    )
    yield "folds_case", "names that differ in case only are one file here" if profile.folds_case else ""
    yield (
        "folds_unicode",
        "names that differ in Unicode form only are one file here" if profile.folds_unicode else "",
    )
    yield (
        "unsafe_in_paths",
        "nothing below a directory with these in its name is touched, nor the directory"
        if profile.unsafe_in_paths
        else "",
    )
    yield "longest_name_bytes", "longer names are refused" if profile.longest_name_bytes else ""
    yield "unsafe_in_names", "names with these are refused" if profile.unsafe_in_names else ""
    yield (
        "unsafe_in_destination",
        "names with these are refused where a MOVE is needed" if profile.unsafe_in_destination else "",
    )
    yield (
        "lost_names",
        "nothing is moved from another directory to these names" if profile.lost_names else "",
    )
    yield "ends_destinations_in_slash", ""
    yield (
        "tells_quota",
        "a run that would not fit is refused beforehand"
        if profile.tells_quota
        else "a full disk shows only when it is full",
    )
    yield "lists_infinitely", "not used: one listing a directory shows what cannot be read"
    yield "stores_fragments", "uploads are never resumed"
    yield "keeps_dead_properties", "not used"
    yield "dead_properties_survive", ""
    yield "mkcol_on_existing", ""
    yield "needs_collection_slash", "always sent"
    yield (
        "moves_make_parents",
        "a look before each rename: its directory could be made anew" if profile.moves_make_parents else "",
    )
    yield (
        "serialises",
        "of several who write one file at once, one wins"
        if profile.serialises
        else "of several who write one file within milliseconds, more than one may be told that they did"
        + (": see gives_turns" if profile.gives_turns else ""),
    )
    yield (
        "gives_turns",
        "runs that write a few small files take turns, so that one wins: who makes the collection has it"
        if profile.gives_turns
        else "",
    )
    yield "dies_of_if", ""


def _guards(profile: Profile) -> str:
    guarded = [method for method in _METHODS if method in profile.heeds_if_match]
    others = [method for method in _METHODS if method not in profile.heeds_if_match]
    if not guarded or profile.etags is Etags.NONE:
        return "edits and deletions are guarded by a look just before: an edit in that moment is lost"
    words = f"{' and '.join(guarded)} are guarded by the entity tag"
    return f"{words}; {' and '.join(others)} by a look just before" if others else words

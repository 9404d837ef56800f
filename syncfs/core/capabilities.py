"""What a side can do and can know: plain data that decisions may rest on."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Capabilities"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one endpoint can do and can know.

    Attributes:
        keeps_mtime: A file written here shows the mtime that was asked for, to within `mtime_grain_ns`.
            False on plain WebDAV, which shows the time of the upload.
        mtime_grain_ns: The finest difference between two mtimes that this side shows.
        etag_space: Entity tags of two sides are comparable when both name the same space (two buckets of
            one object store); None when this side's tags mean nothing elsewhere.
        reads_cheaply: Reading a file costs no request (a local disk): it is digested wherever that
            settles a question.
        lists_inline: Listing costs so little that handing it to a thread would cost more.
        confirms_writes: A write returns the entry as it stands afterwards; False when only the next
            listing can tell.
        can_move: A file can be renamed on this side without its content travelling.
        lists_dotfiles: A listing shows names that begin with a dot.
        folds_case: `Readme` and `README` are one name here.
        folds_unicode: The composed and the decomposed form of a name are one name here.
        creates_exclusively: Of several who create one name at the same moment, one succeeds and the others
            are told; False where two may. Of small files, that is: what is written in more than one chunk may
            be put in place by other means.
        replaces_exclusively: The same of several who replace or remove one version of a file.
        is_writable: Files can be written here at all.
        clock_skew_ns: The side's clock minus ours, as measured; None when it was not, 0 for one clock.
    """

    keeps_mtime: bool
    mtime_grain_ns: int
    etag_space: str | None = None
    reads_cheaply: bool = False
    lists_inline: bool = False
    confirms_writes: bool = False
    can_move: bool = True
    lists_dotfiles: bool = True
    folds_case: bool = False
    folds_unicode: bool = False
    creates_exclusively: bool = False
    replaces_exclusively: bool = False
    is_writable: bool = True
    clock_skew_ns: int | None = None

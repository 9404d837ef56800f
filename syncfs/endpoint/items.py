"""Turn a detailed `ls` of an fsspec filesystem into a `Listing`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from syncfs.core.entry import Entry, Kind
from syncfs.core.listing import Listing, ListingStatus
from syncfs.core.paths import is_reserved, is_temporary, name_problem
from syncfs.endpoint.facets import entry_of_info
from syncfs.endpoint.family import Family

__all__ = ["listing_of", "may_hide_a_change"]

SLACK_NS = 2_000_000_000
"""By how much a server's clock may be behind ours for the racy rule to hold."""


def listing_of(
    items: Iterable[Mapping[str, Any]], full: str, label: str, family: Family, observed_ns: int
) -> Listing:
    """Judge what `ls` said of one directory.

    Args:
        items: What it said.
        full: The directory as the filesystem spells it.
        label: The directory as users know it, for reasons.
        family: What kind of filesystem said it.
        observed_ns: When it was asked, by this machine's clock.

    Returns:
        FAILED when a name lies elsewhere or is none: nothing such a listing says is believed. REFUSED
        when it is a file that was listed. Two items of one name (object stores can hold `a` and `a/b`) are
        UNREADABLE, so that neither is touched.
    """
    entries: dict[str, Entry] = {}
    leftovers = []
    racy = set()
    base = full.strip("/")
    for item in items:
        spelled = str(item["name"]).strip("/")
        if spelled == base:
            if item.get("type") == "file":
                return Listing(status=ListingStatus.REFUSED, reason=f"{label}: is a file now")
            continue  # some list the directory itself too
        name = spelled.removeprefix(f"{base}/") if base else spelled
        problem = "lies elsewhere" if base and name == spelled else name_problem(name)
        if problem is not None:
            reason = f"{label}: the listing cannot be trusted: {spelled!r} {problem}"
            return Listing(status=ListingStatus.FAILED, reason=reason)
        if is_reserved(name):
            if is_temporary(name) and item.get("type") == "file":
                leftovers.append(name)
            continue
        if name in entries:
            entries[name] = Entry(Kind.UNREADABLE)
            continue
        entries[name] = entry = entry_of_info(item, family)
        if may_hide_a_change(entry, observed_ns, family):
            racy.add(name)
    return Listing(entries=entries, racy=frozenset(racy), leftovers=tuple(leftovers))


def may_hide_a_change(entry: Entry, observed_ns: int, family: Family) -> bool:
    """Whether a file may change again unseen: modified just now, and no tag or digest that would tell."""
    return (
        entry.mtime_ns is not None
        and (entry.etag is None or not family.tells_by_tag)
        and entry.digest is None
        and entry.mtime_ns >= observed_ns - family.grain_ns - SLACK_NS
    )

"""What ships: comparators, conflict policies, filters and guards, registered by the same hooks as anyone's.

Decisions:
    **Mtimes that differ by less than the coarser grain are equal**, not those that differ by it: a side that
    truncates or rounds is off by less, and two clocks of one second can show a change of exactly one second.
    **Unlike entity tags in one tag space mean UNKNOWN, not DIFFERENT**: an upload in parts has another tag
    than the same content in one piece. Unlike digests of one algorithm do mean DIFFERENT.
    **A comparator learns what its sides can do by `bind`**, which returns a copy with the answer in its
    fields. One that nobody bound takes mtimes and tags for incomparable: it asks for more reading, never for
    less.
    **`content` trusts nothing but content**: a digest that a side tells may be one that it kept from before.
    **`newer` reads this machine's clock** for one thing: a time more than two days ahead of it is unknown.
    Without that, a camera set to 2076 wins every conflict for fifty years.
    **Guards are plugins of their own**, one each, so that `-p no:NAME` leaves out just the one that is in the
    way.
"""

from collections.abc import Mapping

from syncfs.builtins import comparators, executors, filters, guards, policies
from syncfs.builtins.comparators import Auto, Content, Digest, Etag, Mtime, NewerOrSize, Size
from syncfs.builtins.executors import Threads
from syncfs.builtins.filters import GitIgnore
from syncfs.builtins.policies import (
    Dst,
    Fail,
    KeepBoth,
    Larger,
    Newer,
    Older,
    Skip,
    Smaller,
    Src,
)

__all__ = [
    "PLUGINS",
    "Auto",
    "Content",
    "Digest",
    "Dst",
    "Etag",
    "Fail",
    "GitIgnore",
    "KeepBoth",
    "Larger",
    "Mtime",
    "Newer",
    "NewerOrSize",
    "Older",
    "Size",
    "Skip",
    "Smaller",
    "Src",
    "Threads",
]

PLUGINS: Mapping[str, object] = {
    "builtin-comparators": comparators,
    "builtin-policies": policies,
    "builtin-filters": filters,
    "builtin-executors": executors,
    **{guard.name: guard for guard in guards.GUARDS},
}
"""Every builtin plugin by the name that `-p no:NAME` takes."""

"""Which paths are synced at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol, runtime_checkable

from syncfs.core.paths import is_conflict_copy, is_reserved, join, original_name, split

__all__ = ["Filter", "Only", "Selection", "Tracking"]


@runtime_checkable
class Filter(Protocol):
    """Says which paths it is about: an immutable object that must pickle; called from any thread."""

    name: ClassVar[str]

    def matches(self, path: str, is_directory: bool) -> bool:
        """Whether it is about this path, relative to the roots.

        What lies below a matched directory is matched too.
        """
        ...


class Tracking(Enum):
    """What becomes of a path."""

    TRACKED = "tracked"
    PASSAGE = "passage"
    """A directory not wanted for itself: descended into, and made only when something in it is wanted."""
    EXCLUDED = "excluded"
    """Left as it is on both sides, with everything below it; never removed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which paths are synced: exclude wins; where include is given, only what matches is tracked.

    Attributes:
        include: Filters that say what is wanted; empty: everything.
        exclude: Filters that say what is left alone.
    """

    include: Sequence[Filter] = ()
    exclude: Sequence[Filter] = ()

    def of(self, path: str, is_directory: bool) -> Tracking:
        """Decide one path whose parents are not excluded."""
        if is_reserved(path.rpartition("/")[2]):
            return Tracking.EXCLUDED
        if any(each.matches(path, is_directory) for each in self.exclude):
            return Tracking.EXCLUDED
        if not self.include or any(each.matches(path, is_directory) for each in self.include):
            return Tracking.TRACKED
        return Tracking.PASSAGE if is_directory else Tracking.EXCLUDED

    @property
    def is_everything(self) -> bool:
        """Whether nothing is filtered, so that nobody needs to be asked."""
        return not self.include and not self.exclude


@dataclass(frozen=True, slots=True)
class Only:
    """One path, what lies below it, and its kept losers: for settling one conflict.

    Attributes:
        path: Relative to both roots.
    """

    path: str

    def of(self, path: str, is_directory: bool) -> Tracking:
        """Decide one path whose parents are not excluded."""
        if path == self.path or path.startswith(f"{self.path}/"):
            return Tracking.TRACKED
        directory, name = split(path)
        if is_conflict_copy(name) and join(directory, original_name(name)) == self.path:
            return Tracking.TRACKED
        return Tracking.PASSAGE if self.path.startswith(f"{path}/") else Tracking.EXCLUDED

    @property
    def is_everything(self) -> bool:
        """Never."""
        return False

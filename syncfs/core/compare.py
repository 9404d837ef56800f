"""Do both sides hold the same content? The question that comparators answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import Enum
from typing import BinaryIO, ClassVar, NamedTuple, Protocol, runtime_checkable

from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import Entry

__all__ = ["BindableComparator", "Comparator", "ContentComparator", "Openers", "Verdict"]


class Verdict(Enum):
    """The answer of a comparator; never a yes or no, which would turn "cannot know" into data loss."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """The entries do not tell: the engine probes and asks again; still unknown counts as different."""


class Openers(NamedTuple):
    """How a comparator reads the two files.

    Attributes:
        left: Opens the left file anew, in binary, at its start, as it is now.
        right: The same for the right file.
        left_key: Names the left file for whoever remembers what he read: its root's identity and its path.
            The same in every run; no secret. None where the root cannot be named.
        right_key: The same for the right file.
    """

    left: Callable[[], AbstractContextManager[BinaryIO]]
    right: Callable[[], AbstractContextManager[BinaryIO]]
    left_key: str | None = None
    right_key: str | None = None


@runtime_checkable
class Comparator(Protocol):
    """A comparison strategy: an immutable object, usually a frozen dataclass whose fields are its options.

    It is called for two files only, from any thread. It must be reflexive, must not raise on facets that
    are None, and must pickle. It is symmetric unless the class sets `directed = True`: it then receives
    (source, target) and cannot be used in `sync`.
    """

    name: ClassVar[str]

    def compare(self, left: Entry, right: Entry) -> Verdict:
        """Judge two files by what their sides tell of them."""
        ...


@runtime_checkable
class ContentComparator(Protocol):
    """A comparator that must read: its class sets `needs_content = True`.

    It is first called without openers, and called again with them when it answered UNKNOWN.
    """

    name: ClassVar[str]
    needs_content: ClassVar[bool]

    def compare(self, left: Entry, right: Entry, openers: Openers | None = None) -> Verdict:
        """Judge two files; with openers, by their content."""
        ...


@runtime_checkable
class BindableComparator(Protocol):
    """A comparator whose answer depends on what the sides can do (whether they keep mtimes, say)."""

    def bind(self, left: Capabilities, right: Capabilities) -> Comparator:
        """Return the comparator to use between these two sides; called once a run."""
        ...

"""Conflict policies made of what the user writes instead of a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from syncfs.core.conflict import (
    Conflict,
    ConflictKind,
    ConflictPolicy,
    Contents,
    Merged,
    MergingPolicy,
    Resolution,
)
from syncfs.core.entry import Kind
from syncfs.core.selection import Filter
from syncfs.errors import ConfigError

__all__ = ["ByPattern", "FromCallable"]


@dataclass(frozen=True, slots=True)
class ByPattern:
    """One policy for each pattern; the first that matches decides.

    Attributes:
        policies: What a path must match, and the policy for it, in order.
        default: For what nothing matches.
    """

    name: ClassVar[str] = "by-pattern"
    policies: tuple[tuple[Filter, ConflictPolicy], ...]
    default: ConflictPolicy

    def resolve(self, conflict: Conflict) -> Resolution:
        """Settle one conflict by its path."""
        is_directory = conflict.kind is ConflictKind.TYPE and any(
            entry is not None and entry.kind is Kind.DIRECTORY for entry in (conflict.left, conflict.right)
        )
        return self._of(conflict.path, is_directory).resolve(conflict)

    def can_merge(self, conflict: Conflict) -> bool:
        """Whether the policy for this path is one that merges, and can."""
        policy = self._of(conflict.path)
        return isinstance(policy, MergingPolicy) and policy.can_merge(conflict)

    def merge(self, conflict: Conflict, contents: Contents) -> Merged | None:
        """What the policy for this path makes of both files."""
        policy = self._of(conflict.path)
        return policy.merge(conflict, contents) if isinstance(policy, MergingPolicy) else None

    def keeps(self, path: str, size_bytes: int, digest: str | None) -> bool:
        """Whether the policy for this path wants the content."""
        policy = self._of(path)
        return isinstance(policy, MergingPolicy) and policy.keeps(path, size_bytes, digest)

    def keep(self, path: str, digest: str, content: bytes) -> None:
        """Give the content to the policy for this path."""
        policy = self._of(path)
        if isinstance(policy, MergingPolicy):
            policy.keep(path, digest, content)

    def _of(self, path: str, is_directory: bool = False) -> ConflictPolicy:
        for pattern, policy in self.policies:
            if pattern.matches(path, is_directory):
                return policy
        return self.default


@dataclass(frozen=True, slots=True)
class FromCallable:
    """A function that is given the conflict and gives a `Resolution`, or its word (`src`, `keep-both` ...).

    Attributes:
        function: Must not do I/O. What it raises ends the run before its first write.
    """

    name: ClassVar[str] = "callable"
    function: Callable[[Conflict], Resolution | str]

    def resolve(self, conflict: Conflict) -> Resolution:
        """Settle one conflict.

        Raises:
            ConfigError: The function gave something else.
        """
        answer = self.function(conflict)
        try:
            return Resolution(answer)
        except ValueError:
            known = ", ".join(each.value for each in Resolution)
            raise ConfigError(
                f"on_conflict: the function gave {answer!r} for {conflict.path}; give one of {known}"
            ) from None

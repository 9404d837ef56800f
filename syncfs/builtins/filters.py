"""Filters by patterns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from syncfs.core.selection import Filter
from syncfs.errors import ConfigError
from syncfs.plugin import hookimpl

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

__all__ = ["GitIgnore", "syncfs_filters"]


@dataclass(frozen=True)
class GitIgnore:
    """Patterns in the syntax of .gitignore files; the last one that matches decides, `!` takes back.

    Attributes:
        patterns: One pattern each, as a line of such a file.

    Raises:
        ConfigError: A pattern is none.
    """

    name: ClassVar[str] = "gitignore"
    patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.patterns, str):
            raise ConfigError(f"give a list of patterns, not the string {self.patterns!r}")
        object.__setattr__(self, "patterns", tuple(self.patterns))
        _ = self._spec  # bad patterns are refused at once

    def matches(self, path: str, is_directory: bool) -> bool:
        """Whether the path, or a directory that it lies in, matches."""
        return bool(self._spec.match_file(f"{path}/" if is_directory else path))

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        # Imported here: 25 ms that a run without filters need not pay.
        from pathspec import GitIgnoreSpec

        for pattern in self.patterns:
            try:
                GitIgnoreSpec.from_lines([pattern])
            except ValueError as error:
                raise ConfigError(f"{pattern!r} is not a pattern in gitignore syntax: {error}") from error
        return GitIgnoreSpec.from_lines(self.patterns)

    def __getstate__(self) -> dict[str, Any]:
        return {"patterns": self.patterns}  # compiled again where it is needed


@hookimpl
def syncfs_filters() -> Iterator[type[Filter]]:
    """Register them."""
    yield GitIgnore

"""The policy: when to merge, and what to do where that is not sure."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from syncfs.core import Conflict, ConflictKind, ConflictPolicy, Contents, Merged, Resolution
from syncfs.errors import ConfigError
from syncfs.plugin import hookimpl
from syncfs_merge.bases import Bases, default_path
from syncfs_merge.formats import Unfit, format_of, merge_structure
from syncfs_merge.text import merge_text
from syncfs_merge.values import Clash

__all__ = ["Merge", "syncfs_conflict_policies"]


@dataclass(frozen=True)
class Merge:
    """Both edits in one file where they do not touch each other; both files where they do.

    Attributes:
        markers: Where both sides edited the same lines of a plain text, write both with conflict markers
            around them, instead of keeping two files.
        limit_bytes: The largest file that is merged, and of which the agreed content is kept.
        store: The file that the agreed contents are kept in; None for the one in the user's state directory.
        store_bytes: How large it may grow; the oldest contents go first.

    Raises:
        ConfigError: A limit is not positive.
    """

    name: ClassVar[str] = "merge"
    markers: bool = False
    limit_bytes: int = 1 << 20
    store: str | None = None
    store_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        if self.limit_bytes < 1 or self.store_bytes < 1:
            raise ConfigError("merge: limit_bytes and store_bytes must be at least 1")

    def resolve(self, conflict: Conflict) -> Resolution:
        """What is not merged is kept twice; an edit survives a deletion."""
        if conflict.left is None:
            return Resolution.RIGHT
        return Resolution.LEFT if conflict.right is None else Resolution.KEEP_BOTH

    def can_merge(self, conflict: Conflict) -> bool:
        """Whether both are files within the limit, and what they were made from is known."""
        return (
            conflict.kind is ConflictKind.EDIT_EDIT
            and conflict.base_digest is not None
            and all(
                entry is not None and entry.size_bytes is not None and entry.size_bytes <= self.limit_bytes
                for entry in (conflict.left, conflict.right)
            )
            and self._bases.has(conflict.base_digest)
        )

    def merge(self, conflict: Conflict, contents: Contents) -> Merged | None:
        """Merge by structure where the name tells of one, else line by line."""
        base = self._bases.get(conflict.base_digest or "")
        with contents.left() as file:
            left = file.read(self.limit_bytes + 1)
            is_whole = len(left) <= self.limit_bytes and not file.read(1)
        with contents.right() as file:
            right = file.read(self.limit_bytes + 1)
            is_whole = is_whole and len(right) <= self.limit_bytes and not file.read(1)
        if base is None or not is_whole:
            return None
        structure = format_of(conflict.path)
        lines = merge_text(base, left, right, markers=self.markers and structure is None)
        if structure is None:
            if lines is None:
                return None
            content, is_clean = lines
            return Merged(content=content, outcome="merged line by line" if is_clean else _MARKED)
        try:
            old, ours, theirs = (each.decode("utf-8") for each in (base, left, right))
            told = None if lines is None else lines[0].decode("utf-8")
            written = merge_structure(structure, old, ours, theirs, told)
        except (UnicodeDecodeError, Unfit, Clash):
            return None
        return Merged(content=written.encode("utf-8"), outcome=f"merged as {structure.name}")

    def keeps(self, path: str, size_bytes: int, digest: str | None) -> bool:
        """Whether a content is small enough, and not kept yet."""
        return size_bytes <= self.limit_bytes and (digest is None or not self._bases.has(digest))

    def keep(self, path: str, digest: str, content: bytes) -> None:
        """Keep it, if it may be a text: nothing else will be merged."""
        if b"\0" not in content or content.startswith((b"\xff\xfe", b"\xfe\xff")):
            self._bases.put(digest, content)

    @property
    def _bases(self) -> Bases:
        return _bases_at(self.store or default_path(), self.store_bytes)


_MARKED = "merged with conflict markers around what both sides edited"


@functools.cache
def _bases_at(path: str, limit_bytes: int) -> Bases:
    return Bases(path, limit_bytes)


@hookimpl
def syncfs_conflict_policies() -> Iterator[type[ConflictPolicy]]:
    """Register it."""
    yield Merge

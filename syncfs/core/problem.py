"""A path's failure, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syncfs.core.entry import Side

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that kept one path from being synced; the run goes on.

    Attributes:
        path: Relative to both roots; `""` is the root.
        side: Where it happened; None when it concerns both or neither.
        message: What happened and, where there is something to do, what to do.
        kind: One of `unreadable`, `stale`, `failed`, `deferred`, `unlisted`, `name`, `conflict`,
            `plugin`: for programs.
        retryable: Whether the next run may succeed without anyone changing anything.
    """

    path: str
    side: Side | None
    message: str
    kind: str = "failed"
    retryable: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values; `side` as `"src"`, `"dst"` or None."""
        return {
            "path": self.path,
            "side": None if self.side is None else self.side.label,
            "message": self.message,
            "kind": self.kind,
            "retryable": self.retryable,
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Problem:
        """The inverse of `to_dict`."""
        side = {None: None, "src": Side.LEFT, "dst": Side.RIGHT}[data["side"]]
        return Problem(**{**data, "side": side})

    def __str__(self) -> str:
        where = f"{self.side.label}: " if self.side is not None else ""
        return f"{where}{self.path or '.'}: {self.message}"

"""What a run tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from syncfs.core.entry import Side

__all__ = ["Event", "EventKind"]


class EventKind(Enum):
    """What happened."""

    LISTED = "listed"
    """While planning: `count` entries seen so far."""
    PLANNED = "planned"
    """The plan is ready: `count` actions, `files` of which concern a file, `size_bytes` to copy."""
    TRANSFERRED = "transferred"
    """`size_bytes` more content bytes were written."""
    DONE = "done"
    """The action `action` on `path` was done."""
    FAILED = "failed"
    """The action `action` on `path` was not done; `message` says why."""
    NOTICE = "notice"
    """`message` concerns the whole run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened; handed on in batches, in order, from one thread."""

    kind: EventKind
    path: str = ""
    action: str = ""
    side: Side | None = None
    size_bytes: int = 0
    count: int = 0
    files: int = 0
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values, without what is empty."""
        data: dict[str, Any] = {"event": self.kind.value}
        for name in ("path", "action", "size_bytes", "count", "files", "message"):
            if value := getattr(self, name):
                data[name] = value
        if self.side is not None:
            data["side"] = self.side.label
        return data

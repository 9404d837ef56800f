"""A progress bar on a terminal: files, bytes, rate, time left."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from syncfs.core.action import MakeDirectory, RemoveDirectory
from syncfs.core.event import Event, EventKind

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["Bar"]

_DIRECTORIES = (MakeDirectory.verb, RemoveDirectory.verb)


class Bar:
    """A live line on a terminal, erased when it is left; made, fed and left by one thread.

    Args:
        stream: A terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        # Here and not above: rich costs more than everything else at start-up, and pipes never need it.
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        # stdout is left alone: rich would show what is meant for a pipe on the terminal.
        shape: Any = {"console": Console(file=stream), "transient": True, "redirect_stdout": False}
        text = TextColumn("{task.description}")
        self._listing = Progress(SpinnerColumn(), text, **shape)
        self._copying = Progress(
            text,
            BarColumn(),
            TextColumn("{task.fields[files]}"),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            **shape,
        )
        self._list_task = self._listing.add_task("listing")
        self._copy_task = self._copying.add_task("copying", files="")
        self._done = self._total = self._bytes = 0

    def __enter__(self) -> Bar:
        self._listing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listing.stop()
        self._copying.stop()

    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch of events; draws at most once for it."""
        for event in events:
            match event.kind:
                case EventKind.LISTED:
                    self._listing.update(self._list_task, description=f"listing: {event.count:,} entries")
                case EventKind.PLANNED:
                    self._total = event.files
                    self._listing.stop()
                    self._copying.reset(self._copy_task, total=event.size_bytes)
                    self._copying.start()
                case EventKind.TRANSFERRED:
                    self._bytes += event.size_bytes
                case EventKind.DONE | EventKind.FAILED:
                    self._done += event.action not in _DIRECTORIES
                case EventKind.NOTICE:
                    pass
        if self._total:
            files = f"{min(self._done, self._total):,}/{self._total:,} files"
            self._copying.update(self._copy_task, completed=self._bytes, files=files)

"""Which actions may run next: what each waits for, and how large and small ones share the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from syncfs.core.action import Action, CopyFile, MakeDirectory, RecordAgreement, Rename
from syncfs.core.entry import Side
from syncfs.core.paths import split

__all__ = ["Numbered", "Schedule", "is_large"]

LARGE_BYTES = 4 << 20
"""A copy of so many bytes occupies its connection for long."""
BATCH_BYTES = 1 << 20
"""No batch of several actions moves more, so that none takes long."""

Numbered = tuple[int, Action]
"""An action and its number in the plan."""
Place = tuple[Side, str]


class Schedule:
    """The actions of one stage: directories before what goes into them, each as soon as it can.

    Directories come first: 200 of them one in another are 200 round trips that nothing shortens, so they
    had better begin. Small files follow in the order of their paths, so that a
    directory is complete early and can be read back while others are filled. Large ones begin early, but
    leave most connections to the small ones while there are any.

    Args:
        actions: Independent of each other but for that.
    """

    def __init__(self, actions: Iterable[Numbered]) -> None:
        actions = list(actions)
        self._making: set[Place] = {
            (action.side, action.path) for _, action in actions if isinstance(action, MakeDirectory)
        }
        self._waiting: dict[Place, list[Numbered]] = {}
        self._directories: deque[Numbered] = deque()
        self._small: deque[tuple[Numbered, int]] = deque()
        self._large: deque[Numbered] = deque()
        for numbered in actions:
            place = _needs(numbered[1]) if self._making else None
            if place in self._making and place is not None:
                self._waiting.setdefault(place, []).append(numbered)
            else:
                self._release(numbered)

    @property
    def ready(self) -> int:
        """How many actions could run now."""
        return len(self._directories) + len(self._small) + len(self._large)

    @property
    def small(self) -> int:
        """How many small actions could run now."""
        return len(self._small)

    def take(self, most: int, *, large: bool) -> list[Numbered]:
        """Take what runs next, as one batch.

        Args:
            most: The most actions; several are of one directory.
            large: Whether a large copy may begin although small actions wait.
        """
        if self._directories:
            return [self._directories.popleft()]
        if self._large and (large or not self._small):
            return [self._large.popleft()]
        numbered, sum_bytes = self._small.popleft()
        batch = [numbered]
        if most > 1:
            side, directory = numbered[1].side, split(numbered[1].path)[0]
            while self._small and len(batch) < most:
                numbered, size_bytes = self._small[0]
                sum_bytes += size_bytes
                action = numbered[1]
                if sum_bytes > BATCH_BYTES or action.side != side or split(action.path)[0] != directory:
                    break
                batch.append(numbered)
                self._small.popleft()
        return batch

    def made(self, action: MakeDirectory) -> None:
        """A directory is there: what waited for it may run."""
        place = (action.side, action.path)
        self._making.discard(place)
        for numbered in self._waiting.pop(place, ()):
            self._release(numbered)

    def not_made(self, action: MakeDirectory) -> list[Numbered]:
        """A directory could not be made: what waited for it, and cannot be done either."""
        place = (action.side, action.path)
        self._making.discard(place)
        return self._waiting.pop(place, [])

    def _release(self, numbered: Numbered) -> None:
        action = numbered[1]
        if isinstance(action, MakeDirectory):
            self._directories.append(numbered)
        elif (size_bytes := _size_bytes(action)) >= LARGE_BYTES:
            self._large.append(numbered)
        else:
            self._small.append((numbered, size_bytes))


def is_large(action: Action) -> bool:
    """Whether an action occupies its connection for long."""
    return _size_bytes(action) >= LARGE_BYTES


def _size_bytes(action: Action) -> int:
    return action.source.size_bytes or 0 if isinstance(action, CopyFile) else 0


def _needs(action: Action) -> Place | None:
    """The directory that an action needs; None when it needs none."""
    if isinstance(action, RecordAgreement):
        return None
    path = action.to if isinstance(action, Rename) else action.path
    return (action.side, split(path)[0]) if path else None

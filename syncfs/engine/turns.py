"""Whether a run takes turns with others that write to the same place."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from syncfs.core.action import Action, CopyFile, MakeDirectory, MergeFile
from syncfs.core.entry import Side
from syncfs.endpoint.endpoint import CHUNK_BYTES, Endpoint, TurnTakingEndpoint

__all__ = ["in_turn"]

FEW = 16
FEW_BYTES = CHUNK_BYTES
"""A turn must be short: a run that writes more goes by the conditions alone."""


@contextmanager
def in_turn(actions: Sequence[Action], sides: Sequence[Endpoint], cancel: threading.Event) -> Iterator[None]:
    """Hold the turn of every side that a short run writes files to, until the end of the block.

    Args:
        actions: All that the run will do.
        sides: The left and the right endpoint.
        cancel: Ends a wait for a turn when set.
    """
    with ExitStack() as stack:
        for side in _briefly_written(actions):
            endpoint = sides[side]
            if isinstance(endpoint, TurnTakingEndpoint):
                stack.enter_context(endpoint.turn(cancel))
        yield


def _briefly_written(actions: Iterable[Action]) -> Iterator[Side]:
    for side in Side:
        sizes = [size for action in actions for size in _written_bytes(action, side)]
        is_there = not any(
            isinstance(action, MakeDirectory) and not action.path and action.side is side
            for action in actions
        )
        if is_there and 0 < len(sizes) <= FEW and sum(sizes) <= FEW_BYTES:
            yield side


def _written_bytes(action: Action, side: Side) -> tuple[int, ...]:
    """The sizes of what an action writes to a side."""
    match action:
        case CopyFile() if action.side is side:
            return (action.source.size_bytes or 0,)
        case MergeFile() if side in action.sides:
            entry = action.expect.of(side)
            return ((entry.size_bytes or 0) if entry is not None else 0,)
        case _:
            return ()

"""The laws of conflict policies.

::

    class TestLogsFromServer(ConflictPolicySuite):
        policy = LogsFromServer()
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncfs.core.conflict import Conflict, ConflictKind, Resolution
from syncfs.core.entry import DIRECTORY, Entry, Kind, Side
from syncfs.core.settings import Mode
from syncfs.testing.laws import DRAWN, StrategyLaws
from syncfs.testing.side import File, Traits
from syncfs.testing.strategies import conflicts
from syncfs.testing.world import World, put

__all__ = ["ConflictPolicySuite"]

_TIMES_NS = (None, 1_700_000_000 * 10**9, 1_700_000_060 * 10**9)
_DAILY = [
    Entry(Kind.FILE, size_bytes, mtime_ns)
    for size_bytes, mtime_ns in itertools.product((None, 0, 10, 20), _TIMES_NS)
]
_TOLERANCES_NS = (None, 0, 10**9)
_EDITS = st.sampled_from(("keep", "edit", "delete", "directory"))


class ConflictPolicySuite(StrategyLaws):
    """Subclass it as `Test...` and set `policy`.

    Attributes:
        policy: The policy to test.
        paths: Under which paths conflicts arise in the whole runs; set it to such as your policy tells apart.
    """

    policy: Any
    paths: tuple[str, ...] = ("a.md", "b.log", "d/c.txt")

    def strategy(self) -> Any:
        """The policy."""
        return self.policy

    @DRAWN
    @given(conflicts())
    def test_it_settles_every_conflict_and_always_in_the_same_way(self, conflict: Conflict) -> None:
        first = self.policy.resolve(conflict)
        assert isinstance(first, Resolution)
        assert self.policy.resolve(conflict) is first

    @pytest.mark.parametrize("kind", ConflictKind)
    def test_it_settles_the_conflicts_of_every_day(self, kind: ConflictKind) -> None:
        """Every combination of what is known, longer and later on each side: none is left to chance."""
        for path, left, right, tolerance_ns in itertools.product(self.paths, _DAILY, _DAILY, _TOLERANCES_NS):
            for both in _of_kind(kind, left, right):
                conflict = Conflict(
                    path=path, kind=kind, left=both[0], right=both[1], tolerance_ns=tolerance_ns
                )
                assert isinstance(self.policy.resolve(conflict), Resolution)

    @settings(DRAWN, max_examples=40)
    @given(
        st.lists(st.tuples(_EDITS, _EDITS), min_size=3, max_size=3),
        st.sampled_from(Mode),
        st.booleans(),
        st.booleans(),
    )
    def test_no_content_is_lost_by_it(
        self, edits: list[tuple[str, str]], mode: Mode, is_first_run: bool, is_remote: bool
    ) -> None:
        """Through the real reconciler and the real execution, on two sides in memory."""
        world = World(Traits(), Traits(is_local=not is_remote, keeps_mtime=not is_remote))
        chosen = world.settings(mode, policy=self.policy)
        if not is_first_run:
            for path in self.paths:
                for each in world.sides:
                    put(each, path, f"agreed on {path}".encode())
            world.run(chosen)
            world.clock.tick()
        made: set[bytes] = set()
        for path, both in zip(self.paths, edits, strict=False):
            for side, edit in zip(Side, both, strict=True):
                made |= _edited(world, side, path, edit)
        for _ in range(2):  # the second run must not undo what the first one saved
            world.run(chosen)
            world.clock.tick()
            assert made <= world.contents()


def _of_kind(kind: ConflictKind, left: Entry, right: Entry) -> tuple[tuple[Entry | None, Entry | None], ...]:
    """What the two sides of a conflict hold."""
    match kind:
        case ConflictKind.TYPE:
            return ((left, DIRECTORY), (DIRECTORY, right))
        case ConflictKind.EDIT_DELETE:
            return ((left, None), (None, right))
        case _:
            return ((left, right),)


def _edited(world: World, side: Side, path: str, edit: str) -> set[bytes]:
    """Edit one path as a user would; what is new there."""
    world.clock.tick()
    new = f"{side.label} of {path}{' is longer' * side}".encode()
    match edit:
        case "edit":
            put(world.sides[side], path, new)
        case "delete":
            put(world.sides[side], path, None)
        case "directory":
            put(world.sides[side], path, None)
            put(world.sides[side], f"{path}/inside", new)
        case _:
            node = world.sides[side].node(path)
            return {node.content} if isinstance(node, File) and not world.base else set()
    return set() if edit == "delete" else {new}

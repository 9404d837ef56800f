"""The laws of conflict policies.

::

    class TestLogsFromServer(ConflictPolicySuite):
        policy = LogsFromServer()
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syncfs.core.conflict import Conflict, Resolution
from syncfs.core.entry import Side
from syncfs.core.settings import Mode
from syncfs.testing.laws import DRAWN, StrategyLaws
from syncfs.testing.side import File, Traits
from syncfs.testing.strategies import conflicts
from syncfs.testing.world import World, put

__all__ = ["ConflictPolicySuite"]

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


def _edited(world: World, side: Side, path: str, edit: str) -> set[bytes]:
    """Edit one path as a user would; what is new there."""
    world.clock.tick()
    new = f"{side.label} of {path}".encode()
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

"""Every state of one name, in every mode, under every setting: what the text of the rules says, happens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from syncfs.core.entry import Kind, Side
from syncfs.core.selection import Selection
from syncfs.core.settings import Delete, Mode
from syncfs.testing.side import Node, Traits
from syncfs.testing.world import World, put, shape
from tests.core.cases import POLICIES, Backups
from tests.core.oracle import Result, Rules, expected

UNCHANGED = {"x": b"xxx"}
STATES: dict[str, Any] = {
    "nothing": None,
    "file 1": b"one",
    "file 2": b"two",
    "directory": UNCHANGED,
    "directory, changed": {"x": b"yyy"},
    "directory, with ignored": {"x": b"xxx", "k.bak": b"kkk"},
    "special": "other",
    "unreadable": "unreadable",
}
BASES: dict[str, Any] = {"nothing": None, "file 1": b"one", "file 2": b"two", "directory": UNCHANGED}
MODES = [
    (mode, delete)
    for mode in Mode
    for delete in Delete
    if mode is not Mode.SYNC or delete is not Delete.EXTRA
]


def set_state(world: World, side: Side, state: Any, base: Any) -> None:
    """Bring a side from the base into a state, touching only what differs."""
    if state == base:
        return
    if isinstance(state, dict) and isinstance(base, dict):
        for name, content in state.items():
            if base.get(name) != content:
                put(world.sides[side], f"n/{name}", content)
        return
    node: Node | bytes | None = {"other": Kind.OTHER, "unreadable": Kind.UNREADABLE}.get(str(state))
    if isinstance(state, bytes):
        node = state
    put(world.sides[side], "n", node)
    if isinstance(state, dict):
        for name, content in state.items():
            put(world.sides[side], f"n/{name}", content)


def built(left: Any, right: Any, base: Any, *, orderable: bool) -> World:
    """A world with that base, and then those states; what changed on the right changed last."""
    world = World(Traits(), Traits(knows_skew=orderable))
    set_state(world, Side.LEFT, base, None)
    world.clock.tick()
    assert world.run(world.settings()).is_clean
    for side, state in zip(Side, (left, right), strict=True):
        world.clock.tick()
        set_state(world, side, state, base)
    world.clock.tick()
    return world


def synced(state: Any) -> Any:
    """A state without what is ignored in it."""
    if not isinstance(state, dict):
        return state
    return {name: node for name, node in state.items() if not name.endswith(".bak")}


def told(node: Any) -> Any:
    """A shape in the oracle's words."""
    if isinstance(node, dict):
        return {name: told(below) for name, below in node.items()}
    return {Kind.OTHER: "other", Kind.UNREADABLE: "unreadable"}.get(node, node)


def choices() -> Iterator[tuple[str, bool, bool]]:
    """Policy, whether times can be ordered, whether losers are kept."""
    for policy in POLICIES:
        for orderable in (True, False) if policy == "newer" else (True,):
            for keep_loser in (True,) if policy in ("skip", "fail") else (True, False):
                yield policy, orderable, keep_loser


@pytest.mark.parametrize("has_base", [True, False], ids=["with a base", "without"])
@pytest.mark.parametrize(("mode", "delete"), MODES, ids=[f"{m.value}-{d.value}" for m, d in MODES])
def test_every_state_of_a_name_becomes_what_the_rules_say(mode: Mode, delete: Delete, has_base: bool) -> None:
    bases = BASES if has_base else {"nothing": None}
    tried = 0
    for (base_is, base), (left_is, left), (right_is, right) in itertools.product(
        bases.items(), STATES.items(), STATES.items()
    ):
        worlds = {orderable: built(left, right, base, orderable=orderable) for orderable in (True, False)}
        changed_last = "dst" if synced(right) != base or synced(left) == base else "src"
        for policy, orderable, keep_loser in choices():
            rules = Rules(
                mode=mode.value,
                delete=delete.value,
                policy=policy,
                newer_is=changed_last if orderable else None,
                keep_loser=keep_loser,
                has_base=has_base,
            )
            result = expected(rules, "n", left, right, base)
            world = worlds[orderable].copy()
            settings = world.settings(
                mode,
                delete,
                policy=POLICIES[policy],
                keep_loser=keep_loser,
                has_base=has_base,
                selection=Selection(exclude=(Backups(),)),
            )
            ran = world.run(settings)
            what = f"base {base_is}, src {left_is}, dst {right_is}, {rules}"
            assert not ran.tally.problems, what
            compare(world, result, what, {c.path: c.is_open for c in ran.plan.conflicts}, has_base)
            tried += 1
            if not result.conflicts:
                break  # no policy is asked
    assert tried > 60


def compare(world: World, result: Result, what: str, conflicts: dict[str, bool], has_base: bool) -> None:
    """Hold a world against what is expected of it."""
    left, right = (told(shape(side.tree)) for side in world.sides)
    assert (left, right) == (result.src, result.dst), what
    assert conflicts == result.conflicts, what
    if has_base:
        assert world.truth == result.records, what

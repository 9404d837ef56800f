"""The eleven checks of the table of situations; each a function that raises AssertionError.

5 (dry-run purity), 6 (symmetry), 8 (order), 9 (termination) and 11 (determinism) need several plays and are
asked by `play.py` and `test_scenarios.py`; 7 (crash safety) by `test_crashes.py`. The rest look at what was
there before a run and after it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from syncfs.core.paths import is_reserved, is_temporary
from syncfs.core.selection import Selection, Tracking
from syncfs.testing import Link, Node, Tree
from tests.scenarios.places import Stamps, full, visible

SIDES = ("src", "dst")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Both sides and the state at one moment.

    Attributes:
        trees: Per side, our own directory included.
        stamps: Per side: what changes when anybody writes.
        state: The state file's bytes; None when there is none.
    """

    trees: Mapping[str, Tree]
    stamps: Mapping[str, Stamps]
    state: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run, as the oracles see it.

    Attributes:
        before: The world before it.
        after: The world after it.
        agreed: Path to content: what both sides agreed on before.
        strangers: Per side, the paths that somebody else edited during the run.
        selection: Which paths are synced.
        options: Of the Syncer.
        problems: Path to kind.
        conflicts: Path to `settled` or `open`.
        ok: It was done, without problems or open conflicts.
        mode: `push`, `pull` or `sync`; else it was no run.
    """

    before: World
    after: World
    agreed: Mapping[str, Node]
    strangers: Mapping[str, Collection[str]]
    selection: Selection
    options: Mapping[str, object]
    problems: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, str] = field(default_factory=dict)
    ok: bool = True
    mode: str = "sync"


def _files(tree: Mapping[str, Node]) -> Iterator[tuple[str, str | bytes]]:
    for path, node in tree.items():
        if isinstance(node, str | bytes):
            yield path, node


def no_content_is_lost(ran: Ran) -> None:
    """1: what users made is somewhere afterwards: under its name, a kept loser's, or in the trash."""
    if ran.options.get("trash") is False and (
        ran.options.get("keep_loser") is False or ran.options.get("delete") == "extra"
    ):
        return  # the user named its destruction
    kept = {content for tree in ran.after.trees.values() for _, content in _files(tree)}
    for side in SIDES:
        for path, content in _files(visible(ran.before.trees[side])):
            is_ours = is_reserved(path.rpartition("/")[2])
            is_made = content != ran.agreed.get(path) and bool(content) and not is_ours
            if is_made and path not in ran.strangers[side]:
                assert content in kept, f"lost: {side}:{path} held {content!r}"


def no_file_is_partial(ran: Ran) -> None:
    """7: under a final name there is a content that somebody made, whole, also when the run was killed."""
    if any(ran.strangers.values()):
        return
    made = {content for tree in ran.before.trees.values() for _, content in _files(tree)}
    for side in SIDES:
        for path, content in _files(visible(ran.after.trees[side])):
            assert content in made or is_reserved(path.rpartition("/")[2]), f"{side}:{path} is partial"


def deletions_have_evidence(ran: Ran) -> None:
    """2: what is gone from a side was agreed on, unchanged, and missing on the other; or is kept aside."""
    for side, other in (SIDES, SIDES[::-1]):
        after = dict(_files(visible(ran.after.trees[side])))
        peer = dict(_files(visible(ran.before.trees[other])))
        for path, content in _files(visible(ran.before.trees[side])):
            if path in after or path in ran.strangers[side] or is_reserved(path.rpartition("/")[2]):
                continue
            is_evident = ran.agreed.get(path) == content and path not in peer
            is_extra = ran.options.get("delete") == "extra" and path not in peer
            is_aside = content in [each for name, each in after.items() if _is_copy_of(name, path)]
            by_policy = path in ran.conflicts and content in dict(_files(ran.after.trees[side])).values()
            assert is_evident or is_extra or is_aside or by_policy, (
                f"{side}:{path} was removed without evidence"
            )


def _is_copy_of(name: str, path: str) -> bool:
    stem = path.rpartition("/")[2].partition(".")[0]
    return ".conflict-" in name and name.rpartition("/")[2].startswith(stem)


def converged(ran: Ran, recorded: Collection[str]) -> None:
    """3: with nothing left open both sides and the base are the same, as far as they are synced."""
    if not ran.ok or ran.mode != "sync":
        return
    links = {path for side in SIDES for path, node in ran.after.trees[side].items() if isinstance(node, Link)}
    src, dst = (
        {
            path: node
            for path, node in tracked(ran.after.trees[side], ran.selection).items()
            if not links & {path, *_parents(path)}
        }
        for side in SIDES
    )
    recorded = {path for path in recorded if not links & {path, *_parents(path)}}
    assert src == dst, "reported as done, but the sides differ"
    paths = {path.rstrip("/") for path in src} | {
        parent for path in src for parent in _parents(path.rstrip("/"))
    }
    assert recorded == paths, "reported as done, but the base holds something else"


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def tracked(tree: Tree, selection: Selection) -> Tree:
    """What of a tree is synced."""
    found: Tree = {}
    for path, node in visible(tree).items():
        name = full(path.rstrip("/"))
        steps = [*(full(parent) for parent in _parents(name)), name]
        is_wanted = all(
            selection.of(step, step != name or node is None) is not Tracking.EXCLUDED for step in steps
        )
        if is_wanted and not isinstance(node, Link):
            found[path] = node
    return found


def nothing_was_written(before: World, after: World) -> None:
    """4 and 5: a second run, or a plan, leaves no trace: no write, not one byte of the state."""
    for side in SIDES:
        assert after.stamps[side] == before.stamps[side], f"{side} was written"
    assert after.state == before.state, "the state was written"


def isolated(ran: Ran) -> None:
    """10: what is excluded, or could not be decided, is as it was."""
    left_alone = {"unreadable", "name", "deferred", "conflict"}
    sender = {"push": "src", "pull": "dst"}.get(ran.mode)
    if sender is not None and not ran.strangers[sender]:
        assert ran.after.stamps[sender] == ran.before.stamps[sender], f"{ran.mode} wrote its source"
    for side in SIDES:
        before, after = visible(ran.before.trees[side]), visible(ran.after.trees[side])
        excluded = set(before) - set(tracked(before, ran.selection))
        held = {path for path, kind in ran.problems.items() if kind in left_alone}
        held |= {path for path, state in ran.conflicts.items() if state == "open"}
        for path, node in before.items():
            above = {path.rstrip("/"), *_parents(path.rstrip("/"))}
            is_ours = is_temporary(path.rpartition("/")[2])
            if (path in excluded or above & held) and path not in ran.strangers[side] and not is_ours:
                assert after.get(path) == node, (
                    f"{side}:{path} was touched, though it is none of our business"
                )


def agreement(world: World, agreed: Mapping[str, Node], *, folds: bool = False) -> dict[str, Node]:
    """What both sides have agreed on, after a run, by looking at them.

    Args:
        world: After the run.
        agreed: Before it.
        folds: Several spellings are one name, so that the sides may call one file otherwise.
    """
    src, dst = (dict(_files(visible(world.trees[side]))) for side in SIDES)
    found = {path: node for path, node in agreed.items() if path in src or path in dst}
    for path, content in src.items():
        for other in dst if folds else (path,):
            if _key(path) == _key(other) and dst.get(other) == content:
                found[path] = found[other] = content
    return found


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()

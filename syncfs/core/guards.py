"""Guards: what may not happen without being asked for twice. Pure; judged before the first write.

Each takes a plan and the run's settings and returns why it refuses, or None. Only a plan that removes or
overwrites something, or that cannot end for want of space, is refused.
"""

from __future__ import annotations

from syncfs.core.action import Action, CopyFile, MergeFile, RemoveDirectory, RemoveFile
from syncfs.core.entry import Side
from syncfs.core.plan import Plan
from syncfs.core.settings import Settings

__all__ = [
    "FEW",
    "emptied_root",
    "exchanged_root",
    "shifted_times",
    "too_little_space",
    "too_many_deletions",
]

FEW = 10
"""So many removals are nobody's catastrophe; a share counts only above that."""


def emptied_root(plan: Plan, settings: Settings) -> str | None:
    """Refuse to remove on one side because the other is suddenly empty: an unmounted disk looks so."""
    for side in Side:
        removals = plan.removals(side.other)
        if plan.facts[side].is_empty and removals:
            return (
                f"{side.label} is empty, and {removals} files would be removed in {side.other.label}: "
                "is it mounted? If it is meant to be empty, add -p no:emptied-root"
            )
    return None


def exchanged_root(plan: Plan, settings: Settings) -> str | None:
    """Refuse to destroy anything when a root is not the one that was synced before."""
    for side in Side:
        facts = plan.facts[side]
        exchanged = None not in (facts.root_before, facts.root_now) and facts.root_before != facts.root_now
        if exchanged and _destroys(plan):
            return (
                f"{side.label} is not the directory that was synced before, another one stands in its "
                "place, and the plan would remove or overwrite files: is the right disk mounted? "
                "If it is meant, add -p no:exchanged-root"
            )
    return None


def too_many_deletions(plan: Plan, settings: Settings) -> str | None:
    """Refuse to remove more than the user allows."""
    limit = settings.max_delete
    for side in Side:
        removals, facts = plan.removals(side), plan.facts[side]
        whole = facts.recorded or facts.listed
        if limit.count is not None:
            is_too_much = removals > limit.count
        else:
            is_too_much = removals > FEW and removals * 100 > whole * (limit.percent or 0)
        if is_too_much:
            return (
                f"{removals} of {whole} files would be removed in {side.label}, more than {limit}: "
                "if that is meant, raise --max-delete"
            )
    return None


def shifted_times(plan: Plan, settings: Settings) -> str | None:
    """Refuse to overwrite most files by copies of the same size that nobody has read.

    All times changed and no size: a clock or a time zone has shifted, hardly every file's content.
    """
    for side in Side:
        unread = sum(
            isinstance(action, CopyFile) and action.side is side and _is_unread(action)
            for action in plan.actions
        )
        whole = plan.facts[side].recorded or plan.facts[side].listed
        if unread > FEW and unread * 2 > whole:
            return (
                f"{unread} of {whole} files in {side.label} would be overwritten only because of their "
                "times, none has changed in size: has a clock or a time zone shifted? --compare digest "
                "looks at the contents; if it is meant as it is, add -p no:shifted-times"
            )
    return None


def too_little_space(plan: Plan, settings: Settings) -> str | None:
    """Refuse to begin what cannot end: more bytes than there is room for."""
    for side in Side:
        free_bytes = plan.facts[side].free_bytes
        growth_bytes = sum(_growth_bytes(action) for action in plan.actions if action.side is side)
        if free_bytes is not None and growth_bytes > free_bytes:
            return (
                f"{side.label} has room for {free_bytes:,} bytes and needs {growth_bytes:,}: make room, or "
                "sync less with --include and --exclude (-p no:too-little-space tries all the same)"
            )
    return None


def _is_unread(action: CopyFile) -> bool:
    """Whether a file replaces one of its size, and nobody knows that their contents differ."""
    target = action.expect.of(action.side)
    return target is not None and target.size_bytes == action.source.size_bytes and action.digest is None


def _growth_bytes(action: Action) -> int:
    """By how much an action fills its side, at least; what goes to the trash still takes its room."""
    if not isinstance(action, CopyFile):
        return 0
    target = action.expect.of(action.side)
    return (action.source.size_bytes or 0) - ((target.size_bytes or 0) if target is not None else 0)


def _destroys(plan: Plan) -> bool:
    """Whether a plan removes or overwrites anything."""
    return any(
        isinstance(action, RemoveFile | RemoveDirectory | MergeFile)
        or (isinstance(action, CopyFile) and action.expect.of(action.side) is not None)
        for action in plan.actions
    )

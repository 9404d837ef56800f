"""Guards: what may not happen without being asked for twice. Pure; judged before the first write.

Each takes a plan and the run's settings and returns why it refuses, or None. Only a plan that removes or
overwrites something can be refused.
"""

from __future__ import annotations

from syncfs.core.action import CopyFile, RemoveDirectory, RemoveFile
from syncfs.core.entry import Side
from syncfs.core.plan import Plan
from syncfs.core.settings import Settings

__all__ = ["FEW", "emptied_root", "exchanged_root", "too_many_deletions"]

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


def _destroys(plan: Plan) -> bool:
    """Whether a plan removes or overwrites anything."""
    return any(
        isinstance(action, RemoveFile | RemoveDirectory)
        or (isinstance(action, CopyFile) and action.expect.of(action.side) is not None)
        for action in plan.actions
    )

"""The plan of a dry run, as the guards are shown it."""

from __future__ import annotations

from syncfs.core.plan import Plan
from syncfs.plugin import hookimpl

__all__ = ["Overheard"]


class Overheard:
    """A guard that refuses nothing and keeps the plan that it is shown.

    `Syncer.push(dry_run=True)` judges the plan and gives a report; the plan itself is what a dry run
    prints. Planning once for each would list both sides twice.

    Attributes:
        plan: The plan; None before it is made.
    """

    name = "dry-run"

    def __init__(self) -> None:
        self.plan: Plan | None = None

    @hookimpl
    def syncfs_check_plan(self, plan: Plan) -> tuple[str, ...]:
        """Keep the plan."""
        self.plan = plan
        return ()

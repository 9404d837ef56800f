"""The plan of a dry run, as observers are shown it."""

from __future__ import annotations

from syncfs.core.plan import Plan
from syncfs.plugin import hookimpl

__all__ = ["Overheard"]


class Overheard:
    """An observer that keeps the plan that it is shown.

    `Syncer.push(dry_run=True)` judges the plan and gives a report; the plan itself is what a dry run
    prints, also one that a guard refuses. Planning once for each would list both sides twice.

    Attributes:
        plan: The plan; None before it is made.
    """

    name = "dry-run"

    def __init__(self) -> None:
        self.plan: Plan | None = None

    @hookimpl
    def syncfs_plan_ready(self, plan: Plan) -> None:
        """Keep the plan."""
        self.plan = plan

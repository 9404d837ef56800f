"""All scenarios, in the order of the table of situations."""

from __future__ import annotations

from tests.scenarios import group_a, group_b, group_c, group_d, group_e, group_f
from tests.scenarios.scenario import (
    LOCAL,
    MEMORY,
    WSGIDAV,
    Dies,
    Fault,
    Leftover,
    Scenario,
    as_edits,
    can_be_mirrored,
)

GROUPS = (group_a, group_b, group_c, group_d, group_e, group_f)
SCENARIOS: list[Scenario] = [scenario for group in GROUPS for scenario in group.SCENARIOS]

ROWS = [*(str(number) for number in range(1, 16)), "15a", "15b", "15c", "15d", "15e"]
ROWS += [*(str(number) for number in range(16, 47)), "46a", "46b"]
ROWS += [str(number) for number in range(47, 76)]


def ways_of(scenario: Scenario, pair: str) -> list[str]:
    """How a scenario is played on a pair, beside plainly.

    Applying a plan, in this order or another, and swapping the sides ask the engine and not the place, so
    two of the places are enough, and a server for the swapped sides.
    """
    ways = []
    # Leftovers go in runs that plan for themselves; to apply a plan does what the plan says and no more.
    has_leftovers = any(
        any(isinstance(edit, Leftover) for edit in as_edits(step.dst))
        or any(isinstance(fault, Fault) and isinstance(fault.happens, Dies) for fault in step.faults)
        for step in scenario.steps
    )
    if pair in (LOCAL, MEMORY, WSGIDAV) and not has_leftovers:
        ways += ["applied", "shuffled"] if pair == LOCAL else ["applied"]
    if pair in (LOCAL, MEMORY, WSGIDAV) and can_be_mirrored(scenario):
        ways.append("mirrored")
    return ways

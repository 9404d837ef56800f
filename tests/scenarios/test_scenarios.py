"""Every row, on every pair of places where it can exist, with the oracles asked after each run."""

import os
from collections.abc import Sequence

import pytest

from tests.scenarios.conftest import Stage
from tests.scenarios.scenario import NGINX, PAIRS, Cancels, Fault, Scenario, includes
from tests.scenarios.tables import ROWS, SCENARIOS, ways_of

PLACE = os.environ.get("SYNCFS_SCENARIO_PLACE")
"""A server to play on instead of all pairs: `python -m tests.scenarios --place NAME`."""


def pairs_of(scenario: Scenario) -> Sequence[str]:
    if PLACE is None:
        return scenario.pairs
    return [pair for pair in (f"local-{PLACE}",) if includes(scenario.pairs, pair)]


PLAYS = [
    pytest.param(scenario, pair, id=f"{scenario.row}-{pair}-{scenario.title.replace(' ', '-')}")
    for scenario in SCENARIOS
    for pair in pairs_of(scenario)
]


@pytest.mark.parametrize(("scenario", "pair"), PLAYS)
def test_comes_out_as_the_table_says(scenario: Scenario, pair: str, stage: Stage) -> None:
    play = stage(scenario, pair)
    play.perform()
    for way in ways_of(scenario, pair):
        again = stage(scenario, pair, way)
        again.perform()
        if way == "applied" and not _differs_by_itself(scenario):
            assert again.traces == play.traces, "11: the same situation was planned in two ways"


def _differs_by_itself(scenario: Scenario) -> bool:
    """How far an interrupted run came depends on its threads; and a path may hold the play's own root."""
    return "{root}" in str(scenario.steps) or any(
        isinstance(fault, Fault) and isinstance(fault.happens, Cancels)
        for step in scenario.steps
        for fault in step.faults
    )


def test_no_row_is_missing_and_every_gap_has_its_reason() -> None:
    assert {scenario.row for scenario in SCENARIOS} == set(ROWS)
    for scenario in SCENARIOS:
        assert set(scenario.pairs) <= {*PAIRS, NGINX}
        assert bool(scenario.elsewhere) == (set(scenario.pairs) != set(PAIRS)), scenario

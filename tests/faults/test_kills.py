"""Thirty kills, ten on each of three servers; two hundred are `python -m tests.faults.kills`."""

import pytest

from tests.acceptance.figures import Record
from tests.conftest import missing
from tests.faults.kills import kill
from tests.faults.servers import SERVERS, USUAL, stages
from tests.servers.server import ServerMissingError

KILLS, MOVING, SEED = 10, 5, 4


@pytest.mark.slow
@pytest.mark.parametrize("name", USUAL)
def test_no_kill_of_a_push_a_pull_or_a_sync_loses_anything_and_the_next_run_just_goes_on(
    name: str, record_property: Record
) -> None:
    try:
        server = SERVERS[name]()
    except ServerMissingError as error:
        missing(str(error))
    with server, stages(server, 1) as (stage,):
        count = kill(stage, KILLS, SEED)
    record_property("kills", [count.kills, count.moving, count.partial, count.losses, count.rituals])
    record_property("figures", f"killed on {name}: {count}")
    assert not count.failures, "\n".join(count.failures)
    assert (count.kills, count.losses, count.partial, count.rituals) == (KILLS, 0, 0, 0)
    assert count.moving >= MOVING
    assert set(count.by_mode) == {"push", "pull", "sync"}

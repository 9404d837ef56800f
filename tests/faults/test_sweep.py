"""A hundred and fifty seeded cases of the sweep, fifty on each of three servers, in all three modes.

All of them are `python -m tests.faults.sweep --mode all`.
"""

import random

import pytest

from tests.acceptance.figures import Record
from tests.conftest import missing
from tests.faults.case import MODES
from tests.faults.kinds import ONCE
from tests.faults.servers import SERVERS, USUAL, stages
from tests.faults.sweep import all_cases, sweep
from tests.servers.server import ServerMissingError

CASES, SEED = 50, 4


@pytest.mark.slow
@pytest.mark.parametrize("name", USUAL)
def test_whatever_happens_to_a_request_nothing_is_lost_and_the_next_run_settles_it(
    name: str, record_property: Record
) -> None:
    try:
        server = SERVERS[name]()
    except ServerMissingError as error:
        missing(str(error))
    with server, stages(server, 2) as on:
        golden = {mode: on[0].golden(mode) for mode in MODES}
        assert golden["sync"].actions >= 40
        cases = random.Random(f"{name} {SEED}").sample(all_cases(golden, ONCE), CASES)
        count = sweep(on, golden, cases, lambda _line: None)
    record_property("figures", f"faults on {name}: {count}")
    assert not count.failures, "\n".join(count.failures)
    assert (count.cases, count.injected, count.fired) == (CASES, CASES, CASES)
    assert (count.losses, count.runs) == (0, 4 * CASES)

"""A few rounds of eight clients on every server; `python -m tests.race` runs as many as it is asked for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.race.race import CLIENTS, Clients, race
from tests.servers.every import EVERY_SERVER
from tests.servers.server import Server

ONE_WINS = frozenset({"apache", "apache-infinity", "nginx", "lighttpd", "wsgidav", "npm", "asgi"})
"""Servers that check a condition and act upon it as one, or give turns (see `Profile`). rclone does neither,
sabre/dav gives one turn to two clients now and then."""


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with Clients() as eight:
        yield eight


@pytest.mark.parametrize("exists", [True, False], ids=["an existing file", "a new file"])
@pytest.mark.parametrize("name", EVERY_SERVER)
def test_who_loses_is_told_and_what_stands_is_whole(
    clients: Clients, server_named: Callable[[str], Server], tmp_path: Path, name: str, exists: bool
) -> None:
    outcome = race(clients, server_named(name).folder(), tmp_path, exists=exists, same_size=exists)
    assert 1 <= outcome.winners <= (1 if name in ONE_WINS else CLIENTS), outcome
    assert outcome.untold == 0, outcome
    assert outcome.strange == (), outcome

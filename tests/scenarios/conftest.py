"""Fixtures for scenarios: the places of each pair."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncfs.endpoint import patience
from syncfs.engine import opening, perform
from syncfs.testing import FaultyFileSystem
from tests.conftest import run_server
from tests.scenarios.places import Disk, Memory, Place
from tests.scenarios.play import Play
from tests.scenarios.scenario import LOCAL, MEMORY, Fs, Http, Scenario, mirrored
from tests.scenarios.staged import stamped
from tests.servers.nginx_server import Nginx
from tests.servers.proxy import Proxy
from tests.servers.rclone_server import Rclone
from tests.servers.server import Folder, Server

_numbers = itertools.count()

Stage = Callable[..., Play]


@pytest.fixture(scope="session")
def rclone() -> Iterator[Rclone]:
    """rclone's server, as in the other tests but with the short memory that makes listings quick."""
    yield from run_server(lambda: Rclone(dir_cache_time="1ms"))


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once: how long the pauses are is another test's matter."""
    monkeypatch.setattr(perform, "_pause_s", lambda attempt, error: 0.0)
    monkeypatch.setattr(patience, "_FIRST_WAIT_S", 0.0)


@pytest.fixture(autouse=True)
def fixed_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept losers are named after one time, so that tables can name them, and names can collide."""
    monkeypatch.setattr(opening, "_settings", stamped(opening._settings))


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Makes plays, each in a home of its own."""
    proxies: list[Proxy] = []
    # Where there is one, a filesystem in memory holds the states: committing to a disk is most of a small
    # run.
    memory = Path("/dev/shm")
    states = Path(
        tempfile.mkdtemp(prefix="syncfs-states-", dir=memory if os.access(memory, os.W_OK) else None)
    )

    def make(scenario: Scenario, pair: str, way: str = "run") -> Play:
        home = tmp_path / f"{next(_numbers)}"
        home.mkdir()
        places: dict[str, Place] = {}
        proxy = None
        memory_root = f"/scenario-{home.parent.name}-{home.name}"
        if pair == MEMORY:
            for name in ("src", "dst", "third"):
                places[name] = Memory(f"{memory_root}/{name}", f"{memory_root}/src")
        else:
            for name in ("src", "dst", "third"):
                root = home / name
                root.mkdir()
                places[name] = Disk(root, root, outside=home / "outside", src=home / "src")
            if pair != LOCAL:
                named: Callable[[str], Server] = request.getfixturevalue("server_named")
                folder = named(pair.removeprefix("local-")).folder()
                places["dst"] = _served(folder, home)
                if any(isinstance(fault, Http) for step in scenario.steps for fault in step.faults):
                    proxy = Proxy(folder.url)
                    proxy.start()
                    proxies.append(proxy)
        state = states / home.name
        state.mkdir()
        faulty = None
        if any(isinstance(fault, Fs) for step in scenario.steps for fault in step.faults):
            faulty = FaultyFileSystem(places["dst"].given)
        play = Play(scenario, pair, places, home, state, way, proxy=proxy, faulty=faulty)
        if way == "mirrored":
            play.scenario, play.edits_first = mirrored(scenario), "dst"
            places["src"], places["dst"] = places["dst"], places["src"]
        return play

    yield make
    for proxy in proxies:
        proxy.stop()
    shutil.rmtree(states)


def _served(folder: Folder, home: Path) -> Disk:
    url = folder.url.replace("http://", "webdav://", 1)
    return Disk(
        folder.root,
        url,
        outside=home / "outside",
        src=home / "src",
        adopt=folder.server.adopt,
        lists_dotfiles=not isinstance(folder.server, Nginx),
    )

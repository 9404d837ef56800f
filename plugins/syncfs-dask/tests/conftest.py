"""Run from a checkout too; one cluster for all tests, and another one whose workers are killed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster, Nanny

# The plugin itself, and the test servers of the checkout, where there is one.
sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[3])]


def made() -> LocalCluster:
    return LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=False,
    )


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """Two workers of two threads."""
    with made() as cluster:
        yield cluster


class Doomed:
    """A cluster whose workers are killed; their nannies make them anew."""

    def __init__(self, cluster: LocalCluster) -> None:
        self.cluster = cluster
        self.address = cluster.scheduler_address
        self.nannies: list[Nanny] = list(cluster.workers.values())

    def is_complete(self) -> bool:
        """Whether all are at work: one that is killed while it starts is not made anew."""
        return len(self.cluster.scheduler.workers) == len(self.nannies)


@pytest.fixture(scope="session")
def doomed() -> Iterator[Doomed]:
    """Two more workers of two threads."""
    patience = {
        # A cluster looks at a worker so long after it was lost, and gives its nanny up if it is not there:
        # also when it was back meanwhile and has just been killed again.
        "distributed.deploy.lost-worker-timeout": "1 hour",
        # So long the results of the dead are asked for, before their work is done again.
        "distributed.comm.timeouts.connect": "2s",
    }
    with dask.config.set(patience), made() as cluster:
        yield Doomed(cluster)


@pytest.fixture(scope="session")
def apache() -> Iterator[Any]:
    """The checkout's Apache; skips where it cannot be had."""
    servers = pytest.importorskip("tests.servers.apache", reason="no checkout of syncfs around this one")
    from tests.servers.server import ServerMissingError

    try:
        server = servers.Apache()
    except ServerMissingError as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture(params=["local", "apache"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], tuple[Any, Path]]:
    """Makes an empty place to copy to; gives its name, and where it is on disk."""

    def make(name: str) -> tuple[Any, Path]:
        if request.param == "local":
            (tmp_path / name).mkdir()
            return tmp_path / name, tmp_path / name
        folder = request.getfixturevalue("apache").folder()
        return folder.url.replace("http", "webdav", 1), folder.root

    return make

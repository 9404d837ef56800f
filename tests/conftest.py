"""Fixtures for all tests: the real servers, one of each per worker, and fresh folders on them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NoReturn, TypeVar

import pytest

from tests.acceptance.figures import pytest_terminal_summary
from tests.servers.apache import Apache
from tests.servers.every import EVERY_SERVER
from tests.servers.rclone_server import Rclone
from tests.servers.server import Folder, Server, ServerMissingError
from tests.servers.wsgidav_server import Wsgidav

__all__ = ["pytest_terminal_summary"]  # a hook: that it is here is its use

S = TypeVar("S", bound=Server)

SERVERS = ("apache", "wsgidav", "rclone")


def missing(what: str) -> NoReturn:
    """Skip the test on a user's machine; fail it where all must be there (SYNCFS_CI=1)."""
    if os.environ.get("SYNCFS_CI") == "1":
        pytest.fail(f"{what} (and SYNCFS_CI=1 wants it)", pytrace=False)
    pytest.skip(what)


def run_server(make: Callable[[], S]) -> Iterator[S]:
    """For a fixture: the running server, stopped at the end; see `missing` for when it cannot be had."""
    try:
        server = make()
    except ServerMissingError as error:
        missing(str(error))
    with server:
        yield server


@pytest.fixture(scope="session")
def apache() -> Iterator[Apache]:
    """Apache's mod_dav as stock Debian configures it."""
    yield from run_server(Apache)


@pytest.fixture(scope="session")
def wsgidav() -> Iterator[Wsgidav]:
    """WsgiDAV in threads of this process."""
    yield from run_server(Wsgidav)


@pytest.fixture(scope="session")
def rclone() -> Iterator[Rclone]:
    """`rclone serve webdav`."""
    yield from run_server(Rclone)


@pytest.fixture(scope="session")
def server_named(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Server]]:
    """Any server of `tests.servers.every`, started when it is first asked for and then shared."""
    started: dict[str, Server] = {}
    with ExitStack() as stack:

        def named(name: str) -> Server:
            if name in SERVERS:
                shared: Server = request.getfixturevalue(name)
                return shared
            if name not in started:
                try:
                    server = EVERY_SERVER[name]()
                except ServerMissingError as error:
                    missing(str(error))
                started[name] = stack.enter_context(server)
            return started[name]

        yield named


@pytest.fixture(params=EVERY_SERVER)
def every_server(request: pytest.FixtureRequest, server_named: Callable[[str], Server]) -> Folder:
    """A fresh empty collection, on each of all servers in turn."""
    return server_named(request.param).folder()


@pytest.fixture(params=SERVERS)
def webdav_server(request: pytest.FixtureRequest) -> Folder:
    """A fresh empty collection, on each of the three servers that most tests use."""
    server: Server = request.getfixturevalue(request.param)
    return server.folder()


@pytest.fixture
def apache_folder(apache: Apache) -> Folder:
    """A fresh empty collection on Apache."""
    return apache.folder()


@pytest.fixture
def wsgidav_folder(wsgidav: Wsgidav) -> Folder:
    """A fresh empty collection on WsgiDAV."""
    return wsgidav.folder()


@pytest.fixture
def rclone_folder(rclone: Rclone) -> Folder:
    """A fresh empty collection on rclone's server."""
    return rclone.folder()

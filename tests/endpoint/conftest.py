"""Servers that only the tests of endpoints use."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.servers.rclone_server import find_rclone
from tests.servers.server import ServerMissingError, end, free_port, launch, wait_until


@pytest.fixture(scope="session")
def ftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A real FTP server over a real directory: (port, directory)."""
    home = tmp_path_factory.mktemp("ftp")
    (home / "data").mkdir()
    try:
        rclone = find_rclone()
    except ServerMissingError as error:
        missing(str(error))
    port = free_port()
    command = [str(rclone), "serve", "ftp", str(home / "data"), "--addr", f"127.0.0.1:{port}"]
    command += ["--user", "ann", "--pass", "s3cret", "--config", "/dev/null"]
    process = launch(command, home / "log")
    try:
        # It says that it serves before it listens.
        wait_until(lambda: _answers(port), "rclone serve ftp")
        yield port, home / "data"
    finally:
        end(process)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False

"""Both wires, for the tests that everything must pass on either."""

from collections.abc import Iterator

import pytest

from syncfs.endpoint.webdav import client, connect
from tests.endpoint.webdav import secure as tls
from tests.endpoint.webdav.support import Owned


@pytest.fixture(params=["sockets", "httpx"])
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The wire that `support.endpoint` and `open_url` use: a test that asks for it runs on each in turn."""
    name: str = request.param
    if name == "httpx":
        monkeypatch.setattr(Owned, "through_httpx", True)
        # As if a proxy had to be asked the way.
        monkeypatch.setattr(connect, "_needs_httpx", lambda *_: True)
        monkeypatch.setattr(client, "_plain_wire", lambda *_: None)
    return name


@pytest.fixture(scope="session")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tls.Secure]:
    """An Apache that speaks TLS on three ports."""
    with tls.running(tmp_path_factory.mktemp("authority")) as running:
        yield running

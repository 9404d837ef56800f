"""Both wires, for the tests that everything must pass on either."""

import pytest

from tests.endpoint.webdav.support import Owned


@pytest.fixture(params=["sockets", "httpx"])
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The wire that `support.endpoint` uses: a test that asks for it runs on each in turn."""
    name: str = request.param
    monkeypatch.setattr(Owned, "through_httpx", name == "httpx")
    return name

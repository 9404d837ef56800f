"""Which wire a user's webdav4 filesystem gets, and what is taken over from it."""

import ssl
from typing import Any

import httpx
import pytest
from webdav4.fsspec import WebdavFileSystem

from syncfs.endpoint.webdav.client import wire_of
from syncfs.endpoint.webdav.httpx_wire import HttpxWire
from syncfs.endpoint.webdav.socket_wire import SocketWire


def test_the_tests_of_both_wires_are_on_both(wire: str) -> None:
    from tests.endpoint.webdav.support import unchecked

    used = unchecked("http://localhost/")._remote.session._wire
    assert isinstance(used, SocketWire if wire == "sockets" else HttpxWire)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"auth": ("ann", "pw"), "trust_env": False},
        {"auth": httpx.BasicAuth("ann", "pw")},
        {"timeout": 3},
        {"headers": {"X-Mine": "1", "User-Agent": "me"}},
        {"verify": ssl.create_default_context()},
        {"verify": False},
    ],
    ids=lambda options: ",".join(options) or "nothing",
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_needs_no_httpx_goes_over_sockets(scheme: str, options: dict[str, Any]) -> None:
    fs = WebdavFileSystem(f"{scheme}://localhost/dav", skip_instance_cache=True, **options)
    assert isinstance(wire_of(fs, "")[0], SocketWire)


class _Own(httpx.Auth):
    """An auth of the user's own."""


@pytest.mark.parametrize(
    "options",
    [
        {"auth": _Own()},
        {"event_hooks": {"request": [print]}},
        {"cookies": {"session": "1"}},
        {"proxy": "http://localhost:1"},
        {"mounts": {"http://": httpx.HTTPTransport(proxy="http://localhost:1")}},
        {"transport": httpx.MockTransport(lambda request: httpx.Response(200))},
        {"http2": True},
        {"limits": httpx.Limits(max_connections=2)},
        {"params": {"key": "1"}},
        {"timeout": httpx.Timeout(5, read=60)},
    ],
    ids=lambda options: ",".join(options) or "nothing",
)
def test_what_only_httpx_can_do_goes_through_it(options: dict[str, Any]) -> None:
    if options.get("http2"):
        pytest.importorskip("h2")
    fs = WebdavFileSystem("http://localhost/dav", skip_instance_cache=True, **options)
    assert isinstance(wire_of(fs, "")[0], HttpxWire)


def test_a_proxy_from_the_environment_is_used_for_the_hosts_it_is_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://localhost:1")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    for host, kind in (("outside.example", HttpxWire), ("inside.example", SocketWire)):
        fs = WebdavFileSystem(f"http://{host}/dav", skip_instance_cache=True)
        assert isinstance(wire_of(fs, "")[0], kind)


def test_the_users_name_is_known_and_the_password_shown_nowhere() -> None:
    for given in (
        WebdavFileSystem("http://ann:s3cret@localhost/dav", skip_instance_cache=True),
        WebdavFileSystem("http://localhost/dav", auth=("ann", "s3cret"), skip_instance_cache=True),
    ):
        wire, location = wire_of(given, "")
        assert location.url == "webdav://ann@localhost/dav"
        assert "s3cret" not in repr(wire) + repr(location)

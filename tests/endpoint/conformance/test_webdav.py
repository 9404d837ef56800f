"""WebDAV, on every server."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from syncfs.endpoint.webdav import WebdavEndpoint
from syncfs.testing.conformance import EndpointSuite
from tests.endpoint.webdav.support import unchecked
from tests.servers.server import Server


class WebdavSuite(EndpointSuite):
    """The suite on one server."""

    table = "servers"
    may_leave_temporaries = True
    server: ClassVar[str]

    @pytest.fixture
    def endpoint(self, server_named: Callable[[str], Server]) -> Iterator[WebdavEndpoint]:
        yield unchecked(server_named(self.server).folder().url)


class TestApache(WebdavSuite):
    title, server = "Apache", "apache"


class TestApacheInfinity(WebdavSuite):
    title, server = "Apache, Depth infinity", "apache-infinity"


class TestNginx(WebdavSuite):
    title, server = "nginx", "nginx"


class TestLighttpd(WebdavSuite):
    title, server = "lighttpd", "lighttpd"


class TestWsgidav(WebdavSuite):
    title, server = "WsgiDAV", "wsgidav"


class TestRclone(WebdavSuite):
    title, server = "rclone", "rclone"


class TestSabre(WebdavSuite):
    title, server = "sabre/dav", "sabre"


class TestNpm(WebdavSuite):
    title, server = "npm webdav-server", "npm"


class TestAsgiWebdav(WebdavSuite):
    title, server = "ASGIWebDAV", "asgi"

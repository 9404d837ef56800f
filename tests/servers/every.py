"""All servers that the tests know, by name."""

from collections.abc import Callable, Mapping

from tests.servers.apache import Apache, ApacheInfinity
from tests.servers.asgi_server import AsgiWebdav
from tests.servers.lighttpd_server import Lighttpd
from tests.servers.nginx_server import Nginx
from tests.servers.npm_server import Npm
from tests.servers.rclone_server import Rclone
from tests.servers.sabre_server import Sabre
from tests.servers.server import Server
from tests.servers.wsgidav_server import Wsgidav

__all__ = ["EVERY_SERVER"]

EVERY_SERVER: Mapping[str, Callable[[], Server]] = {
    made.name: made
    for made in (Apache, ApacheInfinity, Nginx, Lighttpd, Wsgidav, Rclone, Sabre, Npm, AsgiWebdav)
}
"""Name to what makes it; making one raises `ServerMissingError` where it is not installed."""

"""What a user's webdav4 client holds: where it goes, who is logged in, and whether only httpx can do it."""

from __future__ import annotations

import ssl
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, NamedTuple

from syncfs.endpoint.webdav.authenticated import AuthenticatedWire
from syncfs.endpoint.webdav.httpx_wire import HttpxWire, timeouts_of
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.login import Basic, Password
from syncfs.endpoint.webdav.socket_wire import SocketWire
from syncfs.endpoint.webdav.wire import Wire

if TYPE_CHECKING:
    import httpx
    from webdav4.fsspec import WebdavFileSystem

__all__ = ["wire_of"]

_DEFAULT_CONNECTIONS = 100
_SPECIAL = ("_proxy", "_local_address", "_uds", "_socket_options", "_retries")


def wire_of(fs: WebdavFileSystem, path: str, *, owned: bool = False) -> tuple[Wire, Location]:
    """Find the way to a user's filesystem.

    Args:
        fs: Made by the user; its client is only read, and used where nothing else will do.
        path: The directory inside it.
        owned: Whether nobody else knows the client, so that it is to be closed after use.
    """
    http: httpx.Client = fs.client.http
    login = _login(fs)
    location = Location.parse(str(fs.client.base_url), path, login.user)
    plain = _plain_wire(http, location, login)
    if plain is None:
        return HttpxWire(http, location.origin, login.auth, owned=owned), location
    if owned:
        http.close()
    return (AuthenticatedWire(plain, login.digest, location.root) if login.digest else plain), location


class _Login(NamedTuple):
    """Who is logged in.

    Attributes:
        user: The name; None when there is none or it cannot be known (a token).
        basic: The `Authorization` header, if it is always the same one.
        digest: Answers the server's challenges.
        auth: What to give to httpx when the client itself has no credentials: those in the base URL.
        is_known: Whether the others are all there is.
    """

    user: str | None = None
    basic: str | None = None
    digest: Password | None = None
    auth: httpx.Auth | None = None
    is_known: bool = True


def _login(fs: WebdavFileSystem) -> _Login:
    import httpx

    auth, given = fs.client.http.auth, None
    if auth is None:
        url = fs.client.base_url
        if not url.username and not url.password:
            return _Login()
        auth = given = httpx.BasicAuth(url.username, url.password)
    if type(auth) is httpx.BasicAuth:
        request = next(auth.sync_auth_flow(httpx.Request("GET", "http://localhost/")))
        header = request.headers.get("Authorization", "")
        return _Login(_basic_user(header), basic=header, auth=given)
    if isinstance(auth, httpx.DigestAuth):
        # Without public names too: where they are missing, httpx goes on answering.
        name, password = getattr(auth, "_username", None), getattr(auth, "_password", None)
        user = name.decode() if isinstance(name, bytes) else None
        if type(auth) is httpx.DigestAuth and user is not None and isinstance(password, bytes):
            return _Login(user, digest=Password(user, password.decode(), Basic.NEVER))
        return _Login(user, is_known=False)
    return _Login(is_known=False)


def _basic_user(header: str) -> str | None:
    try:
        name, colon, _ = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return None
    return name or None if colon else None


def _plain_wire(http: httpx.Client, location: Location, login: _Login) -> SocketWire | None:
    """Our own wire with the client's settings; None where only httpx can do what they ask for."""
    import httpx
    import webdav4.http

    if type(http) not in (httpx.Client, webdav4.http.Client) or not login.is_known:
        return None
    if any(http.event_hooks.values()) or http.params or list(http.cookies.jar):
        return None
    timeouts = timeouts_of(http.timeout)
    tls = _plain_tls(http, location.origin)
    if timeouts is None or tls is None:
        return None
    headers = {
        name: value
        for name, value in http.headers.items()
        if name not in ("accept-encoding", "connection") and not value.startswith("python-httpx/")
    }
    if login.basic is not None:
        headers["authorization"] = login.basic
    return SocketWire(
        location,
        tls=(lambda: tls) if location.scheme == "https" else None,
        headers=headers,
        timeouts=timeouts,
    )


def _plain_tls(http: httpx.Client, origin: str) -> ssl.SSLContext | None:
    """The client's TLS settings; None where its way to the server is not simply a connection to it.

    httpx has no public names for what a transport was made with: where these are missing, it does the
    work itself.
    """
    import httpcore
    import httpx

    try:
        transport = http._transport_for_url(httpx.URL(origin))
        if type(transport) is not httpx.HTTPTransport or type(transport._pool) is not httpcore.ConnectionPool:
            return None
        pool = vars(transport._pool)
        is_plain = (
            pool["_http1"]
            and not pool["_http2"]
            and pool["_max_connections"] >= _DEFAULT_CONNECTIONS
            and type(pool["_network_backend"]) is httpcore.SyncBackend
            and not any(pool[name] for name in _SPECIAL)
        )
        context = pool["_ssl_context"]
    except (AttributeError, KeyError):
        return None
    return context if is_plain and isinstance(context, ssl.SSLContext) else None
